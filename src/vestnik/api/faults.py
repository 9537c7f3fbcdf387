"""Decides how the faults of one request are gathered, so that all of them are told in one reply.

It has never heard of what is being checked.
"""

from collections.abc import Iterable, Mapping

from vestnik.api.problems import Fault, pointer, refuse


class Faults:
    """The faults found so far.

    `words` are the caller's own names for fields, where they differ. A parameter whose shape is wrong has a stand-in,
    and what is said against that is left out.
    """

    def __init__(self, of_shape: Iterable[Fault] = (), words: Mapping[str, str] | None = None) -> None:
        self._found = list(of_shape)
        self._settled = {fault.pointer for fault in self._found}
        self._words = words or {}

    def add(self, detail: str, field: str, *rest: str | int) -> None:
        """Adds a fault of a field, or of a part of it."""
        where = self.pointer(field, *rest)
        if where not in self._settled:
            self._found.append(Fault(where, detail))

    def pointer(self, field: str, *rest: str | int) -> str:
        """Where a field stands in the caller's own body."""
        return pointer(self._words.get(field, field), *rest)

    def extend(self, faults: Iterable[Fault]) -> None:
        self._found += faults

    def settle(self) -> None:
        """Refuses the request if there is any fault."""
        if self._found:
            refuse(self._found)
