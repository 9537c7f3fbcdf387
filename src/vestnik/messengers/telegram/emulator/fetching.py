"""Decides what getFile answers and what is found at the address that it gives.

It has never heard of how files came.
"""

from typing import Final

from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Call, Failed, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import DOWNLOAD_LIMIT
from vestnik.messengers.telegram.emulator.state import State
from vestnik.ports import Response

BYTES: Final = {"content-type": "application/octet-stream"}


class Fetching:
    """The method getFile and the downloads."""

    def __init__(self, state: State) -> None:
        self._state = state

    def handlers(self) -> Handlers:
        """The methods."""
        return {"getfile": self._get_file}

    async def download(self, path: str) -> Response:
        """The file's bytes; Failed where there are none."""
        content = await self._state.files.content(path)
        if content is None:
            raise Failed(wire.NOT_FOUND)
        return Response(200, BYTES, content)

    async def _get_file(self, call: Call) -> Json:
        file = await self._state.files.find(call.bot, call.text("file_id"))
        if file is None:
            raise bad("invalid file_id")
        if file.size > DOWNLOAD_LIMIT:
            raise bad("file is too big")
        return {**file.on_wire(call.bot), "file_path": file.path}
