"""Decides how tests may move the service's time: by a span, to a moment, and back.

It has never heard of what waits for the time; a moved clock wakes its sleepers by itself.
"""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.faults import Faults
from vestnik.api.idempotency import Once
from vestnik.api.parts import MovableClock, Parts
from vestnik.api.problems import NO_TEST_CLOCK, Fault, Problem
from vestnik.api.queries import Query
from vestnik.api.replies import Reply, told
from vestnik.api.schemas import ClockBody
from vestnik.api.shapes import Shape
from vestnik.api.times import moment_of, span_of
from vestnik.api.views import When
from vestnik.domain.moment import LATEST, SECOND, Moment, seconds, to_rfc3339

_LAST = LATEST - seconds(366 * 24 * 3600)
"""A clock stays a year from the end of time, so that what it is added to has a date too."""
_WAYS = ("advance", "set", "reset")


class ClockView(msgspec.Struct):
    """The service's time, and how many seconds it is ahead of the machine's."""

    now: When
    offset: float


class ClockRoutes:
    """The route /api/clock."""

    def __init__(self, parts: Parts, once: Once) -> None:
        self._parts = parts
        self._once = once
        self._body = Shape(ClockBody)
        self._moving = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """GET /api/clock."""
        Query(request, ()).settle()
        return self._told(self._movable())

    async def move(self, request: Request) -> Response:
        """POST /api/clock."""
        movable = self._movable()
        query = Query(request, ())
        body, of_shape, raw = await self._body.read(request, self._parts)
        faults = Faults([*query.faults, *of_shape])
        if not of_shape and sum(bool(getattr(body, way)) for way in _WAYS) != 1:
            faults.extend([Fault("#", f"must have one of {', '.join(_WAYS)}")])

        async def work(_: str | None) -> Reply:
            async with self._moving:
                machine = self._parts.clock.now() - movable.offset
                offset = _offset(body, machine, movable.offset, faults)
                faults.settle()
                await self._parts.store.keep_clock_offset(offset)
                movable.move(offset)
            self._parts.bell.wake()
            return self._told(movable)

        return await self._once.reply(request, raw, work)

    def _movable(self) -> MovableClock:
        if self._parts.movable is None:
            raise Problem(NO_TEST_CLOCK, "this service was started without --test-clock")
        return self._parts.movable

    def _told(self, movable: MovableClock) -> Reply:
        return told(ClockView(to_rfc3339(self._parts.clock.now()), movable.offset / SECOND))


def _offset(body: ClockBody, machine: Moment, offset: Moment, faults: Faults) -> Moment:
    """How far the clock is to stand ahead of the machine's."""
    field = "set" if body.set else "advance"
    try:
        if body.set:
            offset = moment_of(body.set) - machine
        elif body.advance:
            span = span_of(body.advance)
            if span < 0:
                faults.add("must not be negative; the clock goes back by set or reset", field)
            offset += span
        elif body.reset:
            offset = 0
    except ValueError as error:
        faults.add(str(error), field)
    if not 0 <= machine + offset <= _LAST:
        faults.add(f"must lead to a time between {to_rfc3339(0)} and {to_rfc3339(_LAST)}", field)
    return offset
