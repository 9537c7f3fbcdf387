"""Decides how a test speaks of those who get messages: phones with their owners, and chats of several.

It has never heard of a particular messenger or of what is tested.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from vestnik.testing.emulators import Emulators


class Recipient:
    """Whoever messages are sent to."""

    def __init__(self, emulators: "Emulators", messenger: str, identifier: str, path: str) -> None:
        self._emulators = emulators
        self._messenger = messenger
        self._identifier = identifier
        self._path = f"{path}/{quote(identifier, safe='')}"

    def journal(self, **filters: Any) -> list[dict[str, Any]]:
        """What was sent here and taken, in order."""
        return self._emulators.journal(messenger=self._messenger, recipient=self._identifier, **filters)

    def expect(self, text: str | None = None, **more: Any) -> dict[str, Any]:
        """The first message that fits, as soon as it is here; Unexpected once `timeout` (5 s) is up."""
        return self._emulators.expect(**self._wanted(text, more))[0]

    async def expected(self, text: str | None = None, **more: Any) -> dict[str, Any]:
        """The same, for async tests: the event loop goes on meanwhile."""
        return (await self._emulators.expected(**self._wanted(text, more)))[0]

    def _wanted(self, text: str | None, more: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {"messenger": self._messenger, "recipient": self._identifier, **more}
        return wanted if text is None else {**wanted, "text": text}


class Phone(Recipient):
    """One emulated user's device, and what its owner does."""

    def __init__(self, emulators: "Emulators", messenger: str, identifier: str) -> None:
        super().__init__(emulators, messenger, identifier, f"/phones/{messenger}")

    def set(self, **ways: Any) -> None:
        """Sets `online`, `blocked` or `reads_after` (seconds, or None for never)."""
        self._emulators.control("PATCH", self._path, ways)

    def writes(self, text: str, **more: Any) -> Any:
        """The owner writes to the bot; `bot` names it where there are several, and `chat` a chat of several."""
        return self.does("messages", text=text, **more)

    def does(self, deed: str, **fields: Any) -> Any:
        """The owner does something else that the control API knows, such as pressing a button."""
        return self._emulators.control("POST", f"{self._path}/{deed}", fields)


class Chat(Recipient):
    """A group or channel, on a messenger that has them."""

    def __init__(self, emulators: "Emulators", messenger: str, identifier: str) -> None:
        super().__init__(emulators, messenger, identifier, f"/messengers/{messenger}/chats")

    def set(self, **ways: Any) -> None:
        """Sets the chat up, such as its `type`, `title` and `members`; what is not named stays."""
        self._emulators.control("PUT", self._path, ways)

    def shown(self) -> dict[str, Any]:
        """What the chat is like by now."""
        found: dict[str, Any] = self._emulators.control("GET", self._path)
        return found
