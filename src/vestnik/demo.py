"""Decides which sample accounts an empty database gets, so that the first request has somebody to reach.

It has never heard of how they are stored; each has an identifier on every built-in messenger.
"""

from typing import Final

from vestnik.domain.account import Account
from vestnik.ports import Store

ACCOUNTS: Final = (
    Account(
        "EGAZ3SZRi6zW1D0uNYhQHg==",
        "Holly Gennaro",
        {"telegram": "1001", "viber": "EGAZ3SZRi6zW1D0uNYhQHg==", "whatsapp": "79161234567"},
    ),
    Account(
        "kB0xV2uPq7rT5wYz8aLmNQ==",
        "Al Powell",
        {"telegram": "1002", "viber": "kB0xV2uPq7rT5wYz8aLmNQ==", "whatsapp": "13105550142"},
    ),
    Account(
        "argyle",
        "Argyle",
        {"telegram": "1003", "viber": "7hJkLm3nP0qRsTuVwXyZaA==", "whatsapp": "13105550143"},
    ),
    Account(
        "ellis",
        "Harry Ellis",
        {"telegram": "1004", "viber": "c2VjcmV0IG5vIG1vcmUhIQ==", "whatsapp": "13105550144"},
    ),
)


async def fill(store: Store) -> bool:
    """Puts the sample accounts into a store that has no account at all; whether it did.

    Where the first of them are all that there is, an earlier life was cut short at it, and the others follow.
    """
    known = [account.id for account in await store.list_accounts(limit=len(ACCOUNTS), after=None)]
    missing = ACCOUNTS[len(known) :]
    if set(known) != {account.id for account in ACCOUNTS[: len(known)]}:
        return False
    for account in missing:
        await store.put_account(account)
    return bool(missing)
