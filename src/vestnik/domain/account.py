"""Decides what an account is: somebody who sends or receives, with an identifier on each messenger.

It has never heard of any particular messenger: identifiers are rows keyed by its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A slug of at most 64 characters."""


@dataclass(frozen=True, slots=True)
class Account:
    """`identifiers` maps a messenger's name to the identifier there, in its canonical form."""

    id: str
    name: str
    identifiers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """A bearer key as the store knows it: never the secret, only its hash.

    `senders` are the account ids that it may speak for; empty means any.
    """

    name: str
    digest: str
    """SHA-256 of the whole key in hexadecimal; keys are random, so a slow hash would protect nothing."""
    senders: tuple[str, ...]
    created_at: int
    revoked_at: int | None = None
