"""Decides what becomes of files that bots send: photos, documents, films, music, voices, stickers and albums of them.

It has never heard of how files are kept.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import File, described
from vestnik.messengers.telegram.emulator.keyboards import NONE, read_markup
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import caption_content, caption_fields

ALBUM_LIMIT: Final = 10
UNSEEN: Final = 512
"""Pixels of a side of a film or picture that does not say how large it is."""

ROUND: Final = 240
"""The same of a round film."""


class Kind(NamedTuple):
    """A kind of file that messages carry."""

    field: str
    """The field of the message, and the argument of the method that sends it."""
    spoken: str
    has_caption: bool = True


KINDS: Final = {
    "photo": Kind("photo", "photo"),
    "document": Kind("document", "document"),
    "video": Kind("video", "video"),
    "animation": Kind("animation", "animation"),
    "audio": Kind("audio", "audio"),
    "voice": Kind("voice", "voice"),
    "video_note": Kind("video_note", "video note", has_caption=False),
    "sticker": Kind("sticker", "sticker", has_caption=False),
}
_ALONE: Final = frozenset({"audio", "document"})
"""Kinds that go into albums of their own kind only."""


class Media:
    """The methods that send files."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        sending = {f"send{name.replace('_', '')}": self._sending(name) for name in KINDS}
        return {**sending, "sendmediagroup": self._send_media_group}

    def _sending(self, name: str) -> Callable[[Call], Any]:
        kind = KINDS[name]

        async def send(call: Call) -> Json:
            words = f"There is no {kind.spoken} in the request"
            file = await self._state.files.of_argument(call, kind.field, name, words)
            thumbnail = await self._thumbnail(call, call.text("thumbnail"))
            content = shown(name, file, call.bot, call.values, thumbnail)
            if kind.has_caption:
                content |= await caption_content(call, self._state.chats)
            content |= _manner(call.values)
            markup = read_markup(call.values.get("reply_markup"))
            key = self._sender.chat(call)
            out = Outgoing(content, content.get("caption", ""), markup)
            return await self._sender.send(call, key, out)

        return send

    async def _thumbnail(self, call: Call, text: str) -> File | None:
        if "thumbnail" in call.files:
            return await self._state.files.keep("thumbnail", call.files["thumbnail"])
        if text.startswith("attach://"):
            return await self._state.files.of_text(call, text, "thumbnail", "thumbnail not found")
        return None

    async def _send_media_group(self, call: Call) -> list[Json]:
        items = call.values["media"]
        if not items:
            raise bad("There are no messages to send")
        if len(items) > ALBUM_LIMIT:
            raise bad("Too many messages to send as an album")
        kinds = {item["type"] for item in items}
        for alone in sorted(_ALONE & kinds):
            if len(kinds) > 1:
                raise bad(f"{alone.capitalize()} can't be mixed with other media types")
        contents = [await self.content_of(call, item) for item in items]
        key = self._sender.chat(call)
        album = {"media_group_id": str(int.from_bytes(self._state.world.clock.new_id().encode()[-7:]))}
        sent = []
        for turn, content in enumerate(contents):
            together = album if len(items) > 1 else {}
            out = Outgoing({**together, **content}, content.get("caption", ""), NONE)
            sent.append(await self._sender.send(call, key, out, turn=turn))
        return sent

    async def content_of(self, call: Call, item: Json) -> Json:
        """The fields of a message that an InputMedia object asks for."""
        name = item["type"]
        if name not in KINDS:
            raise bad(f'Can\'t parse InputMedia: type "{name}" is unsupported')
        words = "Can't parse InputMedia: media not found"
        file = await self._state.files.of_text(call, item["media"], name, words)
        thumbnail = await self._thumbnail(call, item.get("thumbnail", ""))
        content = shown(name, file, call.bot, item, thumbnail)
        content |= await caption_fields(
            item.get("caption", ""), item.get("parse_mode", ""), item.get("caption_entities"), self._state.chats
        )
        return content | _manner(item)


def _manner(given: Any) -> Json:
    """How a picture and its caption are shown."""
    manner: Json = {}
    if given.get("show_caption_above_media") is True:
        manner["show_caption_above_media"] = True
    if given.get("has_spoiler") is True:
        manner["has_media_spoiler"] = True
    return manner


def shown(kind: str, file: File, bot: str, given: Any, thumbnail: File | None = None) -> Json:
    """The file as fields of a message, with what the bot says of it."""
    if kind == "photo":
        return {"photo": [picture(file, bot)]}
    if kind == "sticker":
        return {"sticker": sticker(file, bot, given.get("emoji"))}
    small = None if thumbnail is None else picture(thumbnail, bot)
    duration = {"duration": given.get("duration", 0)}
    named = {"file_name": file.name, "mime_type": file.media_type, "thumbnail": small}
    size = {"width": given.get("width") or file.width or UNSEEN, "height": given.get("height") or file.height or UNSEEN}
    words = {name: given.get(name) for name in ("performer", "title")}
    more: dict[str, dict[str, Any]] = {
        "document": named,
        "video": {**size, **duration, **named, "start_timestamp": given.get("start_timestamp")},
        "animation": {**size, **duration, **named},
        "audio": {**duration, **words, **named},
        "voice": {**duration, "mime_type": file.media_type},
        "video_note": {"length": given.get("length") or file.width or ROUND, **duration, "thumbnail": small},
    }
    fields = {kind: described(file, bot, **more[kind])}
    if kind == "animation":
        fields["document"] = described(file, bot, **named)  # Programs older than animations look here.
    return fields


def sticker(file: File, bot: str, emoji: str | None = None, **more: Any) -> Json:
    """A Sticker object."""
    is_video, is_animated = file.name.endswith(".webm"), file.name.endswith(".tgs")
    size = {"width": file.width or UNSEEN, "height": file.height or UNSEEN}
    kind = {"type": "regular", "is_animated": is_animated, "is_video": is_video}
    return described(file, bot, **size, **{**kind, "emoji": emoji, **more})


def picture(file: File, bot: str) -> Json:
    """A PhotoSize object."""
    return described(file, bot, width=file.width or UNSEEN, height=file.height or UNSEEN)
