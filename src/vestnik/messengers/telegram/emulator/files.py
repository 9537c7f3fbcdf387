"""Decides how files are kept and by which identifiers bots find them again.

It has never heard of messages. A file's unique identifier comes from its kind and its bytes; the identifier by which a
bot uses it holds that, and is good for that bot alone.
"""

import asyncio
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from vestnik.emulation.blobs import Blobs
from vestnik.emulation.records import Records
from vestnik.messengers.telegram.emulator.calls import Call, Json, bad
from vestnik.messengers.telegram.emulator.hooks import is_here
from vestnik.messengers.telegram.emulator.pictures import size_of
from vestnik.messengers.telegram.encodings import Upload
from vestnik.ports import Request, Transport

KIND: Final = "file"
DOWNLOADS: Final = "/file/"
ATTACHED: Final = "attach://"
DOWNLOAD_LIMIT: Final = 20 * 2**20
UPLOAD_LIMIT: Final = 50 * 2**20
PHOTO_LIMIT: Final = 10 * 2**20
FETCH_TIMEOUT: Final = 10.0
HASHED_BESIDE: Final = 2**20
"""Bytes of a file from which on it is hashed beside the event loop."""
NO_CONTENT: Final = "failed to get HTTP URL content"

_FOLDERS: Final = {
    "photo": ("photos", "AgAC", "jpg", "image/jpeg"),
    "document": ("documents", "BQAC", "bin", "application/octet-stream"),
    "video": ("videos", "BAAC", "mp4", "video/mp4"),
    "animation": ("animations", "CgAC", "mp4", "video/mp4"),
    "audio": ("music", "CQAC", "mp3", "audio/mpeg"),
    "voice": ("voice", "AwAC", "oga", "audio/ogg"),
    "video_note": ("video_notes", "DQAC", "mp4", "video/mp4"),
    "sticker": ("stickers", "CAAC", "webp", "image/webp"),
    "thumbnail": ("thumbnails", "AAMC", "jpg", "image/jpeg"),
}
_UNIQUE: Final = 16
_SALT: Final = 24
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]+")
_DOWNLOAD: Final = re.compile(r"/file/bot(?P<token>[^/]*)(?:/test)?/(?P<path>.+)")


class File(msgspec.Struct, omit_defaults=True):
    """What is known of a file."""

    unique: str
    kind: str
    size: int
    name: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0

    def identifier(self, bot: str) -> str:
        """The identifier by which the bot uses it."""
        return f"{_FOLDERS[self.kind][1]}{self.unique}{_salt(bot, self.unique)}"

    def on_wire(self, bot: str) -> Json:
        """The fields that every kind of file has."""
        return {
            "file_id": self.identifier(bot),
            "file_unique_id": self.unique,
            "file_size": self.size,
        }

    @property
    def path(self) -> str:
        """Where it is downloaded."""
        folder, _, extension, _ = _FOLDERS[self.kind]
        own = self.name.rpartition(".")[2].lower() if "." in self.name else ""
        return f"{folder}/{self.unique}.{own if own.isalnum() and own.isascii() else extension}"


class Files:
    """The files of all bots."""

    def __init__(self, records: Records, blobs: Blobs, transport: Transport) -> None:
        self._records = records
        self._blobs = blobs
        self._transport = transport

    async def keep(self, kind: str, upload: Upload) -> File:
        """Keeps an uploaded file; Failed where it is empty or too big."""
        content = upload.content
        if not content:
            raise bad("file must be non-empty")
        if len(content) > (PHOTO_LIMIT if kind == "photo" else UPLOAD_LIMIT):
            raise bad("file is too big")
        hashed = await asyncio.to_thread(sha256, content) if len(content) > HASHED_BESIDE else sha256(content)
        unique = urlsafe_b64encode(sha256(kind.encode() + hashed.digest()).digest()).decode()[:_UNIQUE]
        width, height = size_of(content)
        media_type = upload.content_type.partition(";")[0].strip().lower()
        if media_type in ("", "application/octet-stream"):
            media_type = _FOLDERS[kind][3]
        file = File(unique, kind, len(content), upload.name, media_type, width, height)
        await self._blobs.put(unique, content)
        await self._records.put(KIND, unique, file)
        return file

    async def find(self, bot: str, identifier: str) -> File | None:
        """The file that the bot calls so."""
        unique = identifier[4 : 4 + _UNIQUE]
        if identifier[4 + _UNIQUE :] != _salt(bot, unique):
            return None
        document = await self._records.get(KIND, unique)
        return None if document is None else msgspec.convert(document, File)

    async def known(self, uniques: list[str]) -> list[File]:
        """The files of these unique identifiers, in their order, without those that are gone."""
        found = await self._records.some(KIND, uniques)
        return [msgspec.convert(found[unique], File) for unique in uniques if unique in found]

    async def of_argument(self, call: Call, name: str, kind: str, words: str) -> File:
        """The file that an argument of the call stands for: an upload, an identifier or an address.

        Failed with the words where there is none.
        """
        if name in call.files:
            return await self.keep(kind, call.files[name])
        return await self.of_text(call, call.text(name), kind, words)

    async def of_text(self, call: Call, text: str, kind: str, words: str) -> File:
        """The same of a text that stands for a file."""
        if text.startswith(ATTACHED):
            upload = call.files.get(text.removeprefix(ATTACHED))
            if upload is None:
                raise bad(words)
            return await self.keep(kind, upload)
        if not text:
            raise bad(words)
        if "." in text or "://" in text:
            return await self.keep(kind, await self._fetched(text))
        found = await self.find(call.bot, text)
        if found is None:
            wrong = "can't unserialize it. Wrong last symbol"
            if _IDENTIFIER.fullmatch(text) is None:
                wrong = "Wrong character in the string"
            raise bad(f"Wrong remote file identifier specified: {wrong}")
        if found.kind != kind and "document" not in (found.kind, kind):
            raise bad(f"Can't use file of type {_spoken(found.kind)} as {_spoken(kind)}")
        return found

    async def content(self, path: str) -> bytes | None:
        """The bytes of the file at a path that getFile gave."""
        unique = path.rpartition("/")[2].partition(".")[0]
        document = await self._records.get(KIND, unique)
        if document is None or msgspec.convert(document, File).path != path:
            return None
        return await self._blobs.get(unique)

    async def _fetched(self, address: str) -> Upload:
        """A file from an address on this machine; nothing is ever fetched from elsewhere."""
        url = address if "://" in address else f"http://{address}"
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host, parts = "", urlsplit("")
        if parts.scheme not in ("http", "https") or not host:
            raise bad("wrong HTTP URL specified")
        if not is_here(host):
            raise bad(NO_CONTENT)
        try:
            answer = await self._transport.exchange(Request("GET", url), timeout=FETCH_TIMEOUT)
        except Exception:  # noqa: BLE001 - whatever keeps it from coming, the bot is told the same
            raise bad(NO_CONTENT) from None
        if answer.status != 200:
            raise bad(NO_CONTENT)
        name = unquote(parts.path.rpartition("/")[2])
        return Upload(name, answer.headers.get("content-type", ""), answer.body)


def split_download(path: str) -> tuple[str, str] | None:
    """The token and the file's path in the path of a download, or None where it is none."""
    match = _DOWNLOAD.fullmatch(unquote(path))
    return (match["token"], match["path"]) if match else None


def described(file: File, bot: str, **more: Any) -> Json:
    """The file's object with more fields; those that say nothing are left out."""
    shown = file.on_wire(bot)
    return {**shown, **{name: value for name, value in more.items() if value not in (None, "")}}


def _salt(bot: str, unique: str) -> str:
    return urlsafe_b64encode(sha256(f"{bot} {unique}".encode()).digest()).decode()[:_SALT]


def _spoken(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("_"))
