"""Decides whether a request has a key that is in force, and for which senders it may speak.

It has never heard of what is asked for; secrets are compared in constant time and never kept or logged.
"""

import asyncio
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from vestnik.api.parts import Parts
from vestnik.api.problems import UNAUTHORIZED, WRONG_SENDER, Problem
from vestnik.domain.account import Key, key_digest
from vestnik.domain.errors import StoreUnavailable
from vestnik.domain.moment import SECOND, Moment

_LONGEST_HEADER: Final = 512
_NO_KEY: Final = {"WWW-Authenticate": "Bearer"}
_WRONG_KEY: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the digest of the key that was sent, empty where none is needed, and the senders it may speak for."""

    digest: str = ""
    senders: tuple[str, ...] = ()
    """Empty means any."""

    def may_speak_for(self, sender: str) -> bool:
        return not self.senders or sender in self.senders

    def must_speak_for(self, sender: str) -> None:
        """A Problem where the caller may not."""
        if not self.may_speak_for(sender):
            raise Problem(WRONG_SENDER, f"this key may not speak for {sender}")


ANYBODY: Final = Caller()


class KeyRing:
    """The keys in force, read again when they are a second old, so that a key made elsewhere works within a second."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._keys: list[Key] = []
        self._read_at: Moment | None = None
        self._reading = asyncio.Lock()

    async def caller(self, headers: Iterable[tuple[bytes, bytes]]) -> Caller:
        """Who asks; a Problem where the headers hold no key that is in force and one is needed."""
        if self._is_old():
            await self._read()
        if self._is_open():
            return ANYBODY
        return self._owner(_bearer(headers))

    async def are_needed(self) -> bool:
        """Whether whoever has no key is refused now; so he is where the keys cannot be read."""
        if self._is_old():
            try:
                await self._read()
            except StoreUnavailable:
                return True
        return not self._is_open()

    async def _read(self) -> None:
        async with self._reading:
            if self._is_old():
                asked_at = self._parts.clock.now()
                keys = await self._parts.store.keys()
                self._keys = [key for key in keys if key.revoked_at is None]
                self._read_at = asked_at

    def _is_open(self) -> bool:
        return not self._keys and self._parts.settings.open_without_keys

    def _is_old(self) -> bool:
        return self._read_at is None or abs(self._parts.clock.now() - self._read_at) >= SECOND

    def _owner(self, secret: str) -> Caller:
        digest = key_digest(secret)
        found = [key for key in self._keys if hmac.compare_digest(digest, key.digest)]
        if not found:
            raise Problem(UNAUTHORIZED, "this key is not in force", headers=_WRONG_KEY)
        return Caller(digest, found[0].senders)


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str:
    given = [value for name, value in headers if name == b"authorization"]
    if len(given) == 1 and len(given[0]) <= _LONGEST_HEADER:
        scheme, _, secret = given[0].decode("latin-1").strip().partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            return secret.strip()
    raise Problem(UNAUTHORIZED, "this needs the header Authorization: Bearer vk_…", headers=_NO_KEY)
