"""Decides where the microseconds of a delivery or a request go: samples of stacks, laid into the rooms of the service.

It has never heard of how stacks are sampled: a line is `frame;frame;frame count`, the innermost frame last, and a
frame is `function (file:line)`. Time in C counts for the Python function that called it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_FRAME: Final = re.compile(r"^(?P<function>.+) \((?P<file>[^:()]+)(?::\d+)?\)$")

_ROOMS: Final = (
    ("commit", r"vestnik/groupcommit\.py _in_transaction"),
    ("writers: waking and handing over", r"vestnik/groupcommit\.py "),
    ("emulator: journal", r"vestnik/emulation/(journal|records|tally|backlog)\.py "),
    ("store: claim", r"vestnik/store/sqlite_lanes\.py (claim|_claim_round|_due|_ripen|_lease|_count_moves|_next_due)$"),
    ("store: record", r"vestnik/store/sqlite_lanes\.py (record|_turn_with_early|give_back)$"),
    ("store: reports", r"vestnik/store/sqlite_lanes\.py apply$"),
    ("store: accept", r"vestnik/store/sqlite_intake\.py "),
    ("emulator", r"vestnik/(emulation/|messengers/\w+/emulator)"),
    ("gateway: encode and judge", r"vestnik/messengers/"),
    ("in-process crossing", r"vestnik/asgi\.py "),
    ("transport", r"(vestnik/transport\.py|/aiohttp/|/yarl/|/multidict/) ?"),
    ("lanes and verdicts", r"vestnik/(dispatch|domain)/"),
    ("API: read and check", r"vestnik/api/(shapes|unfolding|faults|planning|recipients|times|senders|bodies|queries)"),
    ("API: reply", r"vestnik/api/(intake|views|replies)"),
    ("API: routes, keys, metrics", r"vestnik/api/"),
    ("server: HTTP and routing", r"/(uvicorn|starlette|httptools)/|vestnik/hangup\.py"),
    ("clock: ids and time", r"vestnik/clock\.py "),
    ("logs and metrics", r"/(structlog|prometheus_client)/"),
)
_ELSEWHERE: Final = "event loop and the rest"


def budget(lines: Iterable[str]) -> dict[str, float]:
    """The share of samples in each room, the largest first; empty without samples."""
    counted: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        if stack and count.isdigit():
            counted[_room(stack.split(";"))] += int(count)
    return {room: count / counted.total() for room, count in counted.most_common()}


def spent(shares: Mapping[str, float], cpu_seconds: float, work: int) -> dict[str, float]:
    """Microseconds of CPU for each piece of work, by room."""
    return {room: share * cpu_seconds / work * 1_000_000 for room, share in shares.items()}


def _room(frames: list[str]) -> str:
    """The room of the innermost frame that has one; a page of rows belongs to whoever asked for it to be read."""
    for frame in reversed(frames):
        if found := _FRAME.match(frame):
            place = f"{found['file']} {found['function']}"
            for room, pattern in _ROOMS:
                if re.search(pattern, place):
                    return room
    return _ELSEWHERE
