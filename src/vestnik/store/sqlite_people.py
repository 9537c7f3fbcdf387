"""Decides how SQLite keeps accounts, keys and small settings.

It has never heard of messages or deliveries.
"""

import sqlite3
from importlib.resources import files
from typing import Final

from vestnik.domain.account import Account, Key
from vestnik.domain.errors import VestnikError
from vestnik.domain.moment import Moment
from vestnik.sqlfiles import queries
from vestnik.store.rows import name_taken
from vestnik.store.sqlite_page import from_json, to_json

SQL: Final = queries(files(__package__) / "sqlite_people.sql")


def put_accounts(connection: sqlite3.Connection, accounts: list[Account]) -> list[bool]:
    """Creates or replaces each; True for those that are new."""
    return [_put_account(connection, account) for account in accounts]


def _put_account(connection: sqlite3.Connection, account: Account) -> bool:
    parameters = {
        "id": account.id,
        "name": account.name,
        "identifiers": to_json(dict(account.identifiers)),
    }
    known = connection.execute(SQL["account_exists"], parameters).fetchone()[0]
    for name in ("put_account", "drop_identifiers", "add_identifiers"):
        connection.execute(SQL[name], parameters)
    return not known


def accounts(connection: sqlite3.Connection, ids: list[str]) -> list[Account]:
    """Those of the accounts that exist, in the order asked for."""
    found = connection.execute(SQL["accounts"], {"ids": to_json(ids)}).fetchone()[0]
    return [Account(*row) for row in from_json(found, list[tuple[str, str, dict[str, str]]])]


def list_accounts(connection: sqlite3.Connection, limit: int, after: str | None) -> list[Account]:
    """In the order of their ids, those after `after`."""
    ids = connection.execute(SQL["account_ids"], {"after": after or "", "most": limit}).fetchone()[0]
    return accounts(connection, from_json(ids, list[str]))


def delete_accounts(connection: sqlite3.Connection, ids: list[str]) -> list[bool]:
    """Whether each was there."""
    deleted = []
    for account_id in ids:
        connection.execute(SQL["drop_identifiers"], {"id": account_id})
        deleted.append(connection.execute(SQL["delete_account"], {"id": account_id}).rowcount == 1)
    return deleted


def add_keys(connection: sqlite3.Connection, keys: list[Key]) -> list[VestnikError | None]:
    """Conflict where the name is in use by a key that is not revoked."""
    return [_add_key(connection, key) for key in keys]


def _add_key(connection: sqlite3.Connection, key: Key) -> VestnikError | None:
    if connection.execute(SQL["key_in_use"], {"name": key.name}).fetchone()[0]:
        return name_taken(key.name)
    parameters = {
        "name": key.name,
        "digest": key.digest,
        "senders": to_json(key.senders),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
    connection.execute(SQL["add_key"], parameters)
    return None


def keys(connection: sqlite3.Connection) -> list[Key]:
    """All keys ever made, the oldest first."""
    found = connection.execute(SQL["keys"]).fetchone()[0]
    return [Key(*row) for row in from_json(found, list[tuple[str, str, tuple[str, ...], Moment, Moment | None]])]


def revoke_keys(connection: sqlite3.Connection, items: list[tuple[str, Moment]]) -> list[bool]:
    """Whether there was a key of that name to revoke."""
    return [connection.execute(SQL["revoke_key"], {"name": name, "now": now}).rowcount == 1 for name, now in items]


def setting(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute(SQL["setting"], {"name": name}).fetchone()
    return None if row is None else int(row[0])


def set_settings(connection: sqlite3.Connection, items: list[tuple[str, int]]) -> list[None]:
    for name, value in items:
        connection.execute(SQL["set_setting"], {"name": name, "value": value})
    return [None] * len(items)


def begin_life(connection: sqlite3.Connection, items: list[None]) -> list[int]:
    """Counts the lives of the store: what an earlier one left under way will not be finished."""
    lives = []
    for _ in items:
        lives.append((setting(connection, "lives") or 0) + 1)
        set_settings(connection, [("lives", lives[-1])])
    return lives
