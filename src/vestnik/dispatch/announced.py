"""Decides when a messenger is told where to report: as soon as it listens, and before anything is sent to it.

It has never heard of what it is told or of what is sent; each gateway knows that.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from vestnik.domain.delivery import Claim
from vestnik.domain.errors import VestnikError
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Outcome
from vestnik.ports import Gateway, Inbound, Request, Traits

log = structlog.get_logger()

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


class Announced:
    """A gateway that sends nothing until its messenger has answered once to where it is to report, or has not in time.

    Some refuse what comes before that, which would cost an attempt, and others would have nobody to report to. One that
    cannot be told keeps nothing from being sent for longer than `wait` seconds.
    """

    def __init__(self, name: str, gateway: Gateway, wait: float) -> None:
        self._name = name
        self._gateway = gateway
        self._wait = wait
        self._asked = asyncio.Event()

    @property
    def traits(self) -> Traits:
        return self._gateway.traits

    async def open(self) -> None:
        """Tells the messenger what it wants to be told before it reports; tried until it listens."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._gateway.open()
            except VestnikError as trouble:
                log.warning(
                    "messenger cannot be told where to report", messenger=self._name, reason=str(trouble), pause=pause
                )
            else:
                return
            finally:
                self._asked.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def send(self, claim: Claim) -> Outcome:
        """See the port."""
        if not self._asked.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._wait):
                    await self._asked.wait()
        return await self._gateway.send(claim)

    def receive(self, request: Request, now: Moment) -> Inbound:
        """See the port."""
        return self._gateway.receive(request, now)
