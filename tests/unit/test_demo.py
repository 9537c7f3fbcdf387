"""The sample accounts: all of them in an empty store, and none in one that is in use."""

import asyncio

import pytest

from vestnik.demo import ACCOUNTS, fill
from vestnik.domain.account import Account
from vestnik.store.memory import MemoryStore


async def ids(store: MemoryStore) -> set[str]:
    return {account.id for account in await store.list_accounts(limit=100, after=None)}


@pytest.mark.parametrize("before_the_kill", range(len(ACCOUNTS)))
def test_a_store_with_no_accounts_of_its_own_gets_all_samples_once(before_the_kill: int) -> None:
    async def check() -> None:
        store = MemoryStore()
        for account in ACCOUNTS[:before_the_kill]:
            await store.put_account(account)
        assert await fill(store)
        assert await ids(store) == {account.id for account in ACCOUNTS}
        assert not await fill(store)

    asyncio.run(check())


def test_a_store_in_use_gets_none() -> None:
    async def check() -> None:
        store = MemoryStore()
        await store.put_account(Account("acme", "Acme", {}))
        assert not await fill(store)
        assert await ids(store) == {"acme"}

    asyncio.run(check())
