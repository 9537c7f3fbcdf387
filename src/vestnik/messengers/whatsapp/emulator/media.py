"""Decides how files come to the emulated Cloud API and leave it: uploads, addresses that expire, downloads, deletion.

It has never heard of the messages that name them.
"""

from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from vestnik.emulation.when import SECOND, span
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.emulator.refusals import Refused
from vestnik.messengers.whatsapp.emulator.wamid import thing_id
from vestnik.ports import Request, Response

NAME: Final = "whatsapp"
KIND: Final = "media"
DOWNLOADS: Final = "media_downloads"
"""The first part of the path of a file's own address."""
ADDRESS_LIFE: Final = span(300)
UPLOAD_LIFE: Final = span(30 * 86400)
PERSONS_LIFE: Final = span(7 * 86400)
"""How long there is a file that a person sent."""

_DOCUMENTS: Final = (
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/plain",
)
LIMITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/opus"), 16 * 2**20),
    **dict.fromkeys(_DOCUMENTS, 100 * 2**20),
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * 2**20),
    "image/webp": 500 * 2**10,
    **dict.fromkeys(("video/3gpp", "video/mp4"), 16 * 2**20),
}
"""Bytes of a file by its type."""


class Medium(msgspec.Struct, frozen=True):
    """A file that was uploaded or came from a person."""

    id: str
    mime_type: str
    sha256: str
    file_size: int
    until: int
    """The moment when it is gone."""


class Media:
    """The files of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._records = world.records(NAME)
        self._blobs = world.blobs(NAME)

    async def upload(self, request: Request) -> dict[str, Any]:
        """Keeps the file of a multipart form; the other fields may come in the query too."""
        fields, files = _form(request)
        fields = {**dict(parse_qsl(request.url.partition("?")[2])), **fields}
        if fields.get("messaging_product") != wire.PRODUCT:
            raise Refused(100, "The parameter messaging_product is required.")
        if "file" not in files:
            raise Refused(100, "The parameter file is required.")
        content, named = files["file"]
        kind = (fields.get("type") or named).partition(";")[0].strip().lower()
        most = LIMITS.get(kind)
        if most is None:
            types = ", ".join(LIMITS)
            message = f"(#100) Param file must be a file with one of the following types: {types}. "
            raise Refused(100, message=message + f"Received file of type '{kind[:64]}'.")
        if not content or len(content) > most:
            raise Refused(131053, f"A file of type {kind} has 1 to {most} bytes, this one {len(content)}")
        return {"id": (await self.keep(content, kind, UPLOAD_LIFE)).id}

    async def keep(self, content: bytes, kind: str, life: int = PERSONS_LIFE) -> Medium:
        """Keeps a file."""
        number = thing_id(self._world.unique())
        until = self._world.clock.now() + life
        medium = Medium(number, kind, sha256(content).hexdigest(), len(content), until)
        await self._blobs.put(number, content)
        await self._records.put(KIND, number, medium)
        return medium

    async def find(self, node: str) -> Medium | None:
        """The file of this id, unless it is gone."""
        value = await self._records.get(KIND, node)
        medium = None if value is None else msgspec.convert(value, Medium)
        return medium if medium and self._world.clock.now() < medium.until else None

    def shown(self, medium: Medium, request: Request) -> dict[str, Any]:
        """What is told of a file: for five minutes it can be had at the address."""
        expires = (self._world.clock.now() + ADDRESS_LIFE) // SECOND
        query = f"ext={expires}&hash={_proof(medium, expires)}"
        return {
            "messaging_product": wire.PRODUCT,
            "url": f"{address_of(request)}/{DOWNLOADS}/{medium.id}?{query}",
            "mime_type": medium.mime_type,
            "sha256": medium.sha256,
            "file_size": medium.file_size,
            "id": medium.id,
        }

    async def download(self, node: str, query: str) -> Response:
        """The file at its own address; 404 where that is wrong or has expired."""
        medium, asked = await self.find(node), dict(parse_qsl(query))
        expires = asked.get("ext", "")
        fits = medium and expires.isascii() and expires.isdigit() and len(expires) < 16
        if not medium or not fits or asked.get("hash") != _proof(medium, int(expires)):
            return Response(404)
        content = await self._blobs.get(node)
        if content is None or self._world.clock.now() // SECOND > int(expires):
            return Response(404)
        headers = {"content-type": medium.mime_type, "content-length": str(len(content))}
        return Response(200, headers, content)

    async def delete(self, medium: Medium) -> None:
        """Forgets the file."""
        await self._records.drop(KIND, [medium.id])
        await self._blobs.drop(medium.id)


def fits(kind: str, mime_type: str) -> bool:
    """Whether a message of this type can show a file of that one; a document can be anything."""
    first, _, _ = mime_type.partition("/")
    match kind:
        case "document":
            return True
        case "sticker":
            return mime_type == "image/webp"
        case "image":
            return first == "image" and mime_type != "image/webp"
        case _:
            return first == kind


def address_of(request: Request) -> str:
    """Where the emulated API is, as the request found it: directly or through a proxy that has it elsewhere."""
    origin = f"{request.headers.get('x-forwarded-proto', 'http')}://{request.headers.get('host', 'localhost')}"
    return origin + request.headers.get("x-forwarded-prefix", f"/{NAME}").rstrip("/")


def _proof(medium: Medium, expires: int) -> str:
    return sha256(f"{medium.id} {medium.sha256} {expires}".encode()).hexdigest()[:32]


def _form(request: Request) -> tuple[dict[str, str], dict[str, tuple[bytes, str]]]:
    """The fields and the files of a multipart form, each file with its media type."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data") or not kind.isascii() or "\n" in kind:
        raise Refused(100, "The body must be multipart/form-data.")
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    try:
        form = BytesParser(EmailMessage, policy=policy.HTTP).parsebytes(head + request.body)
        parts = list(form.iter_parts())
    except (ValueError, LookupError, TypeError, KeyError) as error:
        raise Refused(100, "The form cannot be read.") from error
    fields: dict[str, str] = {}
    files: dict[str, tuple[bytes, str]] = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        if part.get_filename() is not None:
            files[name] = (content, part.get_content_type())
        else:
            fields[name] = content.decode(errors="replace")
    return fields, files
