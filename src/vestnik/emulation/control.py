"""Decides how tests and pages steer the emulators: the journal, counts, faults, bots and a fresh start, over HTTP.

It has never heard of keys; whoever serves it checks who may.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

from vestnik.emulation import people, problems, saved
from vestnik.emulation.asked import JSON, Asked
from vestnik.emulation.problems import Problem
from vestnik.emulation.reading import Reading
from vestnik.emulation.rules import read_rules
from vestnik.emulation.tally import Tally
from vestnik.emulation.when import Moment, rfc3339
from vestnik.emulation.world import Emulator, World
from vestnik.groupcommit import StoreUnavailable
from vestnik.ports import Request, Response

STATE: Final = "state"
_DOCUMENT: Final = {
    "content-type": "application/vnd.sqlite3",
    "content-disposition": 'attachment; filename="emulators.db"',
}
Route: TypeAlias = Callable[[Asked], Awaitable[Response]]

BODY_LIMIT: Final = 2**20
"""Bytes of a request."""


class Keeper(Protocol):
    """Whoever has all of the world, and can put another in its place."""

    async def save(self) -> bytes:
        """A document, or saved.TooLarge."""

    async def load(self, document: bytes) -> Moment | None:
        """When the document was saved, or saved.Unfit."""


class Control:
    """The control API of one world."""

    def __init__(self, world: World, emulators: Mapping[str, Emulator], keeper: Keeper) -> None:
        self._world = world
        self._keeper = keeper
        self._emulators = emulators
        phones, reading = people.People(world, emulators), Reading(world, emulators)
        self._routes: dict[str, dict[str, Route]] = {
            "journal": {"GET": reading.journal},
            "expect": {"POST": reading.expect},
            "stats": {"GET": self._stats},
            "reset": {"POST": self._reset},
            STATE: {"GET": self._save, "PUT": self._load},
            "faults": {"GET": self._faults, "PUT": self._put_faults, "DELETE": self._drop_faults},
            "bots": {"GET": self._bots},
            "bots/": {"PUT": self._put_bot, "DELETE": self._drop_bot},
            "messengers/": dict.fromkeys(("GET", "PUT", "POST", "DELETE"), self._desk),
            "phones": {"GET": phones.listed},
            "phones/": {"GET": phones.shown, "PATCH": phones.changed, "POST": phones.did},
        }

    async def answer(self, request: Request) -> Response:
        """The answer; `url` is the path and query below the control API's prefix. Never raises for a bad request."""
        try:
            return await self._dispatch(request)
        except Problem as problem:
            return problems.answer(problem)
        except StoreUnavailable as error:
            return problems.answer(Problem(503, f"nothing can be written down: {error}", {"retry-after": "1"}))

    async def _dispatch(self, request: Request) -> Response:
        path, _, query = request.url.partition("?")
        name, slash, rest = path.strip("/").partition("/")
        methods = self._routes.get(name + slash)
        if methods is None:
            raise Problem(404, f"the control API has no {path}")
        route = methods.get(request.method)
        if route is None:
            allowed = ", ".join(sorted(methods))
            raise Problem(405, f"{path} takes {allowed}", {"allow": allowed})
        most = saved.LIMIT if name == STATE else BODY_LIMIT
        if len(request.body) > most:
            raise Problem(413, f"a request may have {most} bytes")
        try:
            pairs = dict(parse_qsl(query, keep_blank_values=True, errors="strict"))
            messenger, more, thing = (unquote(part, errors="strict") for part in rest.partition("/"))
        except UnicodeDecodeError:
            raise Problem(400, "the address is not UTF-8") from None
        if slash and (messenger not in self._emulators or not more or not thing):
            raise Problem(404, f"the control API has no {path}")
        return await route(Asked(messenger, thing, pairs, request.body, request.method))

    async def _stats(self, asked: Asked) -> Response:
        asked.only()
        known = {tally.messenger: tally for tally in await self._world.journal.tallies()}
        shown = {}
        for name, line in self._world.lines.items():
            tally = known.get(name, Tally(name))
            shown[name] = {
                "taken": tally.taken,
                "replayed": tally.replayed,
                "refused": line.refused,
                "receipts_pending": tally.pending,
                "receipts_sent": tally.told,
                "receipts_given_up": tally.given_up,
            }
        return _json(shown)

    async def _reset(self, asked: Asked) -> Response:
        asked.only()
        await self._world.reset()
        return Response(204)

    async def _save(self, asked: Asked) -> Response:
        asked.only()
        try:
            document = await self._keeper.save()
        except saved.TooLarge as error:
            detail = f"the state has {error.args[0]} bytes and a document at most {saved.LIMIT}: copy the data folder"
            raise Problem(409, detail) from None
        return Response(200, _DOCUMENT, document)

    async def _load(self, asked: Asked) -> Response:
        asked.only()
        try:
            at = await self._keeper.load(asked.body)
        except saved.Unfit as error:
            raise Problem(422, f"nothing was loaded: {error}") from None
        return _json({"saved_at": None if at is None else rfc3339(at)})

    async def _faults(self, asked: Asked) -> Response:
        asked.only()
        return _json(self._world.faults.listed())

    async def _put_faults(self, asked: Asked) -> Response:
        asked.only()
        await self._world.faults.put(read_rules(asked.json(), self._emulators))
        return _json(self._world.faults.listed())

    async def _drop_faults(self, asked: Asked) -> Response:
        asked.only()
        await self._world.faults.put([])
        return Response(204)

    async def _bots(self, asked: Asked) -> Response:
        asked.only()
        return _json({"bots": [{"messenger": messenger, "bot": bot} for messenger, bot in self._world.bots.listed()]})

    async def _put_bot(self, asked: Asked) -> Response:
        asked.only()
        bot, token = self._bot(asked)
        body = asked.fields({"token": str}) if asked.body else {}
        await self._world.bots.register(asked.messenger, bot, body.get("token", token))
        return _json({"messenger": asked.messenger, "bot": bot})

    async def _drop_bot(self, asked: Asked) -> Response:
        asked.only()
        bot, _ = self._bot(asked)
        if not await self._world.bots.remove(asked.messenger, bot):
            raise Problem(404, f"{bot} is not registered")
        return Response(204)

    async def _desk(self, asked: Asked) -> Response:
        """What only one messenger has, which its emulator answers for."""
        desk = self._world.desks.get(asked.messenger)
        if desk is None:
            raise Problem(404, f"the control API has nothing of {asked.messenger} alone")
        return await desk(asked)

    def _bot(self, asked: Asked) -> tuple[str, str | None]:
        """The bot and its token, by its token or by the name that GET shows."""
        emulator = self._emulators[asked.messenger]
        found = emulator.bot_of(asked.name)
        if found is None and not emulator.is_bot(asked.name):
            raise Problem(404, f"no bot of {asked.messenger} can be called that")
        return found or (asked.name, None)


def is_state(url: str) -> bool:
    """Whether the path is that of all of the world."""
    return url.partition("?")[0].strip("/") == STATE


def _json(value: Any) -> Response:
    return Response(200, JSON, msgspec.json.encode(value))
