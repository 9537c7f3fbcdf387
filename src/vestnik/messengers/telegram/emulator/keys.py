"""Decides what a bot is told when a person presses a key of its keyboard: a text, or what the key asks for.

It has never heard of how the keyboard came to be shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.messengers.telegram.emulator.calls import Json
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.whereabouts import Whereabouts
from vestnik.messengers.telegram.emulator.writing import Writing

HERE: Final = {"latitude": 55.751244, "longitude": 37.618423}
_SHOWN_OF_USERS: Final = {
    "request_name": ("first_name", "last_name"),
    "request_username": ("username",),
}
_SHOWN_OF_CHATS: Final = {"request_title": "title", "request_username": "username"}


class Keys:
    """What keys write."""

    def __init__(self, state: State, writing: Writing) -> None:
        self._state = state
        self._writing = writing
        self._here = Whereabouts(state)

    async def content(self, button: Json, person: Json, fields: Mapping[str, Any]) -> Json:
        """The content of the message that the key writes; Problem or Refusal where something is missing for it."""
        if button.get("request_contact"):
            number = {"phone_number": f"7916{person['id'] % 10**7:07d}", "user_id": person["id"]}
            return {"contact": {**number, "first_name": person["first_name"]}}
        if button.get("request_location"):
            return {"location": dict(HERE)}
        if "request_users" in button:
            return self._users(button["request_users"], fields)
        if "request_chat" in button:
            return self._chat(button["request_chat"], fields)
        if "web_app" in button:
            if "data" not in fields:
                raise Refusal([Wrong(pointer("data"), "is required: what the Web App sends")])
            return {"web_app_data": {"button_text": button["text"], "data": fields["data"]}}
        if "request_poll" in button:
            raise Problem(409, "people make no polls here")
        return await self._writing.said(button["text"])

    def _users(self, asked: Json, fields: Mapping[str, Any]) -> Json:
        chosen, most = fields.get("users", []), asked.get("max_quantity", 1)
        if not 0 < len(chosen) <= most:
            raise Refusal([Wrong(pointer("users"), f"is required: the numbers of up to {most} people")])
        users = [self._user(number, asked) for number in chosen]
        shared: Json = {"request_id": asked["request_id"], "users": users, "user_ids": chosen}
        told: Json = {"users_shared": shared}
        if len(chosen) == 1:
            told["user_shared"] = {"user_id": chosen[0], "request_id": asked["request_id"]}
        return told

    def _user(self, number: int, asked: Json) -> Json:
        person = self._state.chats.user(number)
        names = [name for wish, names in _SHOWN_OF_USERS.items() if asked.get(wish) for name in names]
        return {"user_id": number, **{name: person[name] for name in names if name in person}}

    def _chat(self, asked: Json, fields: Mapping[str, Any]) -> Json:
        if "shared_chat" not in fields:
            raise Refusal([Wrong(pointer("shared_chat"), "is required: the group or channel that is shown to the bot")])
        chat = self._state.chats.on_wire(self._here.named(fields["shared_chat"]))
        if (chat["type"] == "channel") != (asked.get("chat_is_channel") is True) or chat["type"] == "private":
            raise Problem(409, "the key asks for another kind of chat")
        shared = {"request_id": asked["request_id"], "chat_id": chat["id"]}
        shown = {name: chat[name] for wish, name in _SHOWN_OF_CHATS.items() if asked.get(wish) and name in chat}
        return {"chat_shared": {**shared, **shown}}
