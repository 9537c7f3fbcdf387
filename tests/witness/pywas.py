"""Decides how pywa is opened on the emulated Cloud API: its host is hard-coded, so a transport leads it elsewhere.

It has never heard of what it is asked to do.
"""

from collections.abc import Generator
from contextlib import contextmanager

import httpx
from pywa import utils
from pywa.client import WhatsApp

from tests.witness.listener import Listener, listening
from vestnik.ports import Response

TOKEN, SECRET, VERIFY = "EAAwitness", "witness-app-secret", "witness-verify"
ACCOUNT = "100000000000003"


class Elsewhere(httpx.BaseTransport):
    """Leads every request to the emulator and below its prefix, whatever the host."""

    def __init__(self, address: str) -> None:
        self._there = httpx.URL(f"{address}/whatsapp")
        self._sockets = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, prefix = request.url.raw_path, self._there.raw_path
        request.url = self._there.copy_with(raw_path=path if path.startswith(prefix + b"/") else prefix + path)
        request.headers["host"] = self._there.netloc.decode()
        return self._sockets.handle_request(request)

    def close(self) -> None:
        self._sockets.close()


@contextmanager
def opened(address: str, number: str) -> Generator[WhatsApp]:
    """The library for a number, an account and an app."""
    with httpx.Client(transport=Elsewhere(address)) as session:
        yield WhatsApp(
            phone_id=number,
            token=TOKEN,
            session=session,
            server=None,
            verify_token=VERIFY,
            app_secret=SECRET,
            waba_id=ACCOUNT,
            skip_duplicate_updates=False,
        )


@contextmanager
def listened(client: WhatsApp) -> Generator[Listener]:
    """The app's webhook, set by the library and verified by it."""

    def challenged(query: dict[str, str]) -> Response:
        text, status = client.webhook_challenge_handler(query.get(utils.HUB_VT), query.get(utils.HUB_CH))
        return Response(status, {"content-type": "text/plain"}, (text or "").encode())

    with listening(Listener(challenged)) as webhook:
        answer = client.api.set_app_callback_url(
            app_id=77,
            access_token=f"77|{SECRET}",
            callback_url=webhook.address,
            verify_token=VERIFY,
            fields=("messages", "message_template_status_update", "user_preferences"),
        )
        assert answer == {"success": True}
        yield webhook
