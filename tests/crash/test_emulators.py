"""`kill -9` of `vestnik emulate`: what it answered for is there in its next life, and what was to be told is told."""

import http.client
import itertools
import json
import queue
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Generator
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.acceptance.process import Process, lasting_port
from tests.crash.chance import KILLS
from tests.crash.load import Tell
from tests.witness.listener import Listener, listening
from vestnik.ports import Response

TOKEN: Final = "123:abc"
VIBER_TOKEN: Final = "4453b6ac00000001-e02c5f1200000002-daec9cbb00000003"
JOHN: Final = {"telegram": "1001", "viber": "EGAZ3SZRi6zW1D0uNYhQHg==", "whatsapp": "79161234567"}
NUMBER: Final = "100000000000001"
GROUP: Final = -1001234567890
KEYBOARD: Final = {"Type": "keyboard", "Buttons": [{"ActionBody": "yes", "Text": "Yes"}]}


class Emulators:
    """The command over one folder and one port, through any number of lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = lasting_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        arguments = ["emulate", "--port", str(self._port), "--data", str(self._folder / "data")]
        self.process = Process(arguments, self._folder / "log", {})
        self.process.address()

    def restart(self) -> None:
        self.process.kill9()
        self.start()

    def stop(self) -> int:
        self.process.signal(signal.SIGTERM)
        return self.process.wait()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        raw = None if body is None else json.dumps(body).encode()
        sent = {
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        request = urllib.request.Request(self.address + path, raw, sent, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            content = answer.read()
        return json.loads(content) if answer.headers.get_content_type() == "application/json" and content else content

    def texts(self) -> list[str]:
        """What phones got."""
        texts: list[str] = []
        after: int | None = 0
        while after is not None:
            page = self.ask("GET", f"/emulator/journal?after={after}")
            texts += [entry["text"] for entry in page["entries"]]
            after = page["next"]
        return texts

    def bot(self, method: str, **fields: Any) -> Any:
        return self.ask("POST", f"/telegram/bot{TOKEN}/{method}", fields)["result"]

    def viber(self, method: str, **fields: Any) -> Any:
        answer = self.ask("POST", f"/viber/pa/{method}", fields, x_viber_auth_token=VIBER_TOKEN)
        assert answer["status"] == 0, answer
        return answer

    def whatsapp(self, method: str, path: str, body: Any = None) -> Any:
        return self.ask(method, f"/whatsapp/v23.0/{path}", body, authorization="Bearer EAAvestnik")

    def person(self, messenger: str, deed: str, **fields: Any) -> Any:
        return self.ask("POST", f"/emulator/phones/{messenger}/{quote(JOHN[messenger], safe='')}/{deed}", fields)

    def phone(self, messenger: str, **ways: Any) -> None:
        self.ask("PATCH", f"/emulator/phones/{messenger}/{quote(JOHN[messenger], safe='')}", ways)


@pytest.fixture
def at(tmp_path: Path) -> Generator[Emulators]:
    emulators = Emulators(tmp_path)
    yield emulators
    assert emulators.stop() == 0


def test_everything_that_was_set_up_and_sent_outlives_a_kill(at: Emulators) -> None:
    at.ask("PUT", f"/emulator/messengers/telegram/chats/{GROUP}", {"type": "supergroup", "title": "Crew"})
    at.ask("PUT", f"/emulator/bots/telegram/{TOKEN}")
    at.ask("PUT", "/emulator/faults", [{"messenger": "viber", "recipient": "nobody", "fault": "blocked", "times": 3}])
    at.bot("setMyName", name="Herald")
    keys = {"keyboard": [[{"text": "Tea"}]]}
    sent = at.bot("sendMessage", chat_id=1001, text="before", reply_markup=keys)
    button = {"inline_keyboard": [[{"text": "Press", "callback_data": "pressed"}]]}
    at.bot("sendMessage", chat_id=GROUP, text="to the crew", reply_markup=button)
    poll = at.bot("sendPoll", chat_id=1001, question="Tea?", options=["yes", "no"])
    for text in ("one", "two", "three"):
        at.person("telegram", "messages", text=text, bot=TOKEN)
    first = at.bot("getUpdates", limit=1)[0]
    assert at.bot("getUpdates", offset=first["update_id"] + 1, limit=1)[0]["message"]["text"] == "two"
    template = {"name": "code", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi"}]}
    at.whatsapp("POST", "1/message_templates", template)
    at.viber("send_message", receiver=JOHN["viber"], type="text", text="keys", sender={"name": "a"}, keyboard=KEYBOARD)
    at.person("viber", "unsubscribe", bot=VIBER_TOKEN)
    at.phone("whatsapp", online=False)
    before = [at.ask("GET", f"/emulator/{what}") for what in ("journal", "phones", "bots", "faults")]
    at.restart()
    assert [at.ask("GET", f"/emulator/{what}") for what in ("journal", "phones", "bots", "faults")] == before
    assert at.bot("getMyName")["name"] == "Herald"
    assert at.bot("getChat", chat_id=GROUP)["title"] == "Crew"
    assert [update["message"]["text"] for update in at.bot("getUpdates")] == ["two", "three"]
    edited = at.bot("editMessageText", chat_id=1001, message_id=sent["message_id"], text="after")
    assert edited["text"] == "after"
    at.person("telegram", "press", button="Tea", bot=TOKEN)
    at.person("telegram", "vote", message=poll["message_id"], options=[0], bot=TOKEN)
    assert at.bot("stopPoll", chat_id=1001, message_id=poll["message_id"])["total_voter_count"] == 1
    assert "code" in [one["name"] for one in at.whatsapp("GET", "1/message_templates")["data"]]
    refused = at.ask("POST", "/viber/pa/send_message", {
        "auth_token": VIBER_TOKEN, "receiver": JOHN["viber"], "type": "text", "text": "gone", "sender": {"name": "a"},
    })  # fmt: skip
    assert refused["status_message"] == "notSubscribed"
    at.person("viber", "press", button="Yes", bot=VIBER_TOKEN)


def test_files_and_the_keys_of_repeated_requests_outlive_a_kill(at: Emulators) -> None:
    data = "AAECAw=="
    at.person("telegram", "messages", file={"data": data, "name": "a.bin"}, bot=TOKEN)
    at.person("whatsapp", "messages", type="document", data=data, filename="a.txt", mime_type="text/plain")
    [update] = at.bot("getUpdates")
    path = at.bot("getFile", file_id=update["message"]["document"]["file_id"])["file_path"]
    once = {"idempotency_key": "once"}
    first = at.ask("POST", f"/telegram/bot{TOKEN}/sendMessage", {"chat_id": 1001, "text": "once"}, **once)
    at.restart()
    assert at.ask("GET", f"/telegram/file/bot{TOKEN}/{path}") == b"\0\1\2\3"
    again = at.ask("POST", f"/telegram/bot{TOKEN}/sendMessage", {"chat_id": 1001, "text": "once"}, **once)
    assert again["result"]["message_id"] == first["result"]["message_id"]
    assert len(at.ask("GET", "/emulator/journal")["entries"]) == 1


def test_webhooks_outlive_a_kill_and_what_was_not_told_is_told_in_the_next_life(at: Emulators) -> None:
    dead = threading.Event()
    dead.set()

    class Deaf(Listener):
        async def answer(self, request: Any) -> Response:
            if request.method != "GET" and dead.is_set():
                return Response(503)
            return await super().answer(request)

    hook = Deaf(challenged=lambda query: Response(200, {}, query["hub.challenge"].encode()))
    with listening(hook):
        at.bot("setWebhook", url=hook.address)
        dead.clear()
        at.viber("set_webhook", url=hook.address, event_types=["delivered", "seen"])
        hook.subscribe(at.address, "100000000000002", "secret")
        while not hook.calls.empty():
            hook.calls.get()
        dead.set()
        at.phone("viber", reads_after=1)
        at.person("telegram", "messages", text="to the bot", bot=TOKEN)
        at.viber("send_message", receiver=JOHN["viber"], type="text", text="Hi", sender={"name": "a"})
        text = {"messaging_product": "whatsapp", "to": JOHN["whatsapp"], "text": {"body": "Hi"}}
        at.whatsapp("POST", f"{NUMBER}/messages", text)
        at.process.kill9()
        dead.clear()
        at.start()
        assert at.bot("getWebhookInfo")["url"] == hook.address
        told: set[str] = set()
        end = time.monotonic() + 30.0
        while not {"message", "delivered", "seen", "sent"} <= told and time.monotonic() < end:
            try:
                told |= kinds(json.loads(hook.calls.get(timeout=1.0).body))
            except queue.Empty:
                continue
        assert {"message", "delivered", "seen", "sent"} <= told


def kinds(call: Any) -> set[str]:
    """What one call of a webhook tells of."""
    if "update_id" in call:
        return {name for name in call if name != "update_id"}
    if "event" in call:
        return {call["event"]}
    values = [change["value"] for entry in call["entry"] for change in entry["changes"]]
    return {status["status"] for value in values for status in value.get("statuses", ())}


class Busy:
    """A bot that sends and polls, and a person who writes to it, all of them again after each failure."""

    def __init__(self, at: Emulators) -> None:
        self._at = at
        self._done = threading.Event()
        self.sent: set[str] = set()
        self.written: set[str] = set()
        self.got: list[str] = []
        self._offset = 0
        self._threads = [
            threading.Thread(target=self._again, args=(work,)) for work in (self._send, self._write, self._poll)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends, and fetches what is left."""
        self._done.set()
        for thread in self._threads:
            thread.join(20.0)
        while self._fetched(timeout=0):
            continue

    def _again(self, work: Callable[[int], None]) -> None:
        for number in itertools.count():
            if self._done.is_set():
                return
            try:
                work(number)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)

    def _send(self, number: int) -> None:
        self._at.bot("sendMessage", chat_id=1001, text=f"sent {number}")
        self.sent.add(f"sent {number}")

    def _write(self, number: int) -> None:
        self._at.person("telegram", "messages", text=f"written {number}", bot=TOKEN)
        self.written.add(f"written {number}")

    def _poll(self, _number: int) -> None:
        self._fetched(timeout=1)

    def _fetched(self, timeout: int) -> int:
        updates = self._at.bot("getUpdates", offset=self._offset, timeout=timeout)
        for update in updates:
            self.got.append(update["message"]["text"])
            self._offset = update["update_id"] + 1
        return len(updates)


@pytest.mark.timeout(120 + 6 * KILLS)
def test_killed_at_random_moments_it_keeps_what_it_answered_for(
    at: Emulators, tell: Tell, luck: Random, show: Tell
) -> None:
    busy, kills = Busy(at), max(3, KILLS // 2)
    try:
        for number in range(kills):
            if number and number % 10 == 0:
                show(f"{number} of {kills} kills")
            time.sleep(luck.uniform(0.1, 0.6))
            at.restart()
        time.sleep(0.5)
    finally:
        busy.stop()
    tell(f"{kills} kills of the emulators: {len(busy.sent)} sent, {len(busy.written)} written, {len(busy.got)} updates")
    journal = at.texts()
    assert len(busy.sent) > kills
    assert busy.sent - set(journal) == set()
    assert len(journal) == len(set(journal))
    assert busy.written - set(busy.got) == set()
    assert len(busy.got) == len(set(busy.got))
