"""Decides how a business and the people behind phones speak to the emulated Cloud API in its exam.

It has never heard of what is asked.
"""

import hashlib
import hmac
import json
from typing import Any

from tests.contracts.world import JOHN, NUMBER, WHATSAPP_TOKEN, Life
from vestnik.ports import Request

PERSON = JOHN["whatsapp"]
ACCOUNT = "100000000000003"
BODY = {"text": "Which one?"}


async def call(
    world: Life, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str
) -> dict[str, Any]:
    """What the API answers, as JSON."""
    authorised = {"authorization": f"Bearer {WHATSAPP_TOKEN}", **headers}
    response = await world.ask(method, f"/whatsapp/v23.0/{path}", body, authorised)
    assert response.status == expect, response
    answer: dict[str, Any] = json.loads(response.body)
    return answer


async def post(world: Life, *, expect: int = 200, **message: Any) -> dict[str, Any]:
    """What a message is answered."""
    body = {"messaging_product": "whatsapp", "to": PERSON, **message}
    return await call(world, "POST", f"{NUMBER}/messages", body, expect=expect)


async def refused(world: Life, *, expect: int = 400, **message: Any) -> tuple[int, str]:
    """The code and the details with which a message is refused."""
    error = (await post(world, expect=expect, **message))["error"]
    assert error["message"].startswith(f"(#{error['code']}) ")
    return error["code"], error["error_data"]["details"]


async def does(world: Life, deed: str, *, expect: int = 201, **fields: Any) -> Any:
    """Something that the person does."""
    return await world.control("POST", f"/phones/whatsapp/{PERSON}/{deed}", {"bot": NUMBER, **fields}, expect=expect)


def values(world: Life) -> list[dict[str, Any]]:
    """What the app was told, call by call; every call is signed."""
    return [value for request in world.bots.told for value in _values(request)]


def said(world: Life) -> list[dict[str, Any]]:
    """The messages of people that the app was told of."""
    return [message for value in values(world) for message in value.get("messages", ())]


def _values(request: Request) -> list[dict[str, Any]]:
    digest = hmac.new(b"secret", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={digest}"
    assert request.body.isascii()
    whole = json.loads(request.body)
    assert whole["object"] == "whatsapp_business_account"
    return [change["value"] for entry in whole["entry"] for change in entry["changes"]]


async def upload(
    world: Life, content: bytes, kind: str, *, expect: int = 200, field: str = "file", **fields: str
) -> dict[str, Any]:
    known = {"messaging_product": "whatsapp", **fields}
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in known.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="a"\r\nContent-Type: {kind}\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + content + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return await call(world, "POST", f"{NUMBER}/media", body, expect=expect, **headers)
