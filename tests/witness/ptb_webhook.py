"""Decides how a call of a webhook is passed on to python-telegram-bot's own server, and what its bot then hears.

It has never heard of what is told. The server stands as the library has it behind a reverse proxy: at a socket in the
file system, while the address that its bot gives to the Bot API is somebody else's.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from telegram import Update
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler

from tests.witness.listener import PATIENCE

SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"


class Behind:
    """The library's server, and the updates that a handler of its bot was given."""

    def __init__(self, proxy: httpx.AsyncClient) -> None:
        self._proxy = proxy
        self._handled: asyncio.Queue[Update] = asyncio.Queue()

    async def passed(self, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        """What the library answers to the call."""
        return await self._proxy.post("http://bot.example/hook", headers=dict(headers), content=body)

    async def handled(self) -> Update:
        """The next update that the handler was given."""
        async with asyncio.timeout(PATIENCE):
            return await self._handled.get()

    def nothing_handled(self) -> bool:
        return self._handled.empty()

    async def handle(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """The bot's only handler."""
        await self._handled.put(update)


@asynccontextmanager
async def behind(address: str, token: str, folder: Path, **webhook: Any) -> AsyncGenerator[Behind]:
    """A bot at the emulators' address, its webhook set as `start_webhook` does it, until the block ends."""
    at = folder / "ptb.sock"
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(at))) as proxy:
        server = Behind(proxy)
        bot: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().token(token).base_url(f"{address}/telegram/bot").build()
        )
        bot.add_handler(TypeHandler(Update, server.handle))
        assert bot.updater is not None
        async with bot:
            await bot.start()
            await bot.updater.start_webhook(url_path="hook", unix=at, **webhook)
            try:
                yield server
            finally:
                await bot.updater.stop()
                await bot.stop()
