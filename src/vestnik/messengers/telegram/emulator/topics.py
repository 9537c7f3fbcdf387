"""Decides which topics a forum has.

It has never heard of the messages in them.
"""

from collections.abc import Callable
from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.membership import need
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

COLOURS: Final = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
NAME_LIMIT: Final = 128
FIRST: Final = 2
"""1 is the general topic."""


class Topics:
    """The methods about topics."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "createforumtopic": self._create,
            "editforumtopic": self._changing(self._renamed),
            "closeforumtopic": self._changing(_closed),
            "reopenforumtopic": self._changing(_reopened),
            "deleteforumtopic": self._delete,
            "editgeneralforumtopic": self._general(lambda call, topic: {**topic, "name": call.text("name")}),
            "closegeneralforumtopic": self._general(_closed),
            "reopengeneralforumtopic": self._general(_reopened),
            "hidegeneralforumtopic": self._general(lambda _call, topic: {**topic, "is_hidden": True}),
            "unhidegeneralforumtopic": self._general(lambda _call, topic: {**topic, "is_hidden": False}),
        }

    async def _create(self, call: Call) -> Json:
        name = call.text("name").strip()[:NAME_LIMIT]
        if not name:
            raise bad("Title must be non-empty")
        colour = call.number("icon_color") or COLOURS[0]
        if colour not in COLOURS:
            raise bad("Invalid icon color specified")
        key = self._forum(call)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            topics = chat.setdefault("topics", {})
            number = chat["next_topic"] = max(chat.get("next_topic", 0) + 1, FIRST)
            topic: Json = {"message_thread_id": number, "name": name, "icon_color": colour}
            if call.text("icon_custom_emoji_id"):
                topic["icon_custom_emoji_id"] = call.text("icon_custom_emoji_id")
            topics[str(number)] = topic
            await self._state.chats.keep({**chat, "is_forum": True})
        return topic

    def _changing(self, change: Callable[[Call, Json], Json]) -> Callable[[Call], Any]:
        async def edit(call: Call) -> bool:
            key = self._forum(call)
            async with self._state.lock(f"chat {key}"):
                chat = self._state.chats.document(key)
                topics = chat.get("topics", {})
                number = str(call.number("message_thread_id"))
                if number not in topics:
                    raise bad("TOPIC_ID_INVALID")
                topics[number] = change(call, topics[number])
                await self._state.chats.keep(chat)
            return True

        return edit

    def _general(self, change: Callable[[Call, Json], Json]) -> Callable[[Call], Any]:
        """Changes the topic that every forum has."""

        async def edit(call: Call) -> bool:
            key = self._forum(call)
            async with self._state.lock(f"chat {key}"):
                chat = self._state.chats.document(key)
                topic = chat.get("general_topic", {"name": "General", "is_hidden": False})
                changed = change(call, topic)
                if changed == topic:
                    raise bad("TOPIC_NOT_MODIFIED")
                await self._state.chats.keep({**chat, "is_forum": True, "general_topic": changed})
            return True

        return edit

    async def _delete(self, call: Call) -> bool:
        key = self._forum(call)
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            if chat.get("topics", {}).pop(str(call.number("message_thread_id")), None) is None:
                raise bad("TOPIC_ID_INVALID")
            await self._state.chats.keep(chat)
        return True

    def _renamed(self, call: Call, topic: Json) -> Json:
        changed = dict(topic)
        if call.text("name"):
            changed["name"] = call.text("name")[:NAME_LIMIT]
        if "icon_custom_emoji_id" in call.values:
            changed["icon_custom_emoji_id"] = call.text("icon_custom_emoji_id")
        if changed == topic:
            raise bad("TOPIC_NOT_MODIFIED")
        return changed

    def _forum(self, call: Call) -> str:
        key = self._sender.chat(call)
        chat = self._state.chats.document(key)
        if chat["type"] != "supergroup" or (chat.get("set_up") and not chat.get("is_forum")):
            raise bad("the chat is not a forum")
        need(self._state, call.bot, key, "can_manage_topics", "create a topic")
        return key


def _closed(_call: Call, topic: Json) -> Json:
    if topic.get("is_closed"):
        raise bad("TOPIC_NOT_MODIFIED")
    return {**topic, "is_closed": True}


def _reopened(_call: Call, topic: Json) -> Json:
    if not topic.get("is_closed"):
        raise bad("TOPIC_NOT_MODIFIED")
    return {name: value for name, value in topic.items() if name != "is_closed"}
