"""Keys are in force as soon as there is one, everywhere but where vendors and probes knock."""

import asyncio

import pytest

from tests.unit.api.asking import OWL, Asking, asking, pass_time
from tests.virtual import EPOCH
from vestnik.api.parts import ApiSettings
from vestnik.domain.account import KEY_BYTES, Key, key_digest, new_key
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.moment import SECOND
from vestnik.store.memory import MemoryStore

GUARDED = ("/api/messages", "/api/accounts", "/api/openapi.json", "/api/nothing", "/metrics", "/emulator/journal")
OPEN = ("/livez", "/readyz", "/docs", "/docs/openapi.json", "/docs/problems", "/api/receipts/owl", "/nothing", "/owl/x")


async def add_key(ask: Asking, name: str = "backend", senders: tuple[str, ...] = ()) -> str:
    secret = new_key(name.encode().ljust(KEY_BYTES, b"."))
    await ask.store.add_key(Key(name, key_digest(secret), senders, EPOCH))
    return secret


async def far_side(scope: object, receive: object, send: object) -> None:
    assert callable(send)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"[]"})


def test_without_keys_everything_is_open() -> None:
    async def work(ask: Asking) -> None:
        for path in (*GUARDED, *OPEN):
            assert (await ask.call("GET", path)).status in (200, 404)

    asking(work, emulation=far_side)


def test_with_a_key_what_is_guarded_needs_it_and_the_rest_does_not() -> None:
    async def work(ask: Asking) -> None:
        secret = await add_key(ask)
        for path in GUARDED:
            answer = await ask.call("GET", path)
            assert answer.problem(401) == "unauthorized"
            assert answer.headers["www-authenticate"] == "Bearer"
        for path in OPEN:
            assert (await ask.call("GET", path)).status in (200, 404)
        ask.key = secret
        for path in (*GUARDED, *OPEN):
            assert (await ask.call("GET", path)).status in (200, 404)

    asking(work, emulation=far_side)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer vk_wrong", "Basic dXNlcjpwYXNz", "vk_wrong", "Bearer ы", "Bearer " + "x" * 9_000],
)
def test_a_wrong_key_is_refused(authorization: str) -> None:
    async def work(ask: Asking) -> None:
        await add_key(ask)
        sent = {"Authorization": authorization.encode().decode("latin-1")}
        answer = await ask.call("GET", "/api/messages", headers=sent)
        assert answer.problem(401) == "unauthorized"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "vk_wrong" not in answer.body.decode()

    asking(work)


def test_the_scheme_is_read_in_any_case() -> None:
    async def work(ask: Asking) -> None:
        secret = await add_key(ask)
        (await ask.call("GET", "/api/messages", headers={"Authorization": f"bEARER  {secret} "})).expect(200)

    asking(work)


def test_a_key_made_or_revoked_elsewhere_counts_within_a_second() -> None:
    async def work(ask: Asking) -> None:
        (await ask.call("GET", "/api/messages")).expect(200)
        secret = await add_key(ask)
        await pass_time(1)
        (await ask.call("GET", "/api/messages")).expect(401)
        ask.key = secret
        (await ask.call("GET", "/api/messages")).expect(200)
        await ask.store.revoke_key("backend", EPOCH + SECOND)
        other = await add_key(ask, "other")
        await pass_time(1)
        (await ask.call("GET", "/api/messages")).expect(401)
        ask.key = other
        (await ask.call("GET", "/api/messages")).expect(200)

    asking(work)


def test_keys_are_read_at_most_once_a_second_also_for_many_at_once() -> None:
    class Counting(MemoryStore):
        reads = 0

        async def keys(self) -> list[Key]:
            self.reads += 1
            await pass_time(0.01)
            return await super().keys()

    store = Counting()

    async def work(ask: Asking) -> None:
        await asyncio.gather(*(ask.call("GET", "/api/accounts") for _ in range(20)))
        assert store.reads == 1

    asking(work, store=store)


def test_a_clock_moved_back_does_not_keep_old_keys_in_force() -> None:
    async def work(ask: Asking) -> None:
        ask.clock.offset = 3600 * SECOND
        (await ask.call("GET", "/api/messages")).expect(200)
        await add_key(ask)
        ask.clock.offset = 0
        (await ask.call("GET", "/api/messages")).expect(401)

    asking(work)


def test_beyond_loopback_nothing_is_open_even_when_the_last_key_is_revoked() -> None:
    async def work(ask: Asking) -> None:
        (await ask.call("GET", "/api/messages")).expect(401)

    asking(work, settings=ApiSettings(open_without_keys=False))


def test_while_the_keys_cannot_be_read_nobody_is_let_in() -> None:
    class Broken(MemoryStore):
        async def keys(self) -> list[Key]:
            raise StoreUnavailable("the disk is gone")

    async def work(ask: Asking) -> None:
        answer = await ask.call("GET", "/api/messages")
        assert answer.problem(503) == "store-unavailable"
        assert answer.headers["retry-after"] == "5"
        (await ask.call("GET", "/livez")).expect(200)
        told = (await ask.call("GET", "/docs/openapi.json")).expect(200)
        assert told["paths"]["/api/messages"]["get"]["security"] == [{"key": []}]
        assert (await ask.call("GET", "/emulator/journal")).problem(503) == "store-unavailable"

    asking(work, emulation=far_side, store=Broken())


def test_a_key_for_some_senders_speaks_for_no_other() -> None:
    async def work(ask: Asking) -> None:
        ask.key = await add_key(ask, senders=("acme", "zenith"))
        (await ask.send()).expect(202)
        assert (await ask.send(sender="other")).problem(403) == "wrong-sender"
        assert (await ask.send(sender={"id": "other", "name": "acme"})).problem(403) == "wrong-sender"
        sent = {"sender": "other", "message": "x", "messengers_list": ["owl"], "users_list": [{"owl": "hedwig"}]}
        assert (await ask.call("POST", "/api/sendmsg", sent)).problem(403) == "wrong-sender"
        assert (await ask.call("GET", "/api/messages", sender="other")).problem(403) == "wrong-sender"
        assert len((await ask.call("GET", "/api/messages", sender="acme")).expect(200)["messages"]) == 1
        assert set((await ask.call("GET", "/api/messages")).faults()) == {"#/query/sender"}

    asking(work)


def test_a_key_for_some_senders_does_not_know_of_others_messages() -> None:
    async def work(ask: Asking) -> None:
        theirs = (await ask.send(sender="other")).expect(202)["id"]
        ask.key = await add_key(ask, senders=("acme",))
        await pass_time(1)
        mine = (await ask.send()).expect(202)["id"]
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/deliveries", None),
            ("POST", "/cancel", None),
            ("PATCH", "", {"send_at": "2030-01-01T00:00:00Z"}),
        ):
            assert (await ask.call(method, f"/api/messages/{theirs}{path}", body)).problem(404) == "not-found"
        for method, path, body in (("GET", "", None), ("POST", "/retry", None), ("POST", "/resolve", {"as": "failed"})):
            assert (await ask.call(method, f"/api/deliveries/{theirs}-0{path}", body)).problem(404) == "not-found"
        assert [each["id"] for each in (await ask.call("GET", "/api/messages")).expect(200)["messages"]] == [mine]
        (await ask.call("GET", f"/api/deliveries/{mine}-0")).expect(200)

    asking(work)


def test_a_key_is_made_of_random_bytes_and_only_its_hash_is_kept() -> None:
    secret = new_key(bytes(range(KEY_BYTES)))
    assert secret == "vk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert len(key_digest(secret)) == 64
    with pytest.raises(ValueError, match="32 random bytes"):
        new_key(b"short")


def test_a_message_to_an_owl_can_still_be_sent_with_a_key_for_anybody() -> None:
    async def work(ask: Asking) -> None:
        ask.key = await add_key(ask)
        told = (await ask.send(sender="whoever")).expect(202)
        assert told["deliveries"][0]["messenger"] == OWL

    asking(work)
