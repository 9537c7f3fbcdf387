"""Decides whether a method of the emulated Bot API can be called in every way that the real server takes, on a socket.

It has never heard of what methods do. aiohttp is the witness: it sends in chunks whatever has no length.
"""

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest

METHOD = "/telegram/bot7000000079:AAF-calls/sendMessage"
PARTS = b"".join(
    b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
    for pair in ((b"chat_id", b"1001"), (b"text", b"Hello"))
)
MULTIPART = (PARTS + b"--b--\r\n", "multipart/form-data; boundary=b")
JSON = (b'{"chat_id":1001,"text":"Hello"}', "application/json")
FORM = (b"chat_id=1001&text=Hello", "application/x-www-form-urlencoded")


async def chunks(body: bytes) -> AsyncGenerator[bytes]:
    for at in range(0, len(body), 7):
        yield body[at : at + 7]


def called(address: str, path: str, body: Any = None, *, verb: str = "POST", **headers: str) -> Any:
    async def run() -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            aiohttp.ClientSession() as session,
            session.request(verb, f"{address}{path}", data=body, headers=named) as answer,
        ):
            return json.loads(await answer.read())

    return asyncio.run(run())


@pytest.mark.parametrize(("body", "media_type"), [MULTIPART, JSON, FORM], ids=["multipart", "json", "form"])
@pytest.mark.parametrize("way", ["whole", "chunks", "gzip", "gzip in chunks"])
def test_a_body_comes_whole_in_chunks_or_packed(address: str, way: str, body: bytes, media_type: str) -> None:
    headers = {"content_type": media_type}
    if "gzip" in way:
        body, headers = gzip.compress(body), {**headers, "content_encoding": "gzip"}
    answer = called(address, METHOD, chunks(body) if "chunks" in way else body, **headers)
    assert answer["result"]["text"] == "Hello"


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE"])
def test_any_verb_will_do_and_a_method_is_called_in_any_case(address: str, verb: str) -> None:
    path = METHOD.replace("sendMessage", "SENDmessage")
    answer = called(address, f"{path}?chat_id=1001&text=Hello", verb=verb)
    assert answer["result"]["text"] == "Hello"


@pytest.mark.parametrize(("body", "media_type"), [MULTIPART, JSON, FORM], ids=["multipart", "json", "form"])
def test_what_is_in_the_query_counts_before_the_body(address: str, body: bytes, media_type: str) -> None:
    answer = called(address, f"{METHOD}?text=Asked&protect_content=1", body, content_type=media_type)
    assert (answer["result"]["text"], answer["result"]["chat"]["id"]) == ("Asked", 1001)
    assert answer["result"]["has_protected_content"] is True


def test_a_body_of_another_kind_is_not_read(address: str) -> None:
    answer = called(address, METHOD, JSON[0], content_type="text/plain")
    assert answer["description"] == "Bad Request: message text is empty"
