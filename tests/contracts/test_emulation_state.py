"""All that the emulators know is one document, and it takes the place of what others know: whole or not at all."""

import asyncio
import json
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.contracts.world import JANE, JOHN, TELEGRAM_TOKEN, WHATSAPP_TOKEN, Bots, HandClock, Life, told
from vestnik.emulation import saved
from vestnik.emulation.faults import DELAYS, Fault
from vestnik.groupcommit import StoreUnavailable
from vestnik.ports import HungUp, Response
from vestnik.sqlfiles import migrations

GROUP = -1001234567890
TOKEN = {"authorization": f"Bearer {WHATSAPP_TOKEN}"}


async def save(world: Life) -> bytes:
    response = await world.ask("GET", "/emulator/state")
    assert response.status == 200
    assert response.headers["content-type"] == "application/vnd.sqlite3"
    return response.body


async def load(world: Life, document: bytes, *, expect: int = 200) -> Any:
    response = await world.ask("PUT", "/emulator/state", document)
    assert response.status == expect, response
    return json.loads(response.body)


async def bot(world: Life, method: str, **fields: Any) -> Any:
    answer = json.loads((await world.ask("POST", f"/telegram/bot{TELEGRAM_TOKEN}/{method}", fields)).body)
    return answer["result"] if answer["ok"] else answer


def changed(document: bytes, folder: Path, *statements: str) -> bytes:
    """The document after somebody's mischief."""
    path = folder / "changed.db"
    path.write_bytes(document)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path.read_bytes()


async def all_sorts(world: Life) -> None:
    """A bit of everything that the emulators know."""
    await world.subscribe()
    john = {name: f"/phones/{name}/{quote(recipient, safe='')}" for name, recipient in JOHN.items()}
    await world.control("PATCH", john["viber"], {"online": False, "reads_after": 5})
    await world.control("PUT", f"/bots/telegram/{TELEGRAM_TOKEN}")
    await world.control("PUT", f"/messengers/telegram/chats/{GROUP}", {"type": "supergroup", "title": "Crew"})
    for messenger in JOHN:
        await world.send(messenger, f"Hello {messenger}", key="once")
    await world.control("POST", f"{john['telegram']}/messages", {"text": "Anybody there?"}, expect=201)
    await bot(world, "sendDocument", chat_id=int(JOHN["telegram"]), document="http://localhost:1/none")
    template = {"name": "code", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi"}]}
    assert (await world.ask("POST", "/whatsapp/v23.0/1/message_templates", template, TOKEN)).status == 200
    await world.control("POST", f"{john['whatsapp']}/messages", {"type": "image", "data": "AAEC"}, expect=201)
    await world.faults({"messenger": "viber", "recipient": JANE["viber"], "fault": "blocked", "times": 2})
    await world.send("viber", to=JANE["viber"])
    await world.settled(pending=2)


async def seen(world: Life) -> dict[str, Any]:
    """What the control API tells of it."""
    own = (f"/messengers/telegram/chats/{GROUP}", "/messengers/whatsapp/templates")
    paths = ("/journal", "/phones", "/faults", "/bots", "/stats", *own)
    told = {path: await world.control("GET", path) for path in paths}
    for counts in told["/stats"].values():
        del counts["refused"]  # Counted since the process began.
    return told


def test_another_life_goes_on_where_the_document_was_saved(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    async def first(world: Life) -> None:
        await all_sorts(world)
        kept["seen"], kept["document"] = await seen(world), await save(world)
        kept["hello"] = (await world.journal("?messenger=telegram"))[0]["external_id"]

    async def second(world: Life) -> None:
        await world.send("telegram", "From another world", to=JANE["telegram"])
        assert await bot(world, "getMe")
        assert await load(world, kept["document"]) == {"saved_at": "2027-01-15T08:00:00Z"}
        assert await seen(world) == kept["seen"]
        assert [update["message"]["text"] for update in await bot(world, "getUpdates")] == ["Anybody there?"]
        assert (await bot(world, "getChat", chat_id=GROUP))["title"] == "Crew"
        edited = int(kept["hello"].rpartition(":")[2])
        assert (await bot(world, "editMessageText", chat_id=JOHN["telegram"], message_id=edited, text="Ahoy"))[
            "text"
        ] == "Ahoy"
        await world.send("telegram", "Hello telegram", key="once")
        assert (await world.stats("telegram"))["replayed"] == 1
        received = await world.emulation.world.journal.entry(5)
        assert received is not None
        medium = json.loads(received.payload)["message"]["image"]["id"]
        address = json.loads((await world.ask("GET", f"/whatsapp/v23.0/{medium}", None, TOKEN)).body)["url"]
        assert (await world.ask("GET", address, None, TOKEN)).body == b"\0\1\2"
        assert world.bots.told == []
        await world.phone("viber", online=True)
        world.clock.move(5)
        await world.settled()
        assert [kind for kind, _ in world.bots.events()] == ["delivered", "seen"]
        assert await save(world) != b""

    told(tmp_path / "first", first)
    told(tmp_path / "second", second)
    told(tmp_path / "second", lambda world: _same_after_restart(world, kept["seen"]))


async def _same_after_restart(world: Life, before: dict[str, Any]) -> None:
    now = await seen(world)
    assert now["/bots"] == before["/bots"]
    assert now["/journal"] == before["/journal"]


def test_what_is_saved_twice_and_loaded_is_the_same(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await all_sorts(world)
        first = await save(world)
        await load(world, first)
        await load(world, await save(world))
        assert await save(world) == first

    told(tmp_path, story)


def test_an_empty_world_takes_the_place_of_a_full_one(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        empty = await save(world)
        await all_sorts(world)
        await load(world, empty)
        assert await world.journal() == []
        assert await world.control("GET", "/faults") == []
        assert await bot(world, "getUpdates") == []
        assert (await world.control("GET", "/phones"))["phones"] == []
        await world.send("telegram", "First")
        assert [entry["seq"] for entry in await world.journal()] == [1]

    told(tmp_path, story)


NO_STATE = [
    (b"", "no state of the emulators, which is an SQLite file"),
    (b'{"version": 1}', "no state of the emulators, which is an SQLite file"),
    (saved.MAGIC, "it cannot be read: file is not a database"),
    (saved.MAGIC + b"\xff" * 5000, "it cannot be read"),
]
MISCHIEF = [
    (["PRAGMA user_version = 99"], "it is of version 99, and this program knows states up to"),
    (["PRAGMA user_version = 0"], "some other SQLite file"),
    (["DROP TABLE blob"], "some other SQLite file"),
    (["CREATE TABLE more (x)"], "some other SQLite file"),
    (["CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM bot; END"], "some other SQLite file"),
    (["CREATE VIEW v AS SELECT 1"], "some other SQLite file"),
    (["UPDATE tally SET taken = taken + 1"], "messengers whose counters differ from their rows"),
    (["UPDATE entry SET payload = '{' WHERE seq = 1"], "documents that are no json: 1"),
    (["UPDATE webhook SET details = '{}'"], "a messenger cannot begin with it"),
    (["UPDATE webhook SET details = '{'"], "a messenger cannot begin with it"),
    (['UPDATE fault SET details = \'{"fault": "nap"}\''], "a messenger cannot begin with it"),
    (["UPDATE record SET value = '[]' WHERE kind = 'update'"], "a messenger cannot begin with it"),
    (["INSERT INTO record VALUES ('viber', 'profile', 'x', '7', 0)"], "a messenger cannot begin with it"),
]


def test_a_wrong_document_is_refused_with_its_fault_and_nothing_changes(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await all_sorts(world)
        document, before = await save(world), await seen(world)
        wrong = [*NO_STATE, (document[: len(document) // 2], "it cannot be read"), (document[:-1000], "")]
        wrong += [(changed(document, tmp_path, *statements), words) for statements, words in MISCHIEF]
        for one, words in wrong:
            problem = await load(world, one, expect=422)
            assert problem["detail"].startswith("nothing was loaded: "), words
            assert words in problem["detail"]
            assert await seen(world) == before
        await load(world, document)
        assert await seen(world) == before

    told(tmp_path, story)
    assert [path.name for path in tmp_path.glob(".state-*")] == []


def test_a_document_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "early.db"
    scripts = migrations(files("vestnik.emulation") / "migrations")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number, script in scripts[:2]:
            connection.executescript(script)
            connection.execute(f"PRAGMA user_version = {number}")
        row = (1, "telegram", "7", 0, "1001", "Old", "1001:1", None, 0, None, 5, "{}")
        connection.execute(f"INSERT INTO entry VALUES ({', '.join('?' * len(row))})", row)
        connection.execute("INSERT INTO tally VALUES ('telegram', 1, 0, 0, 0, 0)")

    async def story(world: Life) -> None:
        assert await load(world, path.read_bytes()) == {"saved_at": None}
        assert await world.texts() == ["Old"]
        await world.send("telegram", "New")
        assert await world.texts() == ["Old", "New"]

    told(tmp_path, story)


def test_more_than_a_document_may_hold_is_neither_given_nor_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: Life) -> None:
        document = await save(world)
        monkeypatch.setattr(saved, "LIMIT", len(document) - 1)
        assert (await load(world, document, expect=413))["detail"] == f"a request may have {len(document) - 1} bytes"
        refused = await world.ask("GET", "/emulator/state")
        assert refused.status == 409
        assert f"the state has {len(document)} bytes" in json.loads(refused.body)["detail"]

    told(tmp_path, story)


def test_calls_under_way_end_without_an_answer_and_the_next_ones_see_the_new_world(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        document = await save(world)
        await world.faults({"messenger": "viber", "fault": "hang"})
        calls = [
            asyncio.ensure_future(call)
            for call in (
                bot(world, "getUpdates", timeout=50),
                world.ask("POST", "/emulator/expect", {"text": "never"}),
                world.send("viber"),
            )
        ]
        await world.sleeping(DELAYS[Fault.HANG])
        await world.until(lambda: len(world.emulation._gate._calls) == len(calls))
        assert not any(call.done() for call in calls)
        loading = asyncio.ensure_future(load(world, document))
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert not loading.done()
        late = asyncio.ensure_future(world.send("viber", "Late"))
        assert [type(outcome) for outcome in await asyncio.gather(*calls, return_exceptions=True)] == [HungUp] * 3
        await loading
        assert (await late).status == 200
        assert await world.texts() == ["Late"]
        polling = asyncio.ensure_future(bot(world, "getUpdates", timeout=50))
        await world.control("POST", f"/phones/telegram/{JOHN['telegram']}/messages", {"text": "Hi"}, expect=201)
        assert len(await polling) == 1

    told(tmp_path, story)


def test_a_webhook_that_is_being_called_meanwhile_is_told_by_the_new_world(tmp_path: Path) -> None:
    class Slow(Bots):
        calls = 0

        async def exchange(self, request: Any, *, timeout: float) -> Response:
            self.calls += 1
            await free.wait()
            return await super().exchange(request, timeout=timeout)

    free, bots = asyncio.Event(), Slow()
    free.set()

    async def story(world: Life) -> None:
        await world.subscribe()
        free.clear()
        before = bots.calls
        await world.send("viber", "Hello")
        await world.until(lambda: bots.calls == before + 1)
        await load(world, await save(world))
        assert bots.told == []
        free.set()
        await world.settled()
        assert bots.calls == before + 2
        assert {kind for kind, _ in world.bots.events()} == {"delivered"}

    told(tmp_path, story, bots=bots)


def test_where_nothing_can_be_written_the_old_world_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_connection: object, _items: object) -> list[None]:
        raise StoreUnavailable("the disk is gone")

    async def story(world: Life) -> None:
        empty = await save(world)
        await all_sorts(world)
        before = await seen(world)
        with monkeypatch.context() as patch:
            patch.setattr(saved, "replace", broken)
            assert "the disk is gone" in (await load(world, empty, expect=503))["detail"]
        assert await seen(world) == before
        await world.phone("viber", online=True)
        world.clock.move(5)
        await world.settled()
        assert [kind for kind, _ in world.bots.events()][-2:] == ["delivered", "seen"]

    told(tmp_path, story)


def test_who_leaves_while_a_document_is_loaded_leaves_a_whole_world(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        empty = await save(world)
        await world.send("telegram")
        loading = asyncio.ensure_future(load(world, empty))
        await world.until(lambda: bool(world.emulation._loads))
        loading.cancel()
        await world.until(lambda: not world.emulation._loads)
        assert await world.journal() == []
        both = await asyncio.gather(load(world, empty), load(world, empty))
        assert len(both) == 2

    told(tmp_path, story)


def test_what_somebody_left_who_was_killed_meanwhile_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".state-left").mkdir()
    (tmp_path / ".state-left" / "state.db").write_bytes(b"secrets")

    async def story(_world: Life) -> None:
        assert not (tmp_path / ".state-left").exists()

    told(tmp_path, story)


def test_every_table_is_saved(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        document = changed(await save(world), tmp_path)
        (tmp_path / "all.db").write_bytes(document)
        with closing(sqlite3.connect(tmp_path / "all.db")) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert tables == set(saved.TABLES)

    told(tmp_path, story, clock=HandClock())
