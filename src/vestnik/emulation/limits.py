"""Decides how fast a bot may send: token buckets and windows that forget whoever has been quiet long enough.

It has never heard of any vendor's numbers; each emulator brings its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from vestnik.emulation.when import SECOND, Moment, span

MOST: Final = 100_000
"""Senders or recipients that one limit remembers; beyond that it forgets those that it has known longest."""


class Limit(Protocol):
    """How often something may happen for one key."""

    def wait(self, key: str, now: Moment) -> int:
        """Microseconds until it may happen; 0 where it may happen now."""

    def spend(self, key: str, now: Moment) -> None:
        """It happens."""

    def forget(self, key: str) -> None:
        """The key starts afresh."""

    def clear(self) -> None:
        """All keys start afresh."""


class Bucket:
    """`rate` a second in the long run, and up to `burst` at once after a quiet time."""

    def __init__(self, rate: float, burst: float) -> None:
        self._gap = span(1 / rate)
        self._slack = span((burst - 1) / rate)
        self._free_at: dict[str, Moment] = {}
        """When the bucket of a key would be full again."""

    def wait(self, key: str, now: Moment) -> int:
        """See Limit."""
        wait = self._free_at.get(key, now) - self._slack - now
        # Nobody ever waits longer than one gap, unless the clock was set back: then the key starts afresh.
        return wait if 0 < wait <= self._gap else 0

    def spend(self, key: str, now: Moment) -> None:
        """See Limit."""
        free_at = max(self._free_at.pop(key, now), now) + self._gap
        self._free_at[key] = min(free_at, now + self._slack + self._gap)
        _trim(self._free_at)

    def forget(self, key: str) -> None:
        """See Limit."""
        self._free_at.pop(key, None)

    def clear(self) -> None:
        """See Limit."""
        self._free_at.clear()


class Window:
    """`most` within `seconds`, counted from the first one."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._length = span(seconds)
        self._counts: dict[str, tuple[Moment, int]] = {}

    def wait(self, key: str, now: Moment) -> int:
        """See Limit."""
        since, count = self._current(key, now)
        return since + self._length - now if count >= self._most else 0

    def spend(self, key: str, now: Moment) -> None:
        """See Limit."""
        since, count = self._current(key, now)
        self._counts.pop(key, None)
        self._counts[key] = (since, count + 1)
        _trim(self._counts)

    def forget(self, key: str) -> None:
        """See Limit."""
        self._counts.pop(key, None)

    def clear(self) -> None:
        """See Limit."""
        self._counts.clear()

    def _current(self, key: str, now: Moment) -> tuple[Moment, int]:
        since, count = self._counts.get(key, (now, 0))
        # A clock that was set back begins a new window too: otherwise it would be closed until the old time returns.
        return (since, count) if since <= now < since + self._length else (now, 0)


@dataclass(frozen=True, slots=True)
class Named:
    """A limit of one bot, or with `each_recipient` of what one bot sends to one recipient."""

    name: str
    limit: Limit
    each_recipient: bool = False
    lifted_by_reply: bool = False
    """Whether a message of the recipient to the bot begins it afresh."""
    both_ways: bool = False
    """Whether what recipients write to the bot counts too; it is taken all the same."""

    def key(self, bot: str, recipient: str) -> str:
        """What the limit counts this message for."""
        return f"{bot} {recipient}" if self.each_recipient else bot


@dataclass(frozen=True, slots=True)
class Exceeded:
    """The limit that a message exceeds, and the seconds until it would not."""

    name: str
    retry_after: float


class Limits:
    """All limits of one messenger, kept in memory: a restart begins them afresh."""

    def __init__(self, limits: Sequence[Named]) -> None:
        self._limits = limits

    def spend(self, bot: str, recipient: str, now: Moment) -> Exceeded | None:
        """Counts a message to be taken now; or says which limit forbids that, and counts nothing."""
        if not self._limits:
            return None
        worst = max(((one.limit.wait(one.key(bot, recipient), now), one.name) for one in self._limits), default=(0, ""))
        if worst[0] > 0:
            return Exceeded(worst[1], worst[0] / SECOND)
        for one in self._limits:
            one.limit.spend(one.key(bot, recipient), now)
        return None

    def heard(self, bot: str, recipient: str, now: Moment) -> None:
        """The recipient wrote to the bot."""
        for one in self._limits:
            if one.both_ways:
                one.limit.spend(one.key(bot, recipient), now)
            if one.lifted_by_reply:
                one.limit.forget(one.key(bot, recipient))

    def clear(self) -> None:
        """Begins all limits afresh."""
        for one in self._limits:
            one.limit.clear()


def _trim(known: dict[str, Moment] | dict[str, tuple[Moment, int]]) -> None:
    if len(known) > MOST:
        del known[next(iter(known))]
