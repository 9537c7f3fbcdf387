"""Decides which documents of one kind are in memory: the latest, while all of them are on disk.

It has never heard of what a document says.
"""

from typing import Any, Final

from vestnik.emulation.records import Records

REMEMBERED: Final = 5_000
"""Documents in memory; there may be one for everybody whom a bot ever wrote to."""


class Latest:
    """The documents of one kind by key. None is looked for on disk as long as all that there are fit into memory."""

    def __init__(self, records: Records, kind: str, remembered: int = REMEMBERED) -> None:
        self._records = records
        self._kind = kind
        self._remembered = remembered
        self._complete = True
        """Nothing is on disk but what is in memory."""
        self._known: dict[str, Any] = {}

    async def load(self) -> None:
        """Reads what is on disk, as much as fits."""
        found = await self._records.listed(self._kind, limit=self._remembered + 1)
        for key, document in found[: self._remembered]:
            self._known.setdefault(key, document)
        self._complete = self._complete and len(found) <= self._remembered

    async def get(self, key: str) -> Any:
        """The document, or None; it is among the latest from now on."""
        found = self._known.get(key)
        if found is None and not self._complete:
            found = await self._records.get(self._kind, key)
        if found is not None:
            self._remember(key, found)
        return found

    def known(self, key: str) -> Any:
        """The document where it is in memory, or None; get it first."""
        return self._known.get(key)

    async def put(self, key: str, document: Any) -> None:
        """The document is this from now on."""
        await self._records.put(self._kind, key, document)
        self._remember(key, document)

    async def drop(self, key: str) -> None:
        """There is no such document any more."""
        await self._records.drop(self._kind, [key])
        self._known.pop(key, None)

    def forget(self) -> None:
        """There are none at all any more."""
        self._known.clear()
        self._complete = True

    def _remember(self, key: str, document: Any) -> None:
        self._known.pop(key, None)
        self._known[key] = document
        if len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]
            self._complete = False
