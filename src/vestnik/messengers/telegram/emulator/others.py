"""Decides what becomes of the rarer things that bots send: paid pictures and live photos.

It has never heard of paying.
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.files import described
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.media import UNSEEN, Media
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.texts import caption_content

MOST_STARS: Final = 25_000
MOST_PAID: Final = 10


class Others:
    """The methods that send them."""

    def __init__(self, state: State, sender: Sender, media: Media) -> None:
        self._state = state
        self._sender = sender
        self._media = media

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "sendpaidmedia": self._send_paid_media,
            "sendlivephoto": self._send_live_photo,
        }

    async def _send_paid_media(self, call: Call) -> Json:
        stars, items = call.number("star_count"), call.values["media"]
        if not 0 < stars <= MOST_STARS:
            raise bad("EXTENDED_MEDIA_AMOUNT_INVALID")
        if not 0 < len(items) <= MOST_PAID:
            raise bad("Too many media to send" if items else "There are no media to send")
        shown = [await self._paid(call, item) for item in items]
        content: Json = {"paid_media": {"star_count": stars, "paid_media": shown}}
        return await self._captioned(call, content, {"paid_media_payload": call.text("payload")})

    async def _paid(self, call: Call, item: Json) -> Json:
        kind = item["type"]
        if kind not in ("photo", "video"):
            raise bad(f'Can\'t parse InputPaidMedia: type "{kind}" is unsupported')
        content = await self._media.content_of(call, item)
        return {"type": kind, kind: content[kind]}

    async def _send_live_photo(self, call: Call) -> Json:
        files = self._state.files
        film = await files.of_argument(call, "live_photo", "video", "There is no live photo in the request")
        photo = await files.of_argument(call, "photo", "photo", "There is no photo in the request")
        size = {"width": photo.width or UNSEEN, "height": photo.height or UNSEEN}
        picture = described(photo, call.bot, **size)
        more: dict[str, Any] = {**size, "duration": 0, "photo": [picture], "mime_type": film.media_type}
        return await self._captioned(call, {"live_photo": described(film, call.bot, **more)})

    async def _captioned(self, call: Call, content: Json, own: Json | None = None) -> Json:
        content |= await caption_content(call, self._state.chats)
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        out = Outgoing(content, content.get("caption", ""), markup, own)
        return await self._sender.send(call, key, out)
