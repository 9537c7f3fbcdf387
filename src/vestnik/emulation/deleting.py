"""Decides what is left on a phone of a chat that its owner deletes: nothing there, and everything in the journal.

It has never heard of what a phone shows besides messages; each messenger forgets that itself, and tells a bot nothing
that its real service would not.
"""

from collections.abc import Mapping
from typing import Any, Final

from vestnik.emulation.deeds import Deed
from vestnik.emulation.plan import READ
from vestnik.emulation.readers import opened
from vestnik.emulation.world import World

DELETE_CHAT: Final = "delete_chat"


def deleting(world: World, messenger: str) -> Deed:
    """Deletes the chat with a bot, which also works offline and with bots that are blocked.

    What was not read by then never will be; what has not arrived yet arrives in a new chat.
    """

    async def delete(bot: str, recipient: str, _fields: Mapping[str, Any]) -> None:
        await world.journal.sort()
        last = await world.backlog.last(messenger, recipient)
        await world.backlog.unread(READ, (messenger, bot, recipient), last, world.clock.now())
        await opened(world.records(messenger), bot, recipient, last)
        for forget in world.at_deletion.get(messenger, ()):
            await forget(bot, recipient)

    return Deed(delete, {}, always=True)
