"""Decides what becomes of a bot that leaves the server or ends its work there.

It has never heard of anything else that it does.
"""

from typing import Final

from vestnik.emulation.when import span
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Call, Failed, Handlers
from vestnik.messengers.telegram.emulator.state import State

AWAY: Final = span(600.0)
"""For how long a bot that logged out cannot be used here again."""
LOGGED_OUT: Final = wire.Failure(400, "Logged out")
UNTIL: Final = "logged_out_until"


class Leaving:
    """The methods logOut and close."""

    def __init__(self, state: State) -> None:
        self._state = state

    def handlers(self) -> Handlers:
        """The methods."""
        return {"logout": self._log_out, "close": self._close}

    def check(self, bot: str) -> None:
        """Failed where the bot has logged out a short time ago."""
        until = self._state.profiles.get(bot, UNTIL, 0)
        if 0 < until - self._state.world.clock.now() <= AWAY:
            raise Failed(LOGGED_OUT)

    async def _log_out(self, call: Call) -> bool:
        await self._state.profiles.put(call.bot, UNTIL, self._state.world.clock.now() + AWAY)
        return True

    async def _close(self, _call: Call) -> bool:
        return True
