"""Decides which topics a forum has.

It has never heard of the messages in them. Rules: td ForumTopicManager.cpp.
"""

from collections.abc import Callable
from typing import Any, Final

from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.membership import forum, need
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.state import State

COLOURS: Final = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
NAME_LIMIT: Final = 128
WHITE: Final = 0xFFFFFF
CLOSING: Final = "close or open the topic"

Change = Callable[[Call, Json], tuple[Json, Json]]
"""The topic as it becomes, and what the service message tells of it; Failed where it cannot become so."""


class Topics:
    """The methods about topics."""

    def __init__(self, state: State, sender: Sender, announcing: Announcing) -> None:
        self._state = state
        self._sender = sender
        self._announcing = announcing

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "createforumtopic": self._create,
            "editforumtopic": self._changing(_renamed, "edit the topic"),
            "closeforumtopic": self._changing(_closed, CLOSING),
            "reopenforumtopic": self._changing(_reopened, CLOSING),
            "deleteforumtopic": self._delete,
            "editgeneralforumtopic": self._general(_general_renamed, "edit the topic"),
            "closegeneralforumtopic": self._general(_closed, CLOSING),
            "reopengeneralforumtopic": self._general(_reopened, CLOSING),
            "hidegeneralforumtopic": self._general(_hidden, CLOSING),
            "unhidegeneralforumtopic": self._general(_unhidden, CLOSING),
        }

    async def _create(self, call: Call) -> Json:
        name = call.text("name").strip()[:NAME_LIMIT]
        key, colour = self._forum(call), call.number("icon_color")
        need(self._state, call.bot, key, "can_manage_topics", "create a topic")
        if not name:
            raise bad("Name must be non-empty")
        if not 0 <= colour <= WHITE:
            raise bad("Invalid icon color specified")
        colour = colour or COLOURS[0]
        if colour not in COLOURS:
            raise bad("TOPIC_ICON_COLOR_INVALID")
        content: Json = {"name": name, "icon_color": colour}
        if call.text("icon_custom_emoji_id"):
            content["icon_custom_emoji_id"] = call.text("icon_custom_emoji_id")
        # A topic has the number of the message that tells of its beginning.
        number = await self._announcing.tell(call.bot, key, {"forum_topic_created": content})
        topic: Json = {"message_thread_id": number, **content, "by": call.bot}
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            chat.setdefault("topics", {})[str(number)] = topic
            await self._state.chats.keep({**chat, "is_forum": True})
        return {name: value for name, value in topic.items() if name != "by"}

    def _changing(self, change: Change, doing: str) -> Callable[[Call], Any]:
        """Changes a topic, which the bot may do if it manages all or began this one."""

        async def edit(call: Call) -> bool:
            key, number = self._forum(call), call.number("message_thread_id")
            async with self._state.lock(f"chat {key}"):
                chat = self._state.chats.document(key)
                topic = chat.get("topics", {}).get(str(number))
                if topic is None:
                    raise bad("TOPIC_ID_INVALID")
                if topic.get("by") != call.bot:
                    need(self._state, call.bot, key, "can_manage_topics", doing)
                changed, told = change(call, topic)
                chat["topics"][str(number)] = changed
                await self._state.chats.keep(chat)
            await self._announcing.tell(call.bot, key, told, thread=number)
            return True

        return edit

    def _general(self, change: Change, doing: str) -> Callable[[Call], Any]:
        """Changes the topic that every forum has."""

        async def edit(call: Call) -> bool:
            key = self._forum(call)
            need(self._state, call.bot, key, "can_manage_topics", doing)
            async with self._state.lock(f"chat {key}"):
                chat = self._state.chats.document(key)
                topic = chat.get("general_topic", {"name": "General", "is_hidden": False})
                changed, told = change(call, topic)
                if changed == topic:
                    raise bad("TOPIC_NOT_MODIFIED")
                await self._state.chats.keep({**chat, "is_forum": True, "general_topic": changed})
            await self._announcing.tell(call.bot, key, told)
            return True

        return edit

    async def _delete(self, call: Call) -> bool:
        """The topic is gone, and its messages with it."""
        key, number = self._forum(call), str(call.number("message_thread_id"))
        async with self._state.lock(f"chat {key}"):
            chat = self._state.chats.document(key)
            topic = chat.get("topics", {}).pop(number, None)
            if topic is None:
                raise bad("TOPIC_ID_INVALID")
            if topic.get("by") != call.bot:
                need(self._state, call.bot, key, "can_delete_messages", "delete the topic")
            await self._state.chats.keep(chat)
        return True

    def _forum(self, call: Call) -> str:
        key = self._sender.chat(call)
        forum(self._state, key)
        return key


def _renamed(call: Call, topic: Json) -> tuple[Json, Json]:
    told: Json = {}
    if call.text("name"):
        told["name"] = call.text("name")[:NAME_LIMIT]
    if "icon_custom_emoji_id" in call.values:
        told["icon_custom_emoji_id"] = call.text("icon_custom_emoji_id")
    changed = {**topic, **told}
    if changed == topic:
        raise bad("TOPIC_NOT_MODIFIED")
    return changed, {"forum_topic_edited": told}


def _general_renamed(call: Call, topic: Json) -> tuple[Json, Json]:
    name = call.text("name")[:NAME_LIMIT]
    return {**topic, "name": name}, {"forum_topic_edited": {"name": name}}


def _closed(_call: Call, topic: Json) -> tuple[Json, Json]:
    if topic.get("is_closed"):
        raise bad("TOPIC_NOT_MODIFIED")
    return {**topic, "is_closed": True}, {"forum_topic_closed": {}}


def _reopened(_call: Call, topic: Json) -> tuple[Json, Json]:
    if not topic.get("is_closed"):
        raise bad("TOPIC_NOT_MODIFIED")
    return {name: value for name, value in topic.items() if name != "is_closed"}, {"forum_topic_reopened": {}}


def _hidden(_call: Call, topic: Json) -> tuple[Json, Json]:
    return {**topic, "is_hidden": True, "is_closed": True}, {"general_forum_topic_hidden": {}}


def _unhidden(_call: Call, topic: Json) -> tuple[Json, Json]:
    return {**topic, "is_hidden": False}, {"general_forum_topic_unhidden": {}}
