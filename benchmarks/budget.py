"""Decides where the microseconds of a delivery or a request go: samples of stacks, laid into the rooms of the service.

It has never heard of how stacks are sampled: a line is `frame;frame;frame count`, the innermost frame last, and a
frame is `function (file:line)`. Time in C counts for the Python function that called it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

_FRAME: Final = re.compile(r"^(?P<function>.+) \((?P<file>[^:()]+)(?::\d+)?\)$")

_THREAD: Final = re.compile(r"^thread \((?P<number>\d+)\): (?P<name>[^;]*)")
_MAIN: Final = "MainThread"
_GROUPS: Final = {
    "write-vestnik.db": "writer of vestnik.db: SQLite and its statements",
    "write-emulator.db": "writer of emulator.db: SQLite and its statements",
}

_ROOMS: Final = (
    ("group commit: futures and queue", r"vestnik/groupcommit\.py "),
    ("store: what is put before the writer", r"vestnik/store/"),
    ("gateway: encode and judge", r"vestnik/messengers/(answers\.py|\w+/gateway\.py|\w+/wire\.py)"),
    ("emulator", r"vestnik/(emulation|messengers)/"),
    ("in-process crossing", r"vestnik/asgi\.py "),
    ("transport", r"vestnik/transport\.py|(^|/)(aiohttp|yarl|multidict)/"),
    ("lanes and verdicts", r"vestnik/(dispatch|domain)/"),
    ("API: read and check", r"vestnik/api/(shapes|unfolding|faults|planning|recipients|times|senders|bodies|queries)"),
    ("API: reply", r"vestnik/api/(intake|views|replies)"),
    ("API: routes, keys, metrics", r"vestnik/api/"),
    ("server: HTTP and routing", r"(^|/)(uvicorn|starlette|httptools)/|vestnik/connections\.py"),
    ("clock: ids and time", r"vestnik/clock\.py "),
    ("logs and metrics", r"(^|/)(structlog|prometheus_client)/"),
)
_ELSEWHERE: Final = "event loop and the rest"


def budget(lines: Iterable[str], cpu_by_thread: Mapping[int, float], work: int) -> dict[str, float]:
    """Microseconds of CPU for each piece of work, by thread and room, the largest first.

    Samples say how a thread's time is shared out, and the system how much it was. A writer's time is told as a whole:
    most of it passes in SQLite, where the samples, which are of threads that hold the interpreter, do not look.
    """
    rooms: dict[int, Counter[str]] = {}
    names: dict[int, str] = {}
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        thread = _THREAD.match(stack)
        if thread and count.isdigit():
            number, names[int(thread["number"])] = int(thread["number"]), thread["name"]
            rooms.setdefault(number, Counter())[_room(stack.split(";")[1:])] += int(count)
    found: dict[str, float] = defaultdict(float)
    for number, seconds in cpu_by_thread.items():
        micros = 1_000_000 * seconds / work
        name = names.get(number, "other threads")
        if name == _MAIN:
            for room, samples in rooms[number].items():
                found[room] += micros * samples / rooms[number].total()
        else:
            found[_GROUPS.get(name, name)] += micros
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _room(frames: list[str]) -> str:
    """The room of the innermost frame that has one."""
    for frame in reversed(frames):
        if found := _FRAME.match(frame):
            place = f"{found['file']} {found['function']}"
            for room, pattern in _ROOMS:
                if re.search(pattern, place):
                    return room
    return _ELSEWHERE
