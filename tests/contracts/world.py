"""Decides how the emulation sits its exam: whole and in process, on a clock moved by hand, with bots that only listen.

It has never heard of the service that sends.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from vestnik.emulation.far import Emulation
from vestnik.emulation.world import EmulationSettings
from vestnik.groupcommit import GroupCommit
from vestnik.messengers.registry import messengers
from vestnik.ports import Appointment, Request, Response

PATIENCE: Final = 10.0
"""Seconds within which what should happen has to."""
A_MOMENT: Final = 0.001
"""Seconds before something is due at which it must not have happened yet."""
QUIET: Final = 50
"""Turns of the event loop without any work in threads after which nothing will happen by itself."""
TELEGRAM_TOKEN: Final = "7000000001:vestnik"
VIBER_TOKEN: Final = "4453b6ac00000001-e02c5f1200000002-daec9cbb00000003"
WHATSAPP_TOKEN: Final = "EAAvestnik"
NUMBER: Final = "100000000000001"
JOHN: Final = {"telegram": "1001", "viber": "EGAZ3SZRi6zW1D0uNYhQHg==", "whatsapp": "79161234567"}
JANE: Final = {"telegram": "1002", "viber": "AAAAAAAAAAAAAAAAAAAAAA==", "whatsapp": "79161234568"}
WEBHOOK: Final = "http://bot.test/hook"


class HandClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self._now = 1_800_000_000_000_000
        self._moved = asyncio.Event()
        self._ids = 0
        self.lucky = 0.5
        self.sleepers: list[int] = []
        """Until when somebody sleeps, once for each."""

    def now(self) -> int:
        return self._now

    async def sleep_until(self, moment: int) -> None:
        self.sleepers.append(moment)
        try:
            while self._now < moment:
                await self._moved.wait()
        finally:
            self.sleepers.remove(moment)

    def call_at(self, moment: int, callback: Callable[[], None]) -> Appointment:
        raise AssertionError("emulators sleep")

    def sleeps(self, seconds: float) -> bool:
        """Whether anybody sleeps for exactly that long from now."""
        return self._now + round(seconds * 1_000_000) in self.sleepers

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._now:016d}{self._ids:010d}"

    def luck(self) -> float:
        return self.lucky

    def move(self, seconds: float) -> None:
        """Lets time pass."""
        self._now += round(seconds * 1_000_000)
        self._moved.set()
        self._moved = asyncio.Event()


@dataclass
class Bots:
    """The bots' side of the webhooks: what they were told, and what they answer."""

    told: list[Request] = field(default_factory=list)
    behave: Callable[[Request], Response] = lambda _request: Response(200)

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        await asyncio.sleep(0)
        if request.method == "GET":
            return Response(200, {}, parse_qs(urlsplit(request.url).query)["hub.challenge"][0].encode())
        response = self.behave(request)
        self.told.append(request)
        return response

    def events(self) -> list[tuple[str, str]]:
        """Event or status, and the message that it is about, of everything that was told, one after another."""
        return [event for request in self.told for event in events_of(request)]


def events_of(request: Request) -> list[tuple[str, str]]:
    """What one call of a webhook tells."""
    body = json.loads(request.body)
    if "event" in body:
        return [(body["event"], str(body["message_token"]))]
    values = [change["value"] for entry in body["entry"] for change in entry["changes"]]
    statuses = [(status["status"], status["id"]) for value in values for status in value.get("statuses", ())]
    return statuses + [("message", message["id"]) for value in values for message in value.get("messages", ())]


@dataclass
class Life:
    """The emulation at work, and a short way to say things to it."""

    emulation: Emulation
    clock: HandClock
    bots: Bots
    in_threads: int = 0
    """Jobs that threads are at work on."""
    _turns: int = 0
    """Those of the event loop since the last job began or ended, and since somebody began to wait."""
    _happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        """One request; a body that is no bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return await self.emulation.answer(
            Request(method, url, {"content-type": "application/json", **(headers or {})}, raw)
        )

    async def control(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """What the control API answers, as JSON."""
        response = await self.ask(method, f"/emulator{path}", body)
        assert response.status == expect, response
        return json.loads(response.body) if response.body else None

    async def send(
        self, messenger: str, text: str = "Hello", *, to: str | None = None, key: str | None = None, **more: Any
    ) -> Response:
        """A message as a bot of the messenger sends it."""
        recipient = JOHN[messenger] if to is None else to
        headers = {} if key is None else {"idempotency-key": key}
        match messenger:
            case "telegram":
                body = {"chat_id": recipient, "text": text, **more}
                return await self.ask("POST", f"/telegram/bot{TELEGRAM_TOKEN}/sendMessage", body, headers)
            case "viber":
                body = {"receiver": recipient, "type": "text", "text": text, "sender": {"name": "acme"}, **more}
                headers["x-viber-auth-token"] = VIBER_TOKEN
                return await self.ask("POST", "/viber/pa/send_message", body, headers)
            case _:
                body = {"messaging_product": "whatsapp", "to": recipient, "text": {"body": text}, **more}
                headers["authorization"] = f"Bearer {WHATSAPP_TOKEN}"
                return await self.ask("POST", f"/whatsapp/v23.0/{NUMBER}/messages", body, headers)

    async def subscribe(self) -> None:
        """Sets the webhooks of both messengers that report."""
        body = {"url": WEBHOOK, "event_types": ["delivered", "seen", "failed"]}
        answer = await self.ask("POST", "/viber/pa/set_webhook", body, {"x-viber-auth-token": VIBER_TOKEN})
        assert json.loads(answer.body)["status"] == 0
        query = (
            f"object=whatsapp_business_account&callback_url={quote(WEBHOOK)}&verify_token=word&fields=messages"
            "&access_token=100000000000002%7Csecret"
        )
        answer = await self.ask("POST", f"/whatsapp/v23.0/100000000000002/subscriptions?{query}")
        assert answer.status == 200, answer
        self.bots.told.clear()

    async def phone(self, messenger: str, **ways: Any) -> None:
        """Sets up John's phone."""
        await self.control("PATCH", f"/phones/{messenger}/{quote(JOHN[messenger], safe='')}", ways)

    async def faults(self, *rules: Mapping[str, Any]) -> None:
        """Puts these rules in force and no others."""
        await self.control("PUT", "/faults", list(rules))

    async def journal(self, query: str = "") -> list[dict[str, Any]]:
        """What phones got."""
        entries: list[dict[str, Any]] = (await self.control("GET", f"/journal{query}"))["entries"]
        return entries

    async def texts(self) -> list[str]:
        """The texts that phones got."""
        return [entry["text"] for entry in await self.journal()]

    async def stats(self, messenger: str) -> dict[str, int]:
        """The messenger's counts."""
        counts: dict[str, int] = (await self.control("GET", "/stats"))[messenger]
        return counts

    async def pending(self) -> int:
        """How many things bots are to be told."""
        counts = await self.control("GET", "/stats")
        return sum(one["receipts_pending"] for one in counts.values())

    async def settled(self, pending: int = 0) -> None:
        """Returns when bots were told all that has come due, which must leave no more than that many things."""
        await self.quiet()
        assert await self.pending() <= pending

    async def outlast(self, step: float) -> None:
        """Lets time pass, so many seconds at a time, until bots are to be told nothing more."""
        await self.quiet()
        while await self.pending():
            self.clock.move(step)
            await self.quiet()

    async def sleeping(self, seconds: float) -> None:
        """Returns when somebody sleeps for exactly that long from now."""
        await self.until(lambda: self.clock.sleeps(seconds))

    async def nearly(self, seconds: float) -> None:
        """Lets time pass until a moment before somebody wakes who sleeps for that long, and sees them sleep on."""
        await self.sleeping(seconds)
        self.clock.move(seconds - A_MOMENT)
        await self.quiet()
        assert self.clock.sleeps(A_MOMENT)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns as soon as it is so, which must be before nothing is left that could make it so."""
        self._turns = 0
        while not condition():
            assert await self._go_on(), "nothing more happens, and it is not so"

    async def quiet(self) -> None:
        """Returns when nothing more happens unless the clock is moved, a bot answers, or somebody asks something."""
        self._turns = 0
        while await self._go_on():
            pass

    async def _go_on(self) -> bool:
        """Returns after a turn of the event loop, or some job in a thread; False at once where all is quiet."""
        if self._turns < QUIET:
            self._turns += 1
            await asyncio.sleep(0)
        elif self.in_threads:
            await self._happened.wait()
        else:
            return False
        return True

    def counting(self, work: Callable[..., Any]) -> Callable[..., "asyncio.Future[Any]"]:
        """The same work, which threads do; it is counted until it is done."""

        def counted(*arguments: Any, **options: Any) -> "asyncio.Future[Any]":
            job: asyncio.Future[Any] = asyncio.ensure_future(work(*arguments, **options))
            self._changed(1)
            job.add_done_callback(lambda _: self._changed(-1))
            return job

        return counted

    def _changed(self, in_threads: int) -> None:
        self.in_threads += in_threads
        self._turns = 0
        self._happened.set()
        self._happened = asyncio.Event()


@contextmanager
def _watched(world: Life) -> Generator[None]:
    """Until the block ends, the world's life knows of all that is done in threads."""
    loop = asyncio.get_running_loop()
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((loop, "run_in_executor"), (GroupCommit, "write"), (GroupCommit, "close")):
            patch.setattr(owner, name, world.counting(getattr(owner, name)))
        yield


@asynccontextmanager
async def life(
    folder: Path, *, clock: HandClock | None = None, bots: Bots | None = None, **settings: Any
) -> AsyncGenerator[Life]:
    """The emulation of all messengers, with their settings' defaults, at work until the block ends."""
    known, asked = messengers(), settings.pop("options", {})
    options = {
        name: {option.name: option.default for option in one.options} | asked.get(name, {})
        for name, one in known.items()
    }
    clock, bots = clock or HandClock(), bots or Bots()
    emulation = await Emulation.open(
        folder / "emulator.db",
        clock=clock,
        transport=bots,
        makers={name: one.emulator for name, one in known.items()},
        settings=EmulationSettings(options=options, **settings),
    )
    telling = asyncio.create_task(emulation.run())
    world = Life(emulation, clock, bots)
    try:
        with _watched(world):
            async with asyncio.timeout(PATIENCE):
                yield world
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        await emulation.close()


Story: TypeAlias = Callable[[Life], Coroutine[Any, Any, None]]


def told(folder: Path, story: Story, **settings: Any) -> None:
    """Lives the story in a world of its own; the settings are those of `life`."""
    folder.mkdir(exist_ok=True)

    async def run() -> None:
        async with life(folder, **settings) as world:
            await story(world)

    asyncio.run(run())
