"""Decides how one update goes to a bot's webhook, and what its answer is worth.

It has never heard of when an update is told again.
"""

from base64 import b64encode
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.hooks import Hook
from vestnik.messengers.telegram.emulator.updates import Update
from vestnik.ports import NotSent, Request, Response, Transport

GONE: Final = 410
TIMEOUT: Final = 60.0
"""Seconds for one call."""
LONGEST_RETRY_AFTER: Final = 3600.0
SHARED_WORD: Final = "x-telegram-bot-api-secret-token"


class Told(NamedTuple):
    """What became of a call: `taken` is the answer of a bot that took the update, otherwise `words` say why not."""

    taken: Response | None
    words: str = ""
    status: int = 0
    retry_after: float = 0.0
    """Seconds that the webhook asked to be left alone."""


async def tell(transport: Transport, hook: Hook, update: Update) -> Told:
    """One call of the webhook."""
    try:
        answer = await transport.exchange(_request(hook, update), timeout=TIMEOUT)
    except NotSent:
        return Told(None, "Connection refused")
    except Exception as error:  # noqa: BLE001 - whatever keeps the bot from being told, it is tried again
        return Told(None, "Read timeout expired" if "no answer within" in str(error) else "Webhook connection closed")
    if 200 <= answer.status < 300:
        return Told(answer, status=answer.status)
    phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
    words = f"Wrong response from the webhook: {answer.status} {phrase}".rstrip()
    return Told(None, words, answer.status, _seconds(answer.headers.get("retry-after", "")))


def _request(hook: Hook, update: Update) -> Request:
    headers = {"content-type": wire.JSON, "accept-encoding": "gzip, deflate"}
    if hook.secret:
        headers[SHARED_WORD] = hook.secret
    parts = urlsplit(hook.url)
    user, at, host = parts.netloc.rpartition("@")
    if at:
        headers["authorization"] = f"Basic {b64encode(unquote(user).encode()).decode()}"
    url = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    return Request("POST", url, headers, msgspec.json.encode(update.on_wire()))


def _seconds(text: str) -> float:
    return min(float(text), LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0
