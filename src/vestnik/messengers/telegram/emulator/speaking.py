"""Decides whether a bot may send what it wants to say into a chat, by its standing there and the chat's permissions.

It has never heard of how it is sent. Rules and words: td MessageContent.cpp, can_send_message_content.
"""

from typing import Final, NamedTuple

from vestnik.messengers.telegram.emulator.calls import Json, bad
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS
from vestnik.messengers.telegram.emulator.membership import may
from vestnik.messengers.telegram.emulator.state import State

POSTING: Final = "can_post_messages"


class _Rule(NamedTuple):
    """What must be allowed for a field of a message's content, and what the server calls the content."""

    field: str
    right: str
    spoken: str


_RULES: Final = (
    _Rule("text", "can_send_messages", "text messages"),
    _Rule("animation", "can_send_other_messages", "animations"),
    _Rule("audio", "can_send_audios", "music"),
    _Rule("document", "can_send_documents", "documents"),
    _Rule("live_photo", "can_send_photos", "photos"),
    _Rule("photo", "can_send_photos", "photos"),
    _Rule("paid_media", "can_send_photos", "paid media"),
    _Rule("sticker", "can_send_other_messages", "stickers"),
    _Rule("video", "can_send_videos", "videos"),
    _Rule("video_note", "can_send_video_notes", "video notes"),
    _Rule("voice", "can_send_voice_notes", "voice notes"),
    _Rule("poll", "can_send_polls", "polls"),
    _Rule("dice", "can_send_other_messages", "dice"),
    _Rule("game", "can_send_other_messages", "games"),
    _Rule("contact", "can_send_messages", "contacts"),
    _Rule("venue", "can_send_messages", "venues"),
    _Rule("location", "can_send_messages", "locations"),
    _Rule("invoice", "can_send_messages", "invoice messages"),
    _Rule("rich_message", "can_send_messages", "the rich message"),
)
"""The first that has its field decides: a film without sound has a document beside it, a venue its location."""


def check_speech(state: State, bot: str, key: str, content: Json) -> None:
    """Failed where the bot may not send this; where nobody knows who is in the chat, it may."""
    chats = state.chats
    if not chats.has_members(key):
        return
    chat, member = chats.document(key), chats.member(key, int(bot))
    if chat["type"] == "channel":
        if not may(state, bot, key, POSTING):
            raise bad("need administrator rights in the channel chat")
        return
    if member["status"] in ADMINISTRATORS:
        return
    rule = next((rule for rule in _RULES if rule.field in content), _RULES[0])
    own = member if member["status"] == "restricted" else {}
    if not (own.get(rule.right, True) is True and chat.get("permissions", {}).get(rule.right, True) is True):
        live = rule.field == "location" and "live_period" in content["location"]
        raise bad(f"not enough rights to send {'live ' if live else ''}{rule.spoken} to the chat")
