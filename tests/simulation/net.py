"""Decides how bytes go between people, processes and machines that are not there: late, never, or only one way.

It has never heard of what is said; whoever calls a dead process is refused, whoever calls a dying one is hung up on.
"""

import asyncio
from contextvars import ContextVar
from random import Random
from typing import Final

from tests.simulation.loop import Process
from vestnik.domain.errors import NoReply, NotSent
from vestnik.ports import Far, HungUp, Request, Response

ATTEMPT: Final[ContextVar[int | None]] = ContextVar("attempt", default=None)
"""The number of the attempt that is being made, for whoever notes which attempt did what."""
ATTEMPT_HEADER: Final = "x-attempt"


class Wire:
    """Carries requests; `slow` is the seconds that one way may take."""

    def __init__(self, random: Random, slow: float) -> None:
        self._random = random
        self._slow = slow

    async def call(self, process: Process, far: Far, request: Request) -> Response:
        """The answer of a far side in another process; HungUp where that dies, NotSent where it is dead already.

        Whoever stops waiting goes away unnoticed: the far side carries on.
        """
        await asyncio.sleep(self._way())
        if not process.alive:
            raise NotSent("connection refused")
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        hang_up = _Settler(answer).hang_up
        process.mourners.append(hang_up)
        process.spawn(self._work(far, request, answer))
        try:
            return await answer
        finally:
            if process.alive:
                process.mourners.remove(hang_up)

    async def _work(self, far: Far, request: Request, answer: "asyncio.Future[Response]") -> None:
        try:
            response = await far(request)
        except HungUp:
            _Settler(answer).hang_up()
            return
        await asyncio.sleep(self._way())
        if not answer.done():
            answer.set_result(response)

    def _way(self) -> float:
        return self._random.random() * self._slow


class _Settler:
    def __init__(self, answer: "asyncio.Future[Response]") -> None:
        self._answer = answer

    def hang_up(self) -> None:
        if not self._answer.done():
            self._answer.set_exception(HungUp())


class WireTransport:
    """Exchanges with a far side in whatever process is there at the time."""

    def __init__(self, wire: Wire, there: "Place") -> None:
        self._wire = wire
        self._there = there

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        """See the port."""
        if (attempt := ATTEMPT.get()) is not None:
            request = request._replace(headers={**request.headers, ATTEMPT_HEADER: str(attempt)})
        try:
            async with asyncio.timeout(timeout):
                return await self._there.call(self._wire, request)
        except TimeoutError as error:
            raise NoReply(f"no answer within {timeout:g} s") from error
        except HungUp as error:
            raise NoReply("connection closed") from error


class Place:
    """An address, with the process that listens there at the time and what answers in it."""

    def __init__(self) -> None:
        self.process: Process | None = None
        self.far: Far | None = None

    async def call(self, wire: Wire, request: Request) -> Response:
        """The answer; NotSent where nobody listens."""
        if self.process is None or self.far is None:
            raise NotSent("connection refused")
        return await wire.call(self.process, self.far, request)

    def settle(self, process: Process, far: Far) -> None:
        """The process listens there from now on."""
        self.process, self.far = process, far

    def vacate(self) -> None:
        """Nobody listens there."""
        self.process = self.far = None
