"""Decides when somebody who takes too long is told: with one timer of the event loop for all who may take as long.

It has never heard of what they do. Nearly all are done long before; a timer for each is what that would cost them.
"""

import asyncio
from collections.abc import Callable
from itertools import takewhile
from types import TracebackType


class Alarms:
    """Alarms of the running event loop. Those of few different lengths are cheap."""

    def __init__(self) -> None:
        self._lines: dict[float, _Line] = {}

    def set(self, seconds: float, ring: Callable[[], None]) -> "Alarm":
        """Calls `ring` after so many seconds, unless the alarm is turned off."""
        loop = asyncio.get_running_loop()
        line = self._lines.get(seconds)
        if line is None or line.over or line.loop is not loop:
            line = self._lines[seconds] = _Line(seconds, loop)
        return Alarm(line, ring)

    def within(self, seconds: float) -> "Within":
        """Where whoever is inside for longer is cancelled and gets TimeoutError, as from `asyncio.timeout`."""
        return Within(self, seconds)


class _Line:
    """Alarms of one length: that which was set first rings first. It is over when its timer finds none."""

    def __init__(self, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        self.seconds = seconds
        self.loop = loop
        self.alarms: dict[Alarm, None] = {}
        self.over = False
        loop.call_later(seconds, self._ring)

    def _ring(self) -> None:
        now = self.loop.time()
        due = list(takewhile(lambda alarm: alarm.at <= now, self.alarms))
        for alarm in due:
            del self.alarms[alarm]
        if self.alarms:
            self.loop.call_at(next(iter(self.alarms)).at, self._ring)
        else:
            self.over = True
        for alarm in due:
            alarm.ring()


class Alarm:
    """Something that will be called unless it is turned off."""

    __slots__ = ("_line", "at", "ring")

    def __init__(self, line: _Line, ring: Callable[[], None]) -> None:
        self._line = line
        self.at = line.loop.time() + line.seconds
        self.ring = ring
        line.alarms[self] = None

    def off(self) -> None:
        """It will not ring; of no effect where it has."""
        self._line.alarms.pop(self, None)


class Within:
    """See Alarms; for one task, and once."""

    __slots__ = ("_alarm", "_alarms", "_cancelled_before", "_over", "_seconds", "_task")

    def __init__(self, alarms: Alarms, seconds: float) -> None:
        self._alarms = alarms
        self._seconds = seconds
        self._over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelled_before = task.cancelling()
        self._alarm = self._alarms.set(self._seconds, self._end)

    def _end(self) -> None:
        self._over = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._alarm.off()
        if self._over and self._task.uncancel() <= self._cancelled_before and kind is asyncio.CancelledError:
            raise TimeoutError from error
