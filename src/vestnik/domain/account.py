"""Decides what an account is: somebody who sends or receives, with an identifier on each messenger.

It has never heard of any particular messenger: identifiers are rows keyed by its name.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ACCOUNT_ID: Final = re.compile(r"(?!.*/\.)[A-Za-z0-9+/][A-Za-z0-9._~=+@/-]{0,63}")
"""At most 64 characters: a slug, a Base64 identifier or an e-mail address; no part after a slash begins with a dot."""

KEY_PREFIX: Final = "vk_"
KEY_BYTES: Final = 32


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


def new_key(random: bytes) -> str:
    """A bearer key made of `KEY_BYTES` random bytes, for instance `vk_q8…`; ValueError for another number of them."""
    if len(random) != KEY_BYTES:
        raise ValueError(f"a key is made of {KEY_BYTES} random bytes, not {len(random)}")
    return KEY_PREFIX + urlsafe_b64encode(random).rstrip(b"=").decode()


def key_digest(key: str) -> str:
    """What is kept of a key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()
