"""What becomes of a message that a messenger took: one entry in the journal, whatever happens around it."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.contracts.world import JOHN, NUMBER, TELEGRAM_TOKEN, VIBER_TOKEN, WHATSAPP_TOKEN, Life, told
from vestnik.groupcommit import StoreFull
from vestnik.ports import HungUp, Response

MESSENGERS = ("telegram", "viber", "whatsapp")
BOTS = {"telegram": "7000000001", "whatsapp": NUMBER}
NASTY = ["Ab\x00cd", "\u202eобратно", '"\\\n\r\t\x1b', "👩‍👩‍👧‍👦" * 20, "é\u0301", "a" * 4096, "\ufeffmark"]  # noqa: RUF001 - real texts


@pytest.fixture(params=MESSENGERS)
def messenger(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def taken(response: Response) -> bool:
    body = json.loads(response.body)
    return response.status == 200 and (body.get("ok", True) is True) and body.get("status", 0) == 0


def external_id(messenger: str, response: Response) -> str:
    """The id that the sender learns, as the journal writes it."""
    body = json.loads(response.body)
    match messenger:
        case "telegram":
            return f"{body['result']['chat']['id']}:{body['result']['message_id']}"
        case "viber":
            return str(body["message_token"])
        case _:
            found: str = body["messages"][0]["id"]
            return found


def test_a_message_that_is_taken_is_in_the_journal(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        response = await world.send(messenger, "Hello, John", key="key-1")
        [entry] = await world.journal()
        payload = entry.pop("payload")
        assert "Hello, John" in json.dumps(payload)
        assert entry.pop("bot").startswith(BOTS.get(messenger, "pa:"))
        assert entry == {
            "seq": 1,
            "messenger": messenger,
            "recipient": JOHN[messenger],
            "text": "Hello, John",
            "external_id": external_id(messenger, response),
            "idempotency_key": "key-1",
            "failed": None,
            "at": "2027-01-15T08:00:00Z",
            "type": "text",
        }

    told(tmp_path, story)


def test_the_journal_holds_no_secret(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for messenger in MESSENGERS:
            await world.send(messenger)
        await world.send("viber", auth_token=VIBER_TOKEN)
        shown = json.dumps(await world.journal())
        assert [secret for secret in (TELEGRAM_TOKEN, VIBER_TOKEN, WHATSAPP_TOKEN) if secret in shown] == []

    async def with_the_token_in_the_body(world: Life) -> None:
        body = {
            "auth_token": "hush-hush",
            "receiver": JOHN["viber"],
            "type": "text",
            "text": "x",
            "sender": {"name": "a"},
        }
        assert taken(await world.ask("POST", "/viber/pa/send_message", body))
        *_, entry = await world.journal()
        assert "hush-hush" not in json.dumps(entry)
        assert entry["payload"]["text"] == "x"

    told(tmp_path, story)
    told(tmp_path, with_the_token_in_the_body)


def test_any_text_arrives_as_it_was_sent(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        for text in NASTY:
            assert taken(await world.send(messenger, text))
        assert await world.texts() == NASTY
        assert [
            entry["text"] for entry in await world.journal(f"?messenger={messenger}&recipient={JOHN[messenger]}")
        ] == NASTY

    told(tmp_path, story)


def test_a_repeated_key_gets_the_first_answer_and_adds_nothing(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        first = await world.send(messenger, "Hello", key="key-1")
        world.clock.move(3600)
        again = await world.send(messenger, "Something else", key="key-1")
        assert again == first
        assert await world.texts() == ["Hello"]
        counts = await world.stats(messenger)
        assert (counts["taken"], counts["replayed"]) == (1, 1)

    told(tmp_path, story)


def test_twins_that_come_at_once_are_taken_once_and_answered_alike(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        answers = await asyncio.gather(
            *(world.send(messenger, f"Hello {number % 3}", key=f"key-{number % 3}") for number in range(30))
        )
        assert all(answers[number] == answers[number % 3] for number in range(30))
        assert sorted(await world.texts()) == ["Hello 0", "Hello 1", "Hello 2"]

    told(tmp_path, story)


def test_the_journal_and_the_keys_outlive_the_process(tmp_path: Path, messenger: str) -> None:
    answers = []

    async def first(world: Life) -> None:
        answers.append(await world.send(messenger, "Hello", key="key-1"))

    async def second(world: Life) -> None:
        assert await world.texts() == ["Hello"]
        assert await world.send(messenger, "Hello", key="key-1") == answers[0]
        assert taken(await world.send(messenger, "More", key="key-2"))
        assert [entry["seq"] for entry in await world.journal()] == sorted(
            {entry["seq"] for entry in await world.journal()}
        )
        assert await world.texts() == ["Hello", "More"]
        assert (await world.stats(messenger))["taken"] == 2

    told(tmp_path, first)
    told(tmp_path, second)


def test_the_same_key_of_another_bot_is_another_key(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        headers = {"idempotency-key": "key-1"}
        for token in ("1:first", "2:second"):
            body = {"chat_id": 1001, "text": token}
            assert taken(await world.ask("POST", f"/telegram/bot{token}/sendMessage", body, headers))
        await world.send("viber", "third", key="key-1")
        assert await world.texts() == ["1:first", "2:second", "third"]

    told(tmp_path, story)


def test_a_refusal_is_not_remembered(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        await world.faults({"fault": "error", "times": 1})
        assert not taken(await world.send(messenger, key="key-1"))
        assert taken(await world.send(messenger, key="key-1"))
        assert len(await world.journal()) == 1

    told(tmp_path, story)


def test_a_known_key_is_answered_although_the_phone_has_blocked_the_bot_since(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for messenger in ("telegram", "viber"):
            first = await world.send(messenger, key="key-1")
            await world.phone(messenger, blocked=True)
            assert await world.send(messenger, key="key-1") == first
            assert not taken(await world.send(messenger, key="key-2"))

    told(tmp_path, story)


def test_keys_that_are_not_honoured_are_journaled_all_the_same(tmp_path: Path, messenger: str) -> None:
    async def story(world: Life) -> None:
        answers = [await world.send(messenger, key="key-1") for _ in range(2)]
        assert answers[0] != answers[1]
        assert [entry["idempotency_key"] for entry in await world.journal()] == ["key-1", "key-1"]

    told(tmp_path, story, honour_key=False)


def test_a_key_beyond_reason_is_not_honoured(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        for _ in range(2):
            assert taken(await world.send("telegram", key="k" * 1025))
        assert len(await world.journal()) == 2

    told(tmp_path, story)


def test_a_message_whose_sender_left_is_taken_once_and_reported(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.subscribe()
        sending = [asyncio.ensure_future(world.send("viber", key=f"key-{number}")) for number in range(20)]
        await asyncio.sleep(0)
        for one in sending:
            one.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        for number in range(20):
            assert taken(await world.send("viber", key=f"key-{number}"))
        await world.settled()
        entries = await world.journal()
        assert len(entries) == 20
        assert sorted(world.bots.events()) == sorted(("delivered", entry["external_id"]) for entry in entries)

    told(tmp_path, story)


def test_a_reset_forgets_messages_keys_phones_and_faults_and_numbers_go_on(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.send("telegram", key="key-1")
        await world.phone("telegram", blocked=True)
        await world.faults({"fault": "error"})
        await world.control("POST", "/reset", expect=204)
        assert await world.journal() == []
        assert await world.journal("?recipient=1001") == []
        assert (await world.control("GET", "/phones"))["phones"] == []
        assert await world.control("GET", "/faults") == []
        assert (await world.stats("telegram")) == {
            "taken": 0,
            "replayed": 0,
            "refused": 0,
            "receipts_pending": 0,
            "receipts_sent": 0,
            "receipts_given_up": 0,
        }
        assert taken(await world.send("telegram", key="key-1"))
        assert [entry["seq"] for entry in await world.journal("?recipient=1001")] == [2]

    told(tmp_path, story)


def test_a_strict_world_knows_only_what_was_registered(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        assert json.loads((await world.send("telegram")).body)["description"] == "Bad Request: chat not found"
        assert json.loads((await world.send("viber")).body)["status"] == 5
        assert taken(await world.send("whatsapp"))
        assert [entry["failed"] for entry in await world.journal()] == ["131026"]
        for messenger in MESSENGERS:
            await world.phone(messenger)
            assert taken(await world.send(messenger))
        stranger = await world.ask("POST", "/telegram/bot7:x/sendMessage", {"chat_id": 1001, "text": "Hi"})
        assert json.loads(stranger.body) == {"ok": False, "error_code": 401, "description": "Unauthorized"}
        await world.control("PUT", "/bots/telegram/7:x")
        assert taken(await world.ask("POST", "/telegram/bot7:x/sendMessage", {"chat_id": 1001, "text": "Hi"}))
        assert (await world.ask("GET", "/telegram/bot7:y/getMe")).status == 401

    async def later(world: Life) -> None:
        assert taken(await world.ask("GET", "/telegram/bot7:x/getMe"))
        await world.control("DELETE", "/bots/telegram/7:x", expect=204)
        assert (await world.ask("GET", "/telegram/bot7:x/getMe")).status == 401
        await world.control("DELETE", "/bots/telegram/7:x", expect=404)

    told(tmp_path, story, strict=True)
    told(tmp_path, later, strict=True)


def test_real_limits_hold_by_the_clock(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        answers = [await world.send("telegram", key=f"key-{number}") for number in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert json.loads(answers[3].body)["parameters"] == {"retry_after": 1}
        assert answers[3].headers["retry-after"] == "1"
        assert await world.send("telegram", key="key-0") == answers[0]
        world.clock.move(1)
        assert (await world.send("telegram")).status == 200
        for number in range(46):
            answer = await world.send("whatsapp", str(number))
        assert json.loads(answer.body)["error"]["code"] == 131056
        for number in range(80):
            answer = await world.send("whatsapp", to=f"7916{number:07d}")
        assert json.loads(answer.body)["error"]["code"] == 130429
        statuses = [json.loads((await world.send("viber")).body)["status"] for _ in range(101)]
        assert statuses == [0] * 100 + [12]
        path = "/phones/viber/EGAZ3SZRi6zW1D0uNYhQHg==/messages"
        await world.control("POST", path, {"text": "Yes?"}, expect=201)
        assert taken(await world.send("viber"))

    told(tmp_path, story, limits_real=True)


def test_while_nothing_can_be_written_every_messenger_says_so_in_its_own_words(tmp_path: Path) -> None:
    async def story(world: Life) -> None:
        await world.emulation.close()
        assert (await world.send("telegram")).status == 500
        assert json.loads((await world.send("viber")).body)["status"] == 999
        answer = await world.send("whatsapp")
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, 131016)
        problem = await world.ask("GET", "/emulator/journal")
        assert (problem.status, problem.headers["content-type"]) == (503, "application/problem+json")

    told(tmp_path, story)


def test_what_was_taken_is_never_said_not_to_be_because_nothing_more_can_be_written(
    tmp_path: Path, messenger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: Life) -> None:
        await world.faults({"messenger": messenger, "fault": "late_reply", "delay": 0, "times": 1})
        monkeypatch.setattr(world.emulation.world.faults, "_rows", _Full())
        with pytest.raises(HungUp):
            await world.send(messenger)
        assert len(await world.journal()) == 1

    told(tmp_path, story)


class _Full:
    async def write(self, *_: object) -> None:
        raise StoreFull("no room")
