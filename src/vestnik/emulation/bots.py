"""Decides which bots exist and where each wants to be told what happens: its webhook.

It has never heard of tokens' forms or of events; the messengers' emulators check and translate those.
"""

import sqlite3
from importlib.resources import files
from typing import Any, Final

import msgspec

from vestnik.groupcommit import GroupCommit
from vestnik.sqlfiles import queries

_SQL: Final = queries(files("vestnik.emulation") / "setup.sql")

ANY_BOT: Final = "*"
"""Stands for every bot of a messenger that has no webhook of its own."""


class Webhook(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a bot is told what happens."""

    url: str
    secret: str
    """Signs what is told."""
    kinds: tuple[str, ...]
    """The kinds of report that it asked for."""
    events: tuple[str, ...] = ()
    """The same in the messenger's words, as they were asked for."""
    at_once: int = 1
    """How many reports it takes in one call, where the messenger can put several into one."""


_BOTS: Final = msgspec.json.Decoder(list[tuple[str, str, str | None]])
_WEBHOOKS: Final = msgspec.json.Decoder(list[tuple[str, str, Webhook]])


class Bots:
    """The registered bots and the webhooks, in memory and on disk.

    With `strict` only registered bots exist. An emulator may name bots and a webhook that its settings tell of; those
    are not kept on disk, and a webhook that a bot asked for itself goes before them.
    """

    def __init__(self, rows: GroupCommit, *, strict: bool) -> None:
        self._rows = rows
        self._strict = strict
        self._tokens: dict[tuple[str, str], str | None] = {}
        self._configured: dict[tuple[str, str], str | None] = {}
        self._webhooks: dict[tuple[str, str], Webhook] = {}
        self._defaults: dict[tuple[str, str], Webhook] = {}

    async def load(self) -> None:
        """Reads what is on disk."""
        bots, webhooks = await self._rows.read(_all)
        self._tokens = {(messenger, bot): token for messenger, bot, token in _BOTS.decode(bots)}
        self._webhooks = {(messenger, bot): webhook for messenger, bot, webhook in _WEBHOOKS.decode(webhooks)}

    def configure(self, messenger: str, bot: str, token: str | None) -> None:
        """Names a bot that the settings tell of."""
        self._configured[messenger, bot] = token

    def configure_webhook(self, messenger: str, webhook: Webhook, bot: str = ANY_BOT) -> None:
        """Names the webhook that the settings tell of, for a bot that asked for none, or for all of them."""
        self._defaults[messenger, bot] = webhook

    def exists(self, messenger: str, bot: str) -> bool:
        """Whether there is such a bot."""
        return not self._strict or (messenger, bot) in self._tokens or (messenger, bot) in self._configured

    def trusts(self, messenger: str, bot: str, token: str | None) -> bool:
        """Whether whoever shows the token is the bot, which must exist and may have no token of its own."""
        if (messenger, bot) in self._tokens:
            return self._tokens[messenger, bot] in (None, token)
        return not self._strict or self._configured.get((messenger, bot), self) in (None, token)

    def listed(self) -> list[tuple[str, str]]:
        """The registered bots, as messenger and name."""
        return sorted({*self._tokens, *self._configured})

    async def register(self, messenger: str, bot: str, token: str | None) -> None:
        """The bot exists from now on; with a token only to those who show it."""
        await self._rows.write(_put_bot, {"messenger": messenger, "bot": bot, "token": token})
        self._tokens[messenger, bot] = token

    async def remove(self, messenger: str, bot: str) -> bool:
        """The bot is no longer registered; False if it was not."""
        if (messenger, bot) not in self._tokens:
            return False
        await self._rows.write(_drop_bot, {"messenger": messenger, "bot": bot})
        self._tokens.pop((messenger, bot), None)
        return True

    def webhook(self, messenger: str, bot: str) -> Webhook | None:
        """Where the bot wants to be told."""
        found = self._webhooks.get((messenger, bot)) or self._webhooks.get((messenger, ANY_BOT))
        return found or self._defaults.get((messenger, bot)) or self._defaults.get((messenger, ANY_BOT))

    def told(self, messenger: str) -> list[str]:
        """The bots of the messenger that have a webhook of their own."""
        return [bot for name, bot in self._webhooks if name == messenger and bot != ANY_BOT]

    async def set_webhook(self, messenger: str, bot: str, webhook: Webhook) -> None:
        """The bot, or ANY_BOT, is told there from now on."""
        details = msgspec.json.encode(webhook).decode()
        await self._rows.write(_put_webhook, {"messenger": messenger, "bot": bot, "details": details})
        self._webhooks[messenger, bot] = webhook

    async def remove_webhook(self, messenger: str, bot: str) -> None:
        """The bot is told nothing more."""
        await self._rows.write(_drop_webhook, {"messenger": messenger, "bot": bot})
        self._webhooks.pop((messenger, bot), None)


def _all(connection: sqlite3.Connection) -> tuple[str, str]:
    return connection.execute(_SQL["bots"]).fetchone()[0], connection.execute(_SQL["webhooks"]).fetchone()[0]


def _put_bot(connection: sqlite3.Connection, items: list[dict[str, Any]]) -> list[None]:
    return _each(connection, "put_bot", items)


def _drop_bot(connection: sqlite3.Connection, items: list[dict[str, Any]]) -> list[None]:
    return _each(connection, "drop_bot", items)


def _put_webhook(connection: sqlite3.Connection, items: list[dict[str, Any]]) -> list[None]:
    return _each(connection, "put_webhook", items)


def _drop_webhook(connection: sqlite3.Connection, items: list[dict[str, Any]]) -> list[None]:
    return _each(connection, "drop_webhook", items)


def _each(connection: sqlite3.Connection, name: str, items: list[dict[str, Any]]) -> list[None]:
    """Setting up is rare: one statement for each."""
    for item in items:
        connection.execute(_SQL[name], item)
    return [None] * len(items)
