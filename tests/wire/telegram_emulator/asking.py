"""Decides how a test asks the emulated Bot API: in process, on a clock moved by hand.

It has never heard of any method.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from tests.contracts.world import Life, life
from vestnik.ports import Request, Response

TOKEN: Final = "7000000001:vestnik"
BOT: Final = 7000000001


@dataclass
class Api:
    """A bot and the people whom it writes to."""

    world: Life
    token: str = TOKEN

    async def ask(self, method: str, **arguments: Any) -> Any:
        """The whole answer, envelope and all."""
        response = await self.response(method, arguments)
        answer = json.loads(response.body)
        assert response.status == (200 if answer["ok"] else answer["error_code"]), response
        return answer

    async def response(self, method: str, arguments: dict[str, Any]) -> Response:
        """The answer as it goes over the wire."""
        return await self.world.ask("POST", f"/telegram/bot{self.token}/{method}", arguments)

    async def get(self, method: str, **arguments: Any) -> Any:
        """The result of a call that has to succeed."""
        answer = await self.ask(method, **arguments)
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **arguments: Any) -> str:
        """What the server says to a call that it has to refuse."""
        answer = await self.ask(method, **arguments)
        assert not answer["ok"], answer
        description: str = answer["description"]
        return description

    async def upload(self, method: str, files: dict[str, tuple[str, bytes]], **arguments: Any) -> Any:
        """The answer to a call with files, each a name and its bytes."""
        boundary = uuid4().hex
        parts = []
        for name, value in arguments.items():
            text = value if isinstance(value, str) else json.dumps(value)
            parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode())
        for name, (filename, content) in files.items():
            head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
            parts.append(head.encode() + content)
        body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
        body += f"--{boundary}--\r\n".encode()
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        response = await self.world.emulation.answer(
            Request("POST", f"/telegram/bot{self.token}/{method}", headers, body)
        )
        return json.loads(response.body)

    async def updates(self, **arguments: Any) -> list[dict[str, Any]]:
        """What getUpdates has at once."""
        found: list[dict[str, Any]] = await self.get("getUpdates", **arguments)
        return found

    async def person(self, who: int, deed: str, *, expect: int | None = None, **fields: Any) -> Any:
        """Somebody does something to the bot, by default with success: a message, or what leaves none."""
        writes = deed == "messages" or (deed == "press" and "message" not in fields)
        status = expect or (201 if writes else 204)
        body = {"bot": self.token, **fields}
        return await self.world.control("POST", f"/phones/telegram/{who}/{deed}", body, expect=status)

    def beside(self, token: str) -> "Api":
        """Another bot of the same world."""
        return Api(self.world, token)


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncGenerator[Api]:
    """A world with a bot in it."""
    async with life(folder, **settings) as world:
        yield Api(world)


def told(folder: Path, story: Callable[[Api], Awaitable[None]], **settings: Any) -> None:
    """Lives the story in a world of its own."""

    async def run() -> None:
        async with opened(folder, **settings) as api:
            await story(api)

    asyncio.run(run())
