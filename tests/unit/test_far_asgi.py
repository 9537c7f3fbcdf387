"""Decides that a far side answers whoever waits for it, and that nobody is harmed where the two part at once.

It has never heard of a server; what a caller does is played by hand.
"""

import asyncio

from starlette.types import Message

from tests.virtual import run
from vestnik.asgi import PATIENCE, far_asgi
from vestnik.ports import Request, Response


def test_a_caller_who_goes_in_the_turn_in_which_the_answer_comes_breaks_nothing() -> None:
    async def part() -> list[Message]:
        loop = asyncio.get_running_loop()
        answered, gone = loop.create_future(), loop.create_future()
        sent: list[Message] = []
        came = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def far(_request: Request) -> Response:
            await answered
            return Response(204)

        async def receive() -> Message:
            if (message := next(came, None)) is not None:
                return message
            await gone
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
        call = asyncio.ensure_future(far_asgi(far)(scope, receive, send))
        await asyncio.sleep(PATIENCE * 2)
        loop.call_soon(answered.set_result, None)  # The answer is there one step before the caller is seen to go.
        gone.set_result(None)
        await call
        return sent

    assert [message["type"] for message in run(part())] == ["http.response.start", "http.response.body"]
