"""Decides what the service must know of a messenger before anything is sent: its names, identifiers and limits.

It has never heard of which messengers exist; each one brings its own rules.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessengerRules:
    """`canonical` brings an identifier to the form that the messenger uses; InvalidIdentifier says why it cannot.

    `text_length` counts a text the way the messenger does, and `text_limit` is the most that it takes.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    """Other spellings, in lower case."""
    canonical: Callable[[str], str]
    text_length: Callable[[str], int]
    text_limit: int
    identifier_example: str

    def answers_to(self, word: str) -> bool:
        """Whether the word names this messenger, in any case."""
        return word.lower() in (self.name, *self.aliases)
