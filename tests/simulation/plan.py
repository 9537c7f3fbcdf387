"""Decides what kind of life a seed stands for: settings of the service, people, and the troubles that will come.

It has never heard of how any of it is carried out.
"""

from base64 import b64encode
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from vestnik.config import Settings
from vestnik.domain.judge import OnUnclear

MESSENGERS: Final = ("telegram", "viber", "whatsapp")
NEVER: Final = 0.0
_ASTRAY: Final = (0.0, -0.05, 0.05, -0.4, 0.4, -2.0, 2.0)
"""Seconds by which the clocks of machines may differ; the longest is more than the shortest lease."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """How often each kind of trouble comes, as the mean seconds between two; 0 is never."""

    crashes: float = NEVER
    emulator_crashes: float = NEVER
    stops: float = NEVER
    pauses: float = NEVER
    disk: float = NEVER
    faults: float = NEVER
    phones: float = NEVER
    clocks: float = NEVER


@dataclass(frozen=True, slots=True)
class Plan:
    """One life, as far as it is decided beforehand; spans are seconds."""

    seed: int
    store: str
    settings: Settings
    troubles: Troubles
    honours_key: dict[str, bool]
    reads_after: float | None
    apart: bool
    """The emulators live in a process of their own."""
    peers: tuple[float, ...]
    """Further processes that dispatch from the same store: by how many seconds the clock of each is ahead."""
    shuffle: bool
    slow_disk: float
    slow_wire: float
    slow_far: float
    """How long a messenger may take to look at a message, and again to answer."""
    span: float
    """How long people act and trouble comes."""
    people: int
    deeds: int
    """How many things each of them does."""
    recipients: dict[str, list[str]]

    @classmethod
    def draw(cls, seed: int, store: str) -> "Plan":
        """The life of the seed."""
        random = Random(f"plan {seed}")
        honours = {name: random.random() < 0.5 for name in MESSENGERS}
        further = Random(f"further {seed}")
        peers = tuple(further.choice(_ASTRAY) for _ in range(further.choice((0, 0, 0, 1, 2))))
        settings = _settings(random, honours)
        return cls(
            seed,
            store,
            replace(
                settings, retention=further.choice((None, None, None, None, 20.0, 100.0, 100.0)), test_clock=not peers
            ),
            _troubles(random),
            honours,
            random.choice((None, None, 0.5, 5.0)),
            apart=random.random() < 0.4 or bool(peers),
            peers=peers,
            shuffle=random.random() < 0.8,
            slow_disk=random.choice((0.0, 0.002, 0.02, 0.2)),
            slow_wire=random.choice((0.0, 0.005, 0.1)),
            slow_far=random.choice((0.0, 0.02, 0.3, 1.0)),
            span=random.choice((10.0, 30.0, 60.0)),
            people=random.randint(1, 3),
            deeds=random.randint(3, 9),
            recipients={name: _identifiers(name, random.randint(1, 5)) for name in MESSENGERS},
        )


def contested(seed: int, store: str) -> Plan:
    """A life in which three dispatchers often hold the same delivery: attempts outlast their leases all the time."""
    plan = Plan.draw(seed, store)
    options = {name: {"honours_key": "0", "report_wait": ""} for name in MESSENGERS}
    settings = replace(
        plan.settings,
        test_clock=False,
        retention=None,
        lease=1.0,
        send_timeout=1.0,
        patience=0.05,
        retry_base=0.05,
        retry_cap=0.05,
        max_attempts=10,
        slots=8,
        stop_grace=1.0,
        messengers=options,
    )
    return replace(
        plan,
        settings=settings,
        troubles=Troubles(disk=1.0, faults=1.5, pauses=4.0),
        honours_key=dict.fromkeys(MESSENGERS, False),
        apart=True,
        peers=(0.0, 0.05),
        slow_far=1.0,
        span=60.0,
        people=3,
        deeds=9,
    )


def _settings(random: Random, honours: dict[str, bool]) -> Settings:
    timeout = random.choice((0.3, 1.0, 3.0))
    base = random.choice((0.05, 0.5, 2.0))
    options = {name: {"honours_key": "1" if honours[name] else "0", "report_wait": ""} for name in MESSENGERS}
    return Settings(
        send_timeout=timeout,
        lease=max(1.0, timeout * random.choice((2, 4, 20))),
        retry_base=base,
        retry_cap=base * random.choice((1, 4, 8)),
        max_attempts=random.choice((1, 2, 3, 5, 8)),
        patience=random.choice((0.05, 0.2, 0.5)),
        slots=random.choice((1, 2, 3, 8)),
        dedupe_window=random.choice((None, None, None, 5.0, 30.0)),
        on_unclear=random.choice((OnUnclear.RESEND, OnUnclear.RESEND, OnUnclear.HOLD)),
        stop_grace=random.choice((0.1, 1.0, 5.0)),
        messengers=options,
    )


def _troubles(random: Random) -> Troubles:
    def often(*means: float) -> float:
        return random.choice((NEVER, *means))

    return Troubles(
        crashes=often(3.0, 10.0, 30.0),
        emulator_crashes=often(5.0, 20.0),
        stops=often(10.0, 30.0),
        pauses=often(5.0, 20.0),
        disk=often(3.0, 10.0),
        faults=often(2.0, 5.0, 15.0),
        phones=often(5.0, 20.0),
        clocks=often(NEVER, 3.0, 10.0, 30.0),
    )


def _identifiers(messenger: str, count: int) -> list[str]:
    match messenger:
        case "telegram":
            return [str(1001 + number) for number in range(count)]
        case "viber":
            return [b64encode(bytes([65 + number] * 16)).decode() for number in range(count)]
        case _:
            return [f"+7916123450{number}" for number in range(count)]
