"""A process that knows an older schema works on beside a database that a newer one has migrated."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from tests import postgres
from tests.contracts.stores import audit, claim, order, report, state, taken
from vestnik.domain.account import Account
from vestnik.domain.errors import SchemaTooNew
from vestnik.domain.lifecycle import State
from vestnik.domain.outcomes import ReceiptKind
from vestnik.ports import Store
from vestnik.store import postgres_schema
from vestnik.store.postgres import PostgresStore

KNOWN: Final = len(postgres_schema.known_migrations())


def upgraded(work: Callable[[Store, Store], Awaitable[None]]) -> Callable[[int], None]:
    """Gives a process that began at each older version, and one of the present version that migrated afterwards."""

    @pytest.mark.parametrize("version", range(1, KNOWN))
    def test(version: int) -> None:
        address = postgres.url()
        postgres.ask(address, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")

        async def run() -> None:
            with pytest.MonkeyPatch.context() as patch:
                older = postgres_schema.known_migrations()[:version]
                patch.setattr(postgres_schema, "known_migrations", lambda: older)
                old = await PostgresStore.open(address)
            new = await PostgresStore.open(address)
            try:
                await work(old, new)
                await audit(old)
                await audit(new)
            finally:
                await old.close()
                await new.close()

        asyncio.run(run())
        assert postgres.ask(address, "SELECT max(version) FROM schema_version") == KNOWN

    test.__name__ = test.__qualname__ = work.__name__
    return test


@upgraded
async def test_each_sends_what_the_other_accepted(old: Store, new: Store) -> None:
    for number, (accepting, sending) in enumerate([(old, new), (new, old)], 1):
        await accepting.put_account(Account(f"ann{number}", "Ann", {"telegram": "1"}))
        await accepting.accept(order(number, "ann", "bob", messengers=("telegram", "viber")), 100)
        for messenger in ("telegram", "viber"):
            claims = await claim(sending, 110, messenger)
            assert len(claims) == 2
            assert await claim(accepting, 110, messenger) == []
            assert await sending.record([taken(each) for each in claims], 111) == [True, True]
        await accepting.apply([report(ReceiptKind.DELIVERED, f"xM{number:04}-1", 112, "viber")], 112)
        assert await state(sending, f"M{number:04}-1") is State.DELIVERED


@upgraded
async def test_an_old_process_that_starts_only_now_says_why_it_does_not(old: Store, new: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_schema, "known_migrations", lambda: [(1, "")])
        with pytest.raises(SchemaTooNew, match=f"has schema version {KNOWN} and this program knows up to 1"):
            await PostgresStore.open(postgres.url())
