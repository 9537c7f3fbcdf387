"""Decides which chats there are, who is in them, and how people, bots and chats look on the wire.

It has never heard of messages. In the open world every identifier is a chat, whose form says of which kind; a chat
that somebody set up is what was set up. Both are documents: `chat` for chats and, for a private one, its person.
"""

from hashlib import sha256
from typing import Any, Final

from vestnik.emulation.records import Change, Records
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Json, bad

SUPERGROUP: Final = -(10**12)
"""Identifiers of supergroups and channels are below this one, those of basic groups above."""
MOST: Final = 10_000
"""Chats that are kept: those that were set up or changed."""
MOST_MEMBERS: Final = 10_000
KIND: Final = "chat"
ADMINISTRATORS: Final = frozenset({"creator", "administrator"})
BANNED_SENDERS: Final = "banned_senders"
"""The numbers of the channels in whose name nobody may write in the chat."""
GONE: Final = frozenset({"left", "kicked"})

_PUBLIC: Final = ("id", "title", "username", "first_name", "last_name", "type", "is_forum")
_PERSON: Final = ("first_name", "last_name", "username", "language_code", "is_premium")


class Chats:
    """The chats of the world, those that differ from the usual in memory and on disk."""

    def __init__(self, records: Records, *, strict: bool) -> None:
        self._records = records
        self._strict = strict
        self._known: dict[str, Json] = {}
        self._by_username: dict[str, str] = {}

    async def load(self) -> None:
        """Reads what is on disk."""
        self.forget()
        for key, chat in await self._records.all(KIND):
            self._remember(key, chat)

    def forget(self) -> None:
        """No chat was set up; the disk is somebody else's affair."""
        self._known.clear()
        self._by_username.clear()

    def listed(self) -> list[Json]:
        """The chats that were set up or changed, as documents."""
        return list(self._known.values())

    def key(self, identifier: str) -> str:
        """The identifier under which a chat is known: that of a username is the chat's number where it was set up."""
        return self._by_username.get(identifier, identifier) if identifier.startswith("@") else identifier

    def document(self, key: str) -> Json:
        """All that is known of the chat; a document of its own, which may be changed and kept."""
        known = self._known.get(key)
        return _copy(known) if known is not None else usual(key)

    def exists(self, key: str) -> bool:
        """Whether the chat was set up or changed."""
        return key in self._known

    def on_wire(self, key: str) -> Json:
        """The Chat object."""
        chat = self._known.get(key) or usual(key)
        return {name: chat[name] for name in _PUBLIC if chat.get(name) not in (None, False)}

    def find(self, identifier: Any) -> str:
        """The key of the chat that an argument names; Failed where there can be none."""
        text = str(identifier)
        if text == "":
            raise bad("chat_id is empty")
        try:
            key = self.key(wire.canonical(text))
        except ValueError:
            raise bad("chat not found") from None
        known = self._known.get(key)
        if known is None and self._strict and not _is_private(key):
            raise bad("chat not found")
        return key

    def user(self, user_id: int) -> Json:
        """The User object of a person."""
        person = self._known.get(str(user_id))
        shown: Json = {"id": user_id, "is_bot": False, "first_name": f"Person {user_id}"}
        if person is not None:
            shown |= {name: person[name] for name in _PERSON if person.get(name)}
        return shown

    def member(self, key: str, user_id: int) -> Json:
        """The standing of a user in the chat: `status` and what belongs to it.

        In a chat that nobody set up everybody is a member, and bots may do everything.
        """
        known = self._known.get(key, {})
        found: Json | None = known.get("special", {}).get(str(user_id))
        if found is not None:
            return found
        if "members" not in known:
            return {"status": "member"}
        member: Json = known["members"].get(str(user_id), {"status": "left"})
        return member

    def has_topic(self, key: str, thread: int) -> bool:
        """Whether the forum has a topic of that number; where nobody began one it has all."""
        topics = self._known.get(key, {}).get("topics")
        return topics is None or str(thread) in topics

    def has_members(self, key: str) -> bool:
        """Whether it is known who is in the chat."""
        return "members" in self._known.get(key, ())

    async def keep(self, chat: Json) -> None:
        """The chat is so from now on. Failed where there are too many."""
        key = key_of(chat)
        if key not in self._known and len(self._known) >= MOST:
            raise bad("CHANNELS_TOO_MUCH")
        if len(chat.get("members", ())) > MOST_MEMBERS:
            raise bad("USERS_TOO_MUCH")
        await self._records.change([Change(KIND, key, chat)])
        self._remember(key, chat)

    async def drop(self, key: str) -> bool:
        """The chat is as usual again; False if it was."""
        known = self._known.pop(key, None)
        if known is None:
            return False
        self._by_username.pop(_username(known), None)
        await self._records.drop(KIND, [key])
        return True

    def _remember(self, key: str, chat: Json) -> None:
        old = self._known.get(key)
        if old is not None:
            self._by_username.pop(_username(old), None)
        self._known[key] = chat
        if chat.get("username"):
            self._by_username[_username(chat)] = key


def usual(key: str) -> Json:
    """A chat that nobody set up: a person, a group, a supergroup, or a channel with a username."""
    if key.startswith("@"):
        number = SUPERGROUP - 1 - int.from_bytes(sha256(key.encode()).digest()[:5])
        return {"id": number, "title": key[1:], "username": key[1:], "type": "channel"}
    number = int(key)
    if number > 0:
        return {"id": number, "first_name": f"Person {number}", "type": "private"}
    return {"id": number, "title": f"Group {-number}", "type": "supergroup" if number < SUPERGROUP else "group"}


def key_of(chat: Json) -> str:
    """The key of a chat's document: its username where only that is known of it."""
    key = chat.get("key")
    return key if isinstance(key, str) else str(chat["id"])


def kind_in_words(chat: Json) -> str:
    """What the server calls a chat of this type in its errors."""
    kind: str = chat["type"]
    return f"{kind} chat"


def _is_private(key: str) -> bool:
    return not key.startswith(("@", "-"))


def _username(chat: Json) -> str:
    return f"@{chat.get('username', '')}".lower()


def _copy(value: Any) -> Any:
    """A copy that shares nothing that can change."""
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
