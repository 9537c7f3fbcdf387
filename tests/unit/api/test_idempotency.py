"""A request with an Idempotency-Key is carried out once."""

import asyncio
from typing import Any

import pytest

from tests.unit.api.asking import OWL, Answer, Asking, asking, at, pass_time
from tests.unit.api.test_keys import add_key
from vestnik.domain.errors import StoreFull
from vestnik.domain.message import Acceptance, Order
from vestnik.domain.moment import Moment
from vestnik.store.memory import MemoryStore

BODY = {
    "sender": "acme",
    "text": "Hello",
    "messengers": [OWL],
    "recipients": [{OWL: "hedwig"}],
    "allow_duplicate": True,
}


async def post(ask: Asking, key: str, path: str = "/api/messages", body: Any = BODY, **query: object) -> Answer:
    return await ask.call("POST", path, body, headers={"Idempotency-Key": key}, **query)


async def count(ask: Asking) -> int:
    return len((await ask.call("GET", "/api/messages")).expect(200)["messages"])


def test_the_first_reply_is_repeated() -> None:
    async def work(ask: Asking) -> None:
        first = await post(ask, "order-66")
        assert "idempotency-replayed" not in first.headers
        await pass_time(3600)
        again = await post(ask, "order-66")
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        assert await count(ask) == 1

    asking(work)


@pytest.mark.parametrize(("first", "second"), [("abc", '"abc"'), ('"a\\"b"', 'a"b'), ("x" * 255, f'"{"x" * 255}"')])
def test_a_key_may_be_quoted(first: str, second: str) -> None:
    async def work(ask: Asking) -> None:
        assert (await post(ask, first)).expect(202) == (await post(ask, second)).expect(202)

    asking(work)


@pytest.mark.parametrize("key", ["", " ", '""', '"open', '"a"b"', "x" * 256, "ы", "a\tb", '"a\\b"'])
def test_a_key_that_cannot_be_used_is_refused(key: str) -> None:
    async def work(ask: Asking) -> None:
        answer = await post(ask, key.encode().decode("latin-1"))
        assert set(answer.faults()) == {"#/header/Idempotency-Key"}
        assert await count(ask) == 0
        both = await post(ask, key.encode().decode("latin-1"), body=BODY | {"text": ""}, dry_run="perhaps")
        assert set(both.faults()) == {"#/header/Idempotency-Key", "#/query/dry_run", "#/text"}
        told = (await ask.send(send_at=at(hours=1))).expect(202)
        cancelled = await post(ask, key.encode().decode("latin-1"), f"/api/messages/{told['id']}/cancel", None)
        assert set(cancelled.faults()) == {"#/header/Idempotency-Key"}

    asking(work)


def test_another_body_under_the_same_key_is_refused() -> None:
    async def work(ask: Asking) -> None:
        (await post(ask, "1")).expect(202)
        assert (await post(ask, "1", body=BODY | {"text": "Other"})).problem(422) == "key-reused"
        assert await count(ask) == 1

    asking(work)


def test_a_key_belongs_to_a_caller_and_a_route() -> None:
    async def work(ask: Asking) -> None:
        one = (await post(ask, "1")).expect(202)
        ask.key = await add_key(ask, "one")
        await pass_time(1)
        two = (await post(ask, "1")).expect(202)
        ask.key = await add_key(ask, "two")
        await pass_time(1)
        three = (await post(ask, "1")).expect(202)
        assert len({one["id"], two["id"], three["id"]}) == 3
        other = {"sender": "acme", "message": "x", "messengers_list": ["owl"], "users_list": [{"owl": "hedwig"}]}
        (await post(ask, "1", "/api/sendmsg", other)).expect(202)

    asking(work)


def test_while_the_first_runs_the_second_is_told_to_wait() -> None:
    class Slow(MemoryStore):
        async def accept(self, order: Order, now: Moment) -> Acceptance:
            await asyncio.sleep(1)
            return await super().accept(order, now)

    async def work(ask: Asking) -> None:
        first = asyncio.ensure_future(post(ask, "1"))
        await pass_time(0.5)
        second = await post(ask, "1")
        assert second.problem(409) == "still-running"
        assert second.headers["retry-after"] == "1"
        (await first).expect(202)
        assert (await post(ask, "1")).expect(202) == (await first).json

    asking(work, store=Slow())


def test_a_refused_request_frees_its_key() -> None:
    async def work(ask: Asking) -> None:
        assert set((await post(ask, "1", body=BODY | {"text": ""})).faults()) == {"#/text"}
        (await post(ask, "1")).expect(202)

    asking(work)


class FullDisk(MemoryStore):
    """While `full`, nothing can be stored, except perhaps that a request began."""

    full = False

    async def accept(self, order: Order, now: Moment) -> Acceptance:
        if self.full:
            raise StoreFull("no space is left on the disk")
        return await super().accept(order, now)

    async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
        if self.full:
            raise StoreFull("no space is left on the disk")
        await super().finish_request(key, status, body, location)


def test_a_full_disk_is_told_and_the_same_request_goes_through_when_there_is_room() -> None:
    store = FullDisk()

    async def work(ask: Asking) -> None:
        store.full = True
        for _ in range(2):
            answer = await post(ask, "1")
            assert answer.problem(503) == "store-unavailable"
            assert answer.headers["retry-after"] == "5"
        store.full = False
        (await post(ask, "1")).expect(202)
        assert await count(ask) == 1

    asking(work, store=store)


def test_a_reply_that_could_not_be_kept_is_kept_later() -> None:
    class NoReplies(FullDisk):
        async def accept(self, order: Order, now: Moment) -> Acceptance:
            return await MemoryStore.accept(self, order, now)

    store = NoReplies()

    async def work(ask: Asking) -> None:
        store.full = True
        first = (await post(ask, "1")).expect(202)
        (await post(ask, "1")).expect(503)
        store.full = False
        assert (await post(ask, "1")).expect(202) == first
        assert await count(ask) == 1

    asking(work, store=store)


def test_while_the_end_of_a_request_is_being_kept_nobody_else_ends_it() -> None:
    class SlowToEnd(MemoryStore):
        told = 0

        async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
            self.told += 1
            await asyncio.sleep(1)
            await super().finish_request(key, status, body, location)

    store = SlowToEnd()

    async def work(ask: Asking) -> None:
        first = asyncio.ensure_future(post(ask, "1"))
        await pass_time(0.5)
        assert (await post(ask, "1")).problem(409) == "still-running"
        assert (await first).expect(202) == (await post(ask, "1")).expect(202)
        assert store.told == 1

    asking(work, store=store)


@pytest.mark.parametrize("path", ["/api/messages", "/api/sendmsg"])
def test_after_a_crash_before_the_reply_the_accepted_message_is_the_reply(path: str) -> None:
    class Crashing(MemoryStore):
        async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
            """The process dies here."""

    body: dict[str, Any] = BODY
    if path == "/api/sendmsg":
        body = {"sender": "acme", "message": "Hi", "messengers_list": ["owl"], "users_list": [{"owl": "hedwig"}]}
    first_life = Crashing()
    first = asking(lambda ask: post(ask, "1", path, body), store=first_life)

    async def work(ask: Asking) -> None:
        again = await post(ask, "1", path, body)
        assert again.expect(202) == first.json
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        assert await count(ask) == 1

    asking(work, store=MemoryStore(remains=first_life.remains))


def test_other_posts_are_carried_out_once_too() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send(send_at=at(hours=1))).expect(202)
        path = f"/api/messages/{told['id']}/cancel"
        first = (await post(ask, "1", path, None)).expect(200)
        assert (await post(ask, "1", path, None)).expect(200) == first
        (await post(ask, "2", path, None)).expect(409)
        moved = (await post(ask, "3", "/api/clock", {"advance": "PT1H"})).expect(200)
        assert (await post(ask, "3", "/api/clock", {"advance": "PT1H"})).expect(200) == moved
        assert moved["offset"] == (await ask.call("GET", "/api/clock")).expect(200)["offset"] == 3600

    asking(work, movable=True)
