"""Decides what the far side of a benchmark answers: sendMessage in Telegram's words, at once or after it hung.

It has never heard of who calls; when each recipient's message arrived is all it remembers, in memory alone.

Recipients from HANGS_FROM on are answered after HANG seconds, with a failure of the server. `GET /stats` tells
how many messages came, to how many recipients, and when; `GET /arrivals` the time of each recipient's first;
`POST /reset` forgets them. Times are seconds since 1970.
"""

import asyncio
import time
from typing import Any, Final, cast

import msgspec
import uvloop

HANGS_FROM: Final = 900_000_000
HANG: Final = 2.0
_GONE_WRONG: Final = b'{"ok":false,"error_code":500,"description":"Internal Server Error"}'


class _Call(msgspec.Struct):
    chat_id: int | str


_decode: Final = msgspec.json.Decoder(_Call).decode


class Arrivals:
    """What came."""

    def __init__(self) -> None:
        self.count = 0
        self.first: dict[int, float] = {}
        self.last_at = 0.0

    def note(self, recipient: int) -> None:
        """A message to the recipient came."""
        self.count += 1
        self.last_at = time.time()
        self.first.setdefault(recipient, self.last_at)

    def stats(self) -> dict[str, Any]:
        """How many, to how many, and when."""
        began = next(iter(self.first.values()), 0.0)
        return {"count": self.count, "recipients": len(self.first), "first_at": began, "last_at": self.last_at}


class Stub(asyncio.Protocol):
    """One connection; requests may follow each other, one at a time."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answers every request that is here whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            whole = end + 4 + _length(head)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"POST /bot"):
            self._take(int(_decode(body).chat_id))
        elif head.startswith(b"GET /stats"):
            self._write(200, msgspec.json.encode(self._arrivals.stats()))
        elif head.startswith(b"GET /arrivals"):
            self._write(200, msgspec.json.encode(self._arrivals.first))
        elif head.startswith(b"POST /reset"):
            self._arrivals.__init__()  # type: ignore[misc] # every connection shares the one object
            self._write(200, b"{}")
        else:
            self._write(404, b"{}")

    def _take(self, recipient: int) -> None:
        self._arrivals.note(recipient)
        if recipient >= HANGS_FROM:
            asyncio.get_running_loop().call_later(HANG, self._write, 500, _GONE_WRONG)
            return
        number, chat = self._arrivals.count, b'{"id":%d,"type":"private"}' % recipient
        self._write(200, b'{"ok":true,"result":{"message_id":%d,"date":0,"chat":%b,"text":"-"}}' % (number, chat))

    def _write(self, status: int, body: bytes) -> None:
        head = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


def _length(head: bytes) -> int:
    begin = head.lower().find(b"\r\ncontent-length:")
    return int(head[begin + 17 :].split(b"\r\n", 1)[0]) if begin >= 0 else 0


async def _serve() -> None:
    arrivals = Arrivals()
    server = await asyncio.get_running_loop().create_server(lambda: Stub(arrivals), "127.0.0.1", 0, backlog=2048)
    print(f"stub ready on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201 - it is waited for
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
