"""Decides which of the scripted faults strikes a message: by messenger, recipient, chance and how often it still may.

It has never heard of what a fault does to an answer; it names the rule, and whoever asked acts on it.
"""

import asyncio
import hashlib
import re
import sqlite3
from collections.abc import Callable, Sequence
from enum import StrEnum
from fnmatch import translate
from importlib.resources import files
from typing import Final

import msgspec

from vestnik.emulation.waiting import first_of
from vestnik.emulation.when import Moment, span
from vestnik.groupcommit import GroupCommit
from vestnik.ports import Clock
from vestnik.sqlfiles import queries

_SQL: Final = queries(files("vestnik.emulation") / "setup.sql")

ANY: Final = "*"


class Fault(StrEnum):
    """What can go wrong with a message."""

    ERROR = "error"
    THROTTLE = "throttle"
    SLOW = "slow"
    HANG = "hang"
    DISCONNECT_BEFORE = "disconnect_before"
    BLOCKED = "blocked"
    UNKNOWN_USER = "unknown_user"
    LOSE_REPLY = "lose_reply"
    LATE_REPLY = "late_reply"
    RECEIPT_LOST = "receipt_lost"
    RECEIPT_DUPLICATED = "receipt_duplicated"
    RECEIPT_REORDERED = "receipt_reordered"
    RECEIPT_LATE = "receipt_late"
    NOT_DELIVERED = "not_delivered"


class Step(StrEnum):
    """Where on a message's way a fault acts."""

    ARRIVAL = "arrival"
    ANSWER = "answer"
    RECEIPT = "receipt"


def step_of(fault: Fault) -> Step:
    """Where the fault acts."""
    if fault in (Fault.LOSE_REPLY, Fault.LATE_REPLY):
        return Step.ANSWER
    if fault is Fault.NOT_DELIVERED or fault.startswith("receipt_"):
        return Step.RECEIPT
    return Step.ARRIVAL


DELAYS: Final = {Fault.SLOW: 1.0, Fault.HANG: 600.0, Fault.LATE_REPLY: 15.0, Fault.RECEIPT_LATE: 60.0}
"""Seconds where a rule does not say; a request that hangs is hung up after them."""
RETRY_AFTER: Final = 1.0
"""Seconds that a throttled sender is asked to wait where the rule does not say."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault, and the messages that it strikes.

    `recipient` is a glob over identifiers as the messenger knows them. `times` is how often it acts, None for ever.
    `probability` is drawn for each message, with a `seed` always in the same sequence. `status` is the code to answer
    with, `retry_after` and `delay` are seconds.
    """

    messenger: str = ANY
    recipient: str = ANY
    fault: Fault
    times: int | None = None
    probability: float = 1.0
    seed: int | None = None
    status: int | None = None
    retry_after: float | None = None
    delay: float | None = None

    @property
    def pause(self) -> int:
        """The delay in microseconds."""
        return span(DELAYS.get(self.fault, 0.0) if self.delay is None else self.delay)


class _Active:
    """A rule in force."""

    def __init__(self, position: int, rule: Rule, remaining: int | None) -> None:
        self.position = position
        self.rule = rule
        self.remaining = remaining
        self._matches: Callable[[str], object] = re.compile(translate(rule.recipient)).match
        self._drawn = 0

    def strikes(self, messenger: str, recipient: str, clock: Clock) -> bool:
        """Whether it acts on this message, which then counts."""
        if self.remaining == 0 or self.rule.messenger not in (ANY, messenger) or not self._matches(recipient):
            return False
        if self.rule.probability < 1.0 and self._luck(clock) >= self.rule.probability:
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    def _luck(self, clock: Clock) -> float:
        if self.rule.seed is None:
            return clock.luck()
        self._drawn += 1
        drawn = hashlib.sha256(f"{self.rule.seed}/{self._drawn}".encode()).digest()
        return int.from_bytes(drawn[:7]) / 2**56


_ROWS: Final = msgspec.json.Decoder(list[tuple[int, Rule, int | None]])


class Faults:
    """The rules in force, in memory and on disk.

    Of the rules for one step of a message's way the first that matches acts; rules for different steps act together.
    """

    def __init__(self, rows: GroupCommit, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._steps: dict[Step, list[_Active]] = {}
        self._active: list[_Active] = []
        self._changed = asyncio.Event()
        self._next = 0
        self.quiet = True
        """Whether there are no rules at all."""

    async def load(self) -> None:
        """Reads what is on disk."""
        text = await self._rows.read(lambda connection: connection.execute(_SQL["faults"]).fetchone()[0])
        self._enforce([_Active(*row) for row in _ROWS.decode(text)])

    def listed(self) -> list[Rule]:
        """The rules in their order; `times` is how often each still acts."""
        return [msgspec.structs.replace(active.rule, times=active.remaining) for active in self._active]

    async def put(self, rules: Sequence[Rule]) -> None:
        """Puts the rules in place of all others; requests that hang are released."""
        active = [_Active(position, rule, rule.times) for position, rule in enumerate(rules, self._next)]
        await self._rows.write(_put, [(one.position, one.rule, one.remaining) for one in active])
        self._enforce(active)

    def forget(self) -> None:
        """No rule is in force any more; the journal forgets them on disk."""
        self._enforce([])

    async def strike(self, step: Step, messenger: str, recipient: str) -> Rule | None:
        """The rule that acts on this message at this step. That it acted is on disk when this returns."""
        for active in self._steps.get(step, ()):
            if active.strikes(messenger, recipient, self._clock):
                if active.remaining is not None:
                    await self._rows.write(_spend, active.position)
                return active.rule
        return None

    async def hang(self, until: Moment) -> None:
        """Returns when the rules change or at `until`, whichever comes first."""
        await first_of(self._changed, self._clock, until)

    def _enforce(self, active: list[_Active]) -> None:
        self._active = active
        self.quiet = not active
        self._steps = {}
        for one in active:
            self._steps.setdefault(step_of(one.rule.fault), []).append(one)
            self._next = max(self._next, one.position + 1)
        self._changed.set()
        self._changed = asyncio.Event()


def _put(connection: sqlite3.Connection, items: list[list[tuple[int, Rule, int | None]]]) -> list[None]:
    for rules in items:
        connection.execute(_SQL["drop_faults"])
        connection.execute(_SQL["put_faults"], {"rules": msgspec.json.encode(rules).decode()})
    return [None] * len(items)


def _spend(connection: sqlite3.Connection, items: list[int]) -> list[None]:
    for position in items:
        connection.execute(_SQL["spend_fault"], {"position": position})
    return [None] * len(items)
