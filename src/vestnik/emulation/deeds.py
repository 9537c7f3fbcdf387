"""Decides how a messenger says what people can do on it besides writing a text: presses, choices, reactions, leaving.

It has never heard of any of these; each emulator brings its own under names of its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from vestnik.emulation.journal import Entry

Act: TypeAlias = Callable[[str, str, Mapping[str, Any]], Awaitable[Entry | None]]
"""What is done by a person to a bot, told as bot, recipient and fields: the entry of what the bot is told, or None.

A Problem or a Refusal says why it cannot be done.
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that people do by `POST /emulator/phones/{messenger}/{id}/{name of the deed}`.

    `fields` are the types of the request's fields besides `bot`, and `required` those that it must have.
    `of_bot` is whether it is done to a bot; otherwise the act gets an empty name.
    """

    act: Act
    fields: Mapping[str, Any]
    required: tuple[str, ...] = ()
    of_bot: bool = True
    always: bool = False
    """Whether it can be done by somebody whose phone is offline or who has blocked the bots."""
