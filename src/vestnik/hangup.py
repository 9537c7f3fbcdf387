"""Decides how uvicorn closes a connection without an answer, when an application asks it to.

It has never heard of who asks or why.
"""

from functools import partial

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from vestnik.asgi import HANG_UP


class HangUpProtocol(HttpToolsProtocol):
    """HTTP/1.1 that offers the extension HANG_UP in every scope; for uvicorn's setting `http`."""

    def on_headers_complete(self) -> None:
        """Adds the extension before the application runs: its task is made in here and starts later."""
        super().on_headers_complete()
        self.scope["extensions"] = {HANG_UP: partial(self._hang_up, self.cycle)}  # type: ignore[dict-item] # only its own extensions are typed

    def _hang_up(self, cycle: RequestResponseCycle) -> None:
        """Closes the connection; a cycle that counts as disconnected sends no error of its own."""
        cycle.disconnected = True
        self.transport.close()
