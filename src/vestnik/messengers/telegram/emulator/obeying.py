"""Decides which call of a method a bot makes by its answer to an update, and makes it.

It has never heard of how the answer came.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.arguments import ArgumentError
from vestnik.messengers.telegram.emulator.calls import Failed
from vestnik.messengers.telegram.encodings import Upload, read_call
from vestnik.ports import HungUp, Response

UNALLOWED: Final = frozenset({"deletewebhook", "setwebhook", "close", "logout"})

Execute = Callable[[str, str, dict[str, str], dict[str, Upload]], Awaitable[Any]]


class Obeying:
    """Makes the calls; nobody is told their results."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    async def __call__(self, bot: str, answer: Response) -> None:
        """Makes the call that the bot's answer names in its field `method`, if it names one that may be made so."""
        try:
            arguments, files = read_call("", answer.headers.get("content-type", ""), answer.body)
            method = arguments.pop("method", "").lower()
            if method and method not in UNALLOWED and not method.startswith("get"):
                await self._execute(f"{bot}:", method, arguments, files)
        except (wire.Malformed, Failed, ArgumentError, HungUp):
            return
