"""Decides what the relay holds to be out: published, and not taken yet as far as the last look could tell.

It has never heard of a broker or a clock; the present comes in as an argument.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from vestnik.domain.moment import Moment


class Window:
    """Ids that are out, each with when it was last published and to whom it goes; `size` is how many may be."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._out: dict[str, tuple[Moment, str]] = {}

    def __len__(self) -> int:
        return len(self._out)

    @property
    def ids(self) -> Sequence[str]:
        """All that is out."""
        return list(self._out)

    @property
    def recipients(self) -> AbstractSet[str]:
        """To whom something is out."""
        return {recipient for _, recipient in self._out.values()}

    @property
    def room(self) -> int:
        """How many more may be out."""
        return max(0, self._size - len(self._out))

    def keep(self, waiting: AbstractSet[str]) -> None:
        """The others have been taken."""
        self._out = {name: out for name, out in self._out.items() if name in waiting}

    def published(self, names: Iterable[tuple[str, str]], now: Moment) -> None:
        """These ids are out since now, each given with its recipient."""
        for name, recipient in names:
            self._out[name] = now, recipient

    def overdue(self, since: Moment) -> list[tuple[str, str]]:
        """What was last published at that moment or before, with its recipients, the longest waiting first."""
        late = sorted((at, name, recipient) for name, (at, recipient) in self._out.items() if at <= since)
        return [(name, recipient) for _, name, recipient in late]
