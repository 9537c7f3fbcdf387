"""Decides how PostgreSQL keeps accounts, keys and small settings.

It has never heard of messages or deliveries.
"""

from importlib.resources import files
from typing import Final

from vestnik.domain.account import Account, Key
from vestnik.domain.moment import Moment
from vestnik.sqlfiles import queries
from vestnik.store.postgres_line import Connection, clean
from vestnik.store.rows import name_taken

SQL: Final = queries(files(__package__) / "postgres_people.sql")


async def put_account(connection: Connection, account: Account) -> bool:
    """Creates or replaces; True if it is new."""
    known = await connection.fetchval(SQL["account_exists"], account.id)
    await connection.execute(SQL["put_account"], account.id, account.name)
    await connection.execute(SQL["drop_identifiers"], account.id)
    identifiers = account.identifiers
    await connection.execute(SQL["add_identifiers"], account.id, list(identifiers), list(identifiers.values()))
    return not known


async def accounts(connection: Connection, ids: list[str]) -> dict[str, Account]:
    """Those of the accounts that exist, in the order asked for."""
    found = await connection.fetch(SQL["accounts"], [clean(account_id) for account_id in dict.fromkeys(ids)])
    return {
        account_id: Account(account_id, name, dict(zip(messengers, identifiers, strict=True)))
        for account_id, name, messengers, identifiers in found
    }


async def list_accounts(connection: Connection, limit: int, after: str | None) -> list[Account]:
    """In the order of their ids, those after `after`."""
    found = await connection.fetch(SQL["account_ids"], clean(after) or "", limit)
    return list((await accounts(connection, [account_id for (account_id,) in found])).values())


async def delete_account(connection: Connection, account_id: str) -> bool:
    """Whether it was there."""
    await connection.execute(SQL["drop_identifiers"], clean(account_id))
    deleted: str = await connection.execute(SQL["delete_account"], clean(account_id))
    return deleted.endswith(" 1")


async def add_key(connection: Connection, key: Key) -> None:
    """Conflict where the name is in use by a key that is not revoked."""
    if await connection.fetchval(SQL["key_in_use"], key.name):
        raise name_taken(key.name)
    await connection.execute(SQL["add_key"], key.name, key.digest, list(key.senders), key.created_at, key.revoked_at)


async def keys(connection: Connection) -> list[Key]:
    """All keys ever made, the oldest first."""
    found = await connection.fetch(SQL["keys"])
    return [Key(name, digest, tuple(senders), *times) for name, digest, senders, *times in found]


async def revoke_key(connection: Connection, name: str, now: Moment) -> bool:
    """Whether there was a key of that name to revoke."""
    revoked: str = await connection.execute(SQL["revoke_key"], clean(name), now)
    return revoked.endswith(" 1")


async def setting(connection: Connection, name: str) -> int | None:
    value: int | None = await connection.fetchval(SQL["setting"], name)
    return value


async def set_setting(connection: Connection, name: str, value: int) -> None:
    await connection.execute(SQL["set_setting"], name, value)


async def begin_life(connection: Connection) -> int:
    """The number of this process among all that ever worked with the database."""
    life: int = await connection.fetchval(SQL["count_up"], "lives")
    return life
