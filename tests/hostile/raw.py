"""Decides how a test misbehaves on a socket: bytes as they are, at whatever pace, and what comes back.

It has never heard of what the server is.
"""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

WITHIN: Final = 20.0
"""Seconds after which a silent server is a hanging one."""


@contextmanager
def dialled(address: str, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """A connection to `http://host:port`; with a small buffer the server soon notices that nobody reads."""
    parts = urlsplit(address)
    with closing(socket.socket()) as dialling:
        if receive_buffer is not None:
            dialling.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        dialling.settimeout(WITHIN)
        dialling.connect((parts.hostname or "", parts.port or 80))
        yield dialling


def push(connection: socket.socket, *pieces: bytes) -> bool:
    """Sends; False where the server has closed meanwhile."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes; TimeoutError if it does not."""
    came = bytearray()
    with suppress(ConnectionResetError, BrokenPipeError):
        while piece := connection.recv(65536):
            came += piece
    return bytes(came)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The next answer: its status and body; 0 where the server closes without one."""
    came = bytearray()
    with suppress(ConnectionResetError, BrokenPipeError):
        while b"\r\n\r\n" not in came:
            if not (piece := connection.recv(65536)):
                return 0, b""
            came += piece
        head, _, body = bytes(came).partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        wanted = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < wanted and (piece := connection.recv(65536)):
            body += piece
        return int(head.split()[1]), body
    return 0, b""
