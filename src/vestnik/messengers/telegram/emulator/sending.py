"""Decides how a bot's message gets to a chat: who may write there, what it answers, and what the journal keeps.

It has never heard of the kinds of content.
"""

from http import HTTPStatus
from math import ceil
from typing import Final, NamedTuple

import msgspec

from vestnik.emulation.faults import Fault
from vestnik.emulation.journal import Draft
from vestnik.emulation.line import Trouble
from vestnik.emulation.records import Change
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Call, Failed, Json, bad, forbidden
from vestnik.messengers.telegram.emulator.chats import GONE, kind_in_words
from vestnik.messengers.telegram.emulator.keyboards import NONE, Markup
from vestnik.messengers.telegram.emulator.membership import may
from vestnik.messengers.telegram.emulator.messages import RECEIVER, Stored, on_wire, type_of
from vestnik.messengers.telegram.emulator.replies import reply_fields, topic_fields
from vestnik.messengers.telegram.emulator.speaking import check_speech
from vestnik.messengers.telegram.emulator.state import State

MANAGING: Final = "can_manage_topics"
_SENDER: Final = "from"


class Outgoing(NamedTuple):
    """What a bot wants to say."""

    content: Json
    """The fields of the Message object that are its content."""
    text: str
    """What the journal shows for it: its text, its caption, or nothing."""
    markup: Markup = NONE
    own: Json | None = None
    """What belongs to the message and no bot is shown."""
    plain: bool = False
    """Whether the call's arguments alone tell all of it again: text and markup and nothing else."""


class Sender:
    """The way from a call to the chat."""

    def __init__(self, state: State) -> None:
        self._state = state

    def chat(self, call: Call, name: str = "chat_id") -> str:
        """The chat that the call names, in which the bot is; Failed otherwise."""
        key = self._state.chats.find(call.values.get(name, ""))
        self.enter(call.bot, key)
        return key

    def enter(self, bot: str, key: str) -> None:
        """Failed where the chat is not to be reached by the bot."""
        chats = self._state.chats
        if not chats.exists(key):
            return
        chat = chats.document(key)
        if chat.get("migrate_to_chat_id"):
            words = wire.failure(400, "group chat was upgraded to a supergroup chat")
            parameters = wire.Parameters(migrate_to_chat_id=chat["migrate_to_chat_id"])
            raise Failed(msgspec.structs.replace(words, parameters=parameters))
        if chat.get("deactivated"):
            raise Failed(wire.DEACTIVATED)
        if chats.has_members(key):
            status = chats.member(key, int(bot))["status"]
            if status == "kicked":
                raise forbidden(f"bot was kicked from the {kind_in_words(chat)}")
            if status in GONE:
                raise forbidden(f"bot is not a member of the {kind_in_words(chat)}")

    async def send(self, call: Call, key: str, out: Outgoing, *, turn: int = 0) -> Json:
        """The Message object once the phone has it. `turn` counts the messages of one call."""
        state = self._state
        check_speech(state, call.bot, key, out.content)
        stored = Stored(call.bot, {}, out.markup.other, out.own or {})
        stored.message = await self._message(call, key, out)
        plain = out.plain and "reply_to_message" not in stored.message and out.markup == NONE
        draft = Draft(
            call.bot,
            key,
            out.text,
            _payload(call),
            _key(call, turn),
            prefix=f"{stored.message['chat']['id']}:",
            kept=None if plain else stored,
            more=_keyboard(call.bot, key, out.markup),
            type=type_of(out.content),
        )
        taken = await state.line.take(draft, counted=turn == 0)
        if isinstance(taken, Trouble):
            raise Failed(in_words(taken))
        if taken.replayed:
            return await state.messages.of_entry(taken.entry)
        return on_wire(stored, int(taken.entry.external_id.rpartition(":")[2]))

    async def _message(self, call: Call, key: str, out: Outgoing) -> Json:
        state = self._state
        chat = state.chats.on_wire(key)
        message: Json = {"chat": chat, "date": state.now()}
        if chat["type"] == "channel":
            message["sender_chat"] = chat  # A post in a channel has the channel for its author.
        else:
            message[_SENDER] = state.profiles.user(call.bot)
        thread = self._thread(call, key)
        if thread:
            message |= await topic_fields(state, key, thread)
        if "reply_parameters" in call.values or "reply_to_message_id" in call.values:
            message |= await reply_fields(state, call, key)
        if call.flag("protect_content"):
            message["has_protected_content"] = True
        effect = call.text("message_effect_id")
        if effect and chat["type"] == "private":
            message["effect_id"] = effect
        message |= self._receiver(call, chat) | out.content
        if out.markup.inline is not None:
            message["reply_markup"] = out.markup.inline
        return message

    def _receiver(self, call: Call, chat: Json) -> Json:
        """Who alone sees the message, if it is for one member of a group."""
        asked = call.values.get("ephemeral_message_parameters") or call.values
        receiver = asked.get("receiver_user_id") or 0
        if not receiver:
            return {}
        if chat["type"] not in ("group", "supergroup"):
            raise bad("PEER_ID_INVALID")
        if self._state.chats.member(self._state.chats.key(str(chat["id"])), receiver)["status"] in GONE:
            raise bad("USER_NOT_PARTICIPANT")
        return {RECEIVER: self._state.chats.user(receiver)}

    def _thread(self, call: Call, key: str) -> int:
        thread = call.number("message_thread_id")
        if thread <= 0:
            return 0
        chats = self._state.chats
        if not chats.has_topic(key, thread):
            raise bad("message thread not found")
        topic = chats.document(key).get("topics", {}).get(str(thread), {})
        if topic.get("is_closed") and topic.get("by") != call.bot and not may(self._state, call.bot, key, MANAGING):
            raise bad("TOPIC_CLOSED")
        return thread if chats.on_wire(key)["type"] == "supergroup" else 0


def _keyboard(bot: str, key: str, markup: Markup) -> list[Change]:
    """What the chat shows in place of the phone's own keyboard from now on, where the message changes that."""
    if markup.other is None:
        return []
    return [Change("keyboard", f"{bot}/{key}", None if markup.other.get("remove_keyboard") else markup.other)]


def _key(call: Call, turn: int) -> str | None:
    """The Idempotency-Key of one of the call's messages: each has a key of its own."""
    return f"{call.key}/{turn}" if turn and call.key is not None else call.key


def _payload(call: Call) -> str:
    """The call as the journal keeps it; that of a text is its arguments alone."""
    shown: Json = dict(call.raw)
    if call.method.name != "sendMessage":
        shown["method"] = call.method.name
    if call.files:
        shown["files"] = {
            name: {"name": file.name, "type": file.content_type, "size": len(file.content)}
            for name, file in call.files.items()
        }
    return msgspec.json.encode(shown).decode()


def in_words(trouble: Trouble) -> wire.Failure:
    """What the server says to a message that was not taken."""
    match trouble.fault:
        case Fault.THROTTLE:
            return wire.too_many_requests(max(1, ceil(trouble.retry_after)))
        case Fault.BLOCKED:
            return wire.BLOCKED
        case Fault.UNKNOWN_USER:
            return wire.CHAT_NOT_FOUND
        case _:
            code = 500 if trouble.status is None else trouble.status
            if code in wire.ERRORS or code not in set(HTTPStatus):
                return wire.failure(code, "")
            return wire.Failure(code, HTTPStatus(code).phrase)
