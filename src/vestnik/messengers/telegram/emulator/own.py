"""Decides what bots set about themselves: commands, names, descriptions, rights and the menu button.

It has never heard of chats beyond those that a setting names.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.membership import RIGHTS
from vestnik.messengers.telegram.emulator.state import State

COMMANDS_LIMIT: Final = 100
COMMAND_LIMIT: Final = 32
COMMAND_DESCRIPTION_LIMIT: Final = 256
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
LIMITS: Final = {"name": 64, "description": 512, "short_description": 120}


class Own:
    """The methods that are about the bot itself."""

    def __init__(self, state: State) -> None:
        self._state = state

    def handlers(self) -> Handlers:
        """The methods."""
        texts: dict[str, Any] = {}
        for name in LIMITS:
            spoken = name.replace("_", "")
            texts[f"setmy{spoken}"] = self._setting(name)
            texts[f"getmy{spoken}"] = self._getting(name)
        return {
            **texts,
            "setmycommands": self._set_commands,
            "getmycommands": self._get_commands,
            "deletemycommands": self._delete_commands,
            "setchatmenubutton": self._set_menu_button,
            "getchatmenubutton": self._get_menu_button,
            "setmydefaultadministratorrights": self._set_rights,
            "getmydefaultadministratorrights": self._get_rights,
        }

    async def _set_commands(self, call: Call) -> bool:
        commands: list[Json] = call.values.get("commands") or []
        if len(commands) > COMMANDS_LIMIT:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        cleaned = [
            {"command": one["command"].strip().removeprefix("/"), "description": one["description"].strip()}
            for one in commands
        ]
        for one in cleaned:
            command = one["command"]
            if not (command.replace("_", "a").isalnum() and command.isascii() and command == command.lower()):
                raise bad("BOT_COMMAND_INVALID")
            if len(command) > COMMAND_LIMIT:
                raise bad("command length must not exceed 32")
            if not 0 < len(one["description"]) <= COMMAND_DESCRIPTION_LIMIT:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        await self._put(call.bot, "commands", self._scope(call), cleaned or None)
        return True

    async def _get_commands(self, call: Call) -> list[Json]:
        found: list[Json] = self._get(call.bot, "commands", self._scope(call)) or []
        return found

    async def _delete_commands(self, call: Call) -> bool:
        await self._put(call.bot, "commands", self._scope(call), None)
        return True

    def _scope(self, call: Call) -> str:
        """A name for the scope and the language of commands."""
        scope = call.values.get("scope") or {"type": "default"}
        parts = [scope["type"], *(str(scope[name]) for name in ("chat_id", "user_id") if name in scope)]
        if "chat_id" in scope:
            parts[1] = self._state.chats.find(scope["chat_id"])
        return "/".join([*parts, _language(call)])

    def _setting(self, name: str) -> Callable[[Call], Any]:
        async def put(call: Call) -> bool:
            text = call.text(name)
            if len(text) > LIMITS[name]:
                raise bad(f"bot {name.replace('_', ' ')} is too long")
            await self._put(call.bot, name, _language(call), text or None)
            return True

        return put

    def _getting(self, name: str) -> Callable[[Call], Any]:
        async def get(call: Call) -> Json:
            language = _language(call)
            found = self._get(call.bot, name, language) or self._get(call.bot, name, "")
            usual = self._state.profiles.user(call.bot)["first_name"] if name == "name" else ""
            return {name: found or usual}

        return get

    async def _set_menu_button(self, call: Call) -> bool:
        button = call.values.get("menu_button") or {"type": "default"}
        await self._put(call.bot, "menu_button", _of_chat(call), button)
        return True

    async def _get_menu_button(self, call: Call) -> Json:
        own = self._get(call.bot, "menu_button", _of_chat(call))
        found: Json = own or self._get(call.bot, "menu_button", "") or {"type": "commands"}
        return {"type": "commands"} if found["type"] == "default" else found

    async def _set_rights(self, call: Call) -> bool:
        rights = call.values.get("rights")
        await self._put(call.bot, "rights", str(call.flag("for_channels")), rights)
        return True

    async def _get_rights(self, call: Call) -> Json:
        given = self._get(call.bot, "rights", str(call.flag("for_channels"))) or {}
        return {"is_anonymous": given.get("is_anonymous") is True, **{name: given.get(name) is True for name in RIGHTS}}

    def _get(self, bot: str, name: str, variant: str) -> Any:
        return self._state.profiles.get(bot, name, {}).get(variant)

    async def _put(self, bot: str, name: str, variant: str, value: Any) -> None:
        async with self._state.lock(f"bot {bot}"):
            variants = {**self._state.profiles.get(bot, name, {})}
            variants.pop(variant, None)
            if value is not None:
                variants[variant] = value
            await self._state.profiles.put(bot, name, variants or None)


def _language(call: Call) -> str:
    """The two letters of the language that is meant; empty for all that have nothing of their own."""
    code = call.text("language_code")
    if code and not _LANGUAGE.fullmatch(code):
        raise bad("Invalid language code specified")
    return code


def _of_chat(call: Call) -> str:
    """A name for the chat that a setting is for; empty for all."""
    return str(call.number("chat_id") or "")
