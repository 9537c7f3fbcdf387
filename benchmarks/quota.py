"""Decides how programs are kept to a share of a core each: by turns they are stopped and go on.

It has never heard of what they do; whoever measures them sees a machine on which another core would be free.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

_PERIOD: Final = 0.03
"""Seconds from one beginning to the next: short beside what a batch of deliveries takes."""


@contextmanager
def kept_to(share: float, groups: Sequence[int]) -> Iterator[None]:
    """Each process group runs for that share of the time, one after the other, so that they do not meet on a core.

    `share` is above 0 and at most 1 divided by the number of groups.
    """
    ended = Event()
    turns = Thread(target=_take_turns, args=(share, groups, ended), daemon=True)
    turns.start()
    try:
        yield
    finally:
        ended.set()
        turns.join()
        for group in groups:
            _tell(group, signal.SIGCONT)


def _take_turns(share: float, groups: Sequence[int], ended: Event) -> None:
    for group in groups:
        _tell(group, signal.SIGSTOP)
    while not ended.is_set():
        began = time.monotonic()
        for group in groups:
            _tell(group, signal.SIGCONT)
            time.sleep(share * _PERIOD)
            _tell(group, signal.SIGSTOP)
        time.sleep(max(0.0, began + _PERIOD - time.monotonic()))


def _tell(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:  # It has ended, which whoever waits for its work will notice.
        return
