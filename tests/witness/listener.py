"""Decides how a witness is called back: a webhook over a real socket that keeps what came, byte for byte.

It has never heard of what is said in the calls.
"""

import queue
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.served import served
from vestnik.asgi import far_asgi
from vestnik.ports import Request, Response

PATIENCE = 5.0
"""Seconds within which a call has to come."""


@dataclass
class Listener:
    """A webhook. `challenged` answers a GET out of its query."""

    challenged: Callable[[dict[str, str]], Response] = lambda _: Response(405)
    address: str = ""
    calls: "queue.Queue[Request]" = field(default_factory=queue.Queue)

    async def answer(self, request: Request) -> Response:
        if request.method == "GET":
            return self.challenged(dict(parse_qsl(urlsplit(request.url).query)))
        self.calls.put(request)
        return Response(200)

    def next(self) -> Request:
        """The next call."""
        return self.calls.get(timeout=PATIENCE)

    def subscribe(self, address: str, app: str, secret: str) -> None:
        """Makes it the webhook of an app of the emulated Cloud API, which asks for a challenge first."""
        query = urlencode(
            {
                "object": "whatsapp_business_account",
                "callback_url": self.address,
                "verify_token": "word",
                "fields": "messages",
                "access_token": f"{app}|{secret}",
            }
        )
        request = urllib.request.Request(f"{address}/whatsapp/v23.0/{app}/subscriptions?{query}", method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200


@contextmanager
def listening(listener: Listener) -> Generator[Listener]:
    """The webhook at its address, until the block ends."""
    with served(far_asgi(listener.answer)) as listener.address:
        yield listener
