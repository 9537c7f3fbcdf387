"""A crowd is checked in slices, so that other requests get their turn in between."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.api.asking import BIRDS, OWL, PIGEON, Asking, asking
from vestnik.api import shapes, unfolding
from vestnik.api.parts import SLICE
from vestnik.domain.account import Account
from vestnik.store.memory import MemoryStore


class Watch:
    """Counts the work between two turns of the event loop."""

    def __init__(self) -> None:
        self.most = 0
        self.all = 0
        self._since = 0

    def work(self) -> None:
        self.all += 1
        self._since += 1
        self.most = max(self.most, self._since)

    async def turn(self) -> None:
        """Somebody else, who wants every turn."""
        while True:
            self._since = 0
            await asyncio.sleep(0)


class Tally(MemoryStore):
    """Accounts whose identifiers are watched as they are looked at."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    async def accounts(self, ids: Any) -> dict[str, Account]:
        watch = self._watch

        class Watched(dict[str, str]):
            def get(self, key: str, default: Any = None) -> Any:
                watch.work()
                return super().get(key, default)

        return {each: Account(each, each, Watched({OWL: "Pig", PIGEON: "7"})) for each in ids}


def watched(monkeypatch: pytest.MonkeyPatch, store: MemoryStore | None, watch: Watch, **fields: Any) -> int:
    """The status of a message under the eyes of the watch, who sees every identifier that is checked."""
    for name, rules in BIRDS.items():

        def canonical(identifier: str, rules: Any = rules) -> str:
            watch.work()
            found: str = rules.canonical(identifier)
            return found

        monkeypatch.setitem(BIRDS, name, replace(rules, canonical=canonical))

    async def work(ask: Asking) -> int:
        other = asyncio.ensure_future(watch.turn())
        answer = await ask.send(messengers=[OWL, PIGEON], **fields)
        other.cancel()
        return answer.status

    return asking(work, store=store)


def test_identifiers_are_checked_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    crowd = [{OWL: "hedwig", PIGEON: str(number)} for number in range(2_000)]
    assert watched(monkeypatch, None, watch, recipients=crowd) == 202
    assert watch.all == 4_000
    assert watch.most <= SLICE


def test_accounts_are_checked_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    crowd = [f"user-{number}" for number in range(2_000)]
    assert watched(monkeypatch, Tally(watch), watch, recipients=crowd) == 202
    assert watch.all == 4_000
    assert watch.most <= SLICE


def test_wrong_shapes_are_found_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    unfold = unfolding.unfold

    def counted(error: Any) -> Any:
        watch.work()
        return unfold(error)

    monkeypatch.setattr(shapes, "unfold", counted)
    assert watched(monkeypatch, None, watch, recipients=[5] * 2_000) == 422
    assert watch.all == 2_000
    assert watch.most <= SLICE
