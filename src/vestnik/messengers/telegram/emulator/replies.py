"""Decides which message an answer refers to, and what is shown of it.

It has never heard of what the answer says.
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Json, bad
from vestnik.messengers.telegram.emulator.messages import on_wire
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.markup import MarkupError, formatted

NOT_FOUND: Final = "message to be replied not found"
_NOT_QUOTED: Final = frozenset({"reply_to_message", "external_reply", "quote"})


async def topic_fields(state: State, key: str, thread: int) -> Json:
    """What a message in a topic shows of it: where it answers no other, it answers the one that began the topic."""
    shown: Json = {"message_thread_id": thread, "is_topic_message": True}
    stored = await state.messages.get(key, thread)
    if stored is not None and "forum_topic_created" in stored.message:
        shown["reply_to_message"] = on_wire(stored, thread)
    return shown


async def reply_fields(state: State, call: Call, key: str) -> Json:
    """What the message shows of the one that it answers; Failed where there is none and one is needed."""
    asked = call.values.get("reply_parameters")
    if not isinstance(asked, dict):
        number = call.number("reply_to_message_id")
        if number <= 0:
            return {}
        asked = {"message_id": number, "allow_sending_without_reply": call.flag("allow_sending_without_reply")}
    number = asked.get("message_id", 0)
    from_key = key if "chat_id" not in asked else state.chats.find(asked["chat_id"])
    stored = await state.messages.get(from_key, number)
    if stored is None:
        if asked.get("allow_sending_without_reply") is True:
            return {}
        raise bad(NOT_FOUND)
    original = on_wire(stored, number)
    if from_key != key:
        return {"external_reply": _external(original), **_quote(asked)}
    shown = {name: value for name, value in original.items() if name not in _NOT_QUOTED}
    return {"reply_to_message": shown, **_quote(asked)}


def _quote(asked: Json) -> Json:
    quote = asked.get("quote")
    if not isinstance(quote, str) or not quote:
        return {}
    try:
        text, entities = formatted(quote, asked.get("quote_parse_mode", ""), asked.get("quote_entities"))
    except MarkupError as error:
        raise bad(error.message) from None
    shown: dict[str, Any] = {"text": text, "position": asked.get("quote_position", 0), "is_manual": True}
    if entities:
        shown["entities"] = [entity.on_wire() for entity in entities]
    return {"quote": shown}


def _external(original: Json) -> Json:
    origin: Json = {"type": "hidden_user", "sender_user_name": "Deleted Account", "date": original["date"]}
    if "from" in original:
        origin = {"type": "user", "sender_user": original["from"], "date": original["date"]}
    elif original["chat"]["type"] == "channel":
        origin = {
            "type": "channel",
            "chat": original["chat"],
            "message_id": original["message_id"],
            "date": original["date"],
        }
    return {"origin": origin, "chat": original["chat"], "message_id": original["message_id"]}
