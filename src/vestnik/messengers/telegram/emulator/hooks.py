"""Decides how a bot wants to be told: where its webhook is, how it is called, and which kinds of updates it wants.

It has never heard of calls under way.
"""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

from vestnik.emulation.records import Change, Records
from vestnik.emulation.when import Moment
from vestnik.messengers.telegram.emulator.calls import Call, bad
from vestnik.messengers.telegram.emulator.updates import USUAL, Updates

KIND: Final = "webhook"
MOST_CONNECTIONS: Final = 100
USUAL_CONNECTIONS: Final = 40
SECRET_LIMIT: Final = 256
MOST: Final = 100_000
"""Bots whose wishes are kept in memory."""
PORTS: Final = frozenset({80, 88, 443, 8443})

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]*")
_HERE: Final = re.compile(r"localhost|.*\.localhost|127\.[0-9.]+|::1")
_NEAR: Final = re.compile(
    r"localhost|[a-z0-9-]+|.*\.(?:localhost|test|local|internal|example)|127\..*|10\..*|192\.168\..*"
    r"|172\.(?:1[6-9]|2[0-9]|3[01])\..*|::1"
)
"""Hosts of developers' own networks: the server in its local mode calls these over plain HTTP and on any port."""


class Hook(msgspec.Struct, omit_defaults=True):
    """A bot's wishes; an empty `url` means that it polls."""

    url: str = ""
    secret: str = ""
    connections: int = USUAL_CONNECTIONS
    ip_address: str = ""
    has_certificate: bool = False
    allowed: list[str] = []
    error_at: int = 0
    """Seconds since 1970."""
    error: str = ""
    gone_since: Moment = 0
    """Since when the webhook has said nothing but that it is gone."""


class Hooks:
    """The wishes of all bots, in memory and on disk; they outlive a reset."""

    def __init__(self, records: Records, updates: Updates) -> None:
        self._records = records
        self._updates = updates
        self._hooks: dict[str, Hook] = {}

    async def load(self) -> None:
        """Reads what is on disk."""
        for bot, document in await self._records.all(KIND):
            hook = self._hooks[bot] = msgspec.convert(document, Hook)
            self._updates.queue(bot).allowed = frozenset(hook.allowed) or USUAL

    def get(self, bot: str) -> Hook:
        """The bot's wishes."""
        return self._hooks.get(bot) or Hook()

    def bots(self) -> list[str]:
        """Those with a webhook."""
        return [bot for bot, hook in self._hooks.items() if hook.url]

    async def put(self, bot: str, hook: Hook) -> None:
        """The bot's wishes from now on; Failed where too many bots have some."""
        if bot not in self._hooks and len(self._hooks) >= MOST:
            raise bad("too many bots have wishes of their own")
        await self._records.change([Change(KIND, bot, hook, lasting=True)])
        self._hooks[bot] = hook
        self._updates.queue(bot).allowed = frozenset(hook.allowed) or USUAL


def is_same(hook: Hook, call: Call) -> bool:
    """Whether a call of setWebhook asks for the webhook that is set; one with a certificate is always new."""
    same = hook.url in (call.text("url"), _whole(call.text("url"))) and hook.connections == _connections(call)
    alike = (hook.secret, hook.ip_address) == (call.text("secret_token"), call.text("ip_address"))
    return same and alike and not hook.has_certificate and "certificate" not in call.files


def read_hook(call: Call) -> Hook:
    """The webhook that a call of setWebhook asks for, without its kinds of updates; Failed where it cannot be."""
    url = _checked(call.text("url"))
    secret = call.text("secret_token")
    if len(secret) > SECRET_LIMIT:
        raise bad("secret token is too long")
    if _SECRET.fullmatch(secret) is None:
        raise bad("secret token contains unallowed characters")
    return Hook(url, secret, _connections(call), call.text("ip_address"), "certificate" in call.files)


def _connections(call: Call) -> int:
    return min(max(call.number("max_connections", USUAL_CONNECTIONS), 1), MOST_CONNECTIONS)


def _whole(url: str) -> str:
    return url if "://" in url else f"https://{url}"


def _checked(url: str) -> str:
    whole = _whole(url)
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise bad("invalid webhook URL specified") from None
    if parts.scheme not in ("http", "https") or not host or any(character.isspace() for character in url):
        raise bad("invalid webhook URL specified")
    if not is_near(host):
        if parts.scheme != "https":
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if (port or 443) not in PORTS:
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    return whole


def is_near(host: str) -> bool:
    """Whether the host is on the developer's own machine or network, by its name or number."""
    return _NEAR.fullmatch(host) is not None


def is_here(host: str) -> bool:
    """Whether the host is this very machine, by its name or number."""
    return _HERE.fullmatch(host) is not None
