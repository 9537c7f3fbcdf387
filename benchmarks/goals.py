"""Decides what the figures are held against: the goals that the project has set itself for speed.

It has never heard of how a figure comes about.
"""

from collections.abc import Callable
from typing import Final

from benchmarks.peers import node_emulator
from benchmarks.report import Goal, Results
from benchmarks.scenarios import both, crowd, drain, emulators, history, intake, memory, steady
from benchmarks.scenarios.rounds import Sizes

CELERY: Final = "Celery + RabbitMQ"
_OURS: Final = {drain.TO_EMULATOR, drain.TO_STUB, drain.BARE_TO_EMULATOR, drain.BARE_TO_STUB}
Look = Callable[[Results], float | None]


def goals(sizes: Sizes) -> list[Goal]:
    """All of them; those that ask for peers or for more time than there was are told as not run."""
    return [
        *_of_drain(),
        *_of_intake(),
        *_of_lateness(),
        *_of_history(sizes),
        *_of_isolation(),
        *_of_cluster(),
        *_of_memory(sizes),
        *_of_emulators(),
    ]


def _of_drain() -> list[Goal]:
    inside, outside = drain.IN_PROCESS, drain.OVER_SOCKETS
    to_emulator = _ratio(outside, drain.TO_EMULATOR, "rate", drain.BARE_TO_EMULATOR)
    to_stub = _ratio(outside, drain.TO_STUB, "rate", drain.BARE_TO_STUB)
    return [
        Goal("1: drain in process, times the best peer", 5.0, True, _against_best(inside, drain.VESTNIK)),
        Goal("1: drain in process, times Celery + RabbitMQ", 12.0, True, _across(inside, drain.VESTNIK)),
        Goal("1: CPU seconds per 1,000 in process", 0.25, False, _cpu(inside, drain.VESTNIK)),
        Goal("2: drain to the stub, times the best peer", 3.5, True, _against_best(outside, drain.TO_STUB)),
        Goal("2: drain to the stub, times Celery + RabbitMQ", 8.0, True, _across(outside, drain.TO_STUB)),
        Goal("2: of bare aiohttp's rate, to the emulator", 0.4, True, to_emulator),
        Goal("2: of bare aiohttp's rate, to the stub", 0.4, True, to_stub),
    ]


def _of_intake() -> list[Goal]:
    def beside(figure: str) -> Look:
        return _figure(crowd.CROWD, crowd.VESTNIK, figure)

    of_floor = _ratio(intake.INTAKE, intake.VESTNIK, "rate", intake.FLOOR)
    return [
        Goal("3: intake, of the raw ASGI application's rate", 0.75, True, of_floor),
        Goal("3: intake p99, ms", 25.0, False, _figure(intake.INTAKE, intake.VESTNIK, "p99")),
        Goal("4: a crowd is accepted, s", 1.0, False, beside("accepted")),
        Goal("4: others' p99 meanwhile, ms", 100.0, False, beside("others' p99 while it is accepted")),
        Goal("4: small message after it delivered, ms", 100.0, False, beside("small message after it delivered")),
        Goal("5: both at once, late p99, ms", 250.0, False, _figure(both.BOTH, both.VESTNIK, "late, p99")),
    ]


def _of_lateness() -> list[Goal]:
    def late(rate: int, figure: str) -> Look:
        return _figure(steady.LATENESS.format(rate=rate), steady.VESTNIK, figure)

    return [
        Goal("6: lateness p99 at 100/s, ms", 10.0, False, late(100, "p99")),
        Goal("6: lateness p99 at 1,000/s, ms", 50.0, False, late(1_000, "p99")),
        Goal("6: messages that came early, at 100/s", 0.0, False, late(100, "early")),
        Goal("6: messages that came early, at 1,000/s", 0.0, False, late(1_000, "early")),
    ]


def _of_history(sizes: Sizes) -> list[Goal]:
    found = []
    for finished in sizes.history or (1_000_000,):
        name = history.named(finished, sizes.deferred)
        for work in ("drain", "intake"):
            words = f"7: {work} beside {finished:,} finished, of the empty one's rate"
            found.append(Goal(words, 0.9, True, _ratio(history.HISTORY, name, work, history.EMPTY)))
        start = _figure(history.HISTORY, name, "start-up")
        found.append(Goal(f"7: start-up beside {finished:,} finished, s", 2.0, False, start))
    return found


def _of_isolation() -> list[Goal]:
    return [
        Goal(f"8: healthy {name}, {which}, times", 1.1, False, _ratio(scenario, steady.WITH_SICK, name, steady.ALONE))
        for which in ("fewer than slots", "more than slots")
        for scenario in [steady.ISOLATION.format(which=which)]
        for name in ("p50", "p99")
    ]


def _of_cluster() -> list[Goal]:
    where = drain.ON_POSTGRES
    workers = _ratio(where, drain.TWO_KEPT_SHORT, "rate", drain.ONE_KEPT_SHORT)
    return [
        Goal("9: PostgreSQL, one dispatcher, times Celery + RabbitMQ", 5.0, True, _across(where, drain.DISPATCHER)),
        Goal("9: relay and two workers, times Celery + RabbitMQ", 5.0, True, _across(where, drain.TWO_WORKERS)),
        Goal("9: two workers, times one, while a core is free", 1.6, True, workers),
    ]


def _of_memory(sizes: Sizes) -> list[Goal]:
    crowded = memory.DEFERRED.format(count=sizes.deferred)
    with_deferred = _figure(memory.MEMORY, crowded, "resident")
    return [
        Goal("10: memory at rest, MiB", 80.0, False, _figure(memory.MEMORY, memory.EMPTY, "resident")),
        Goal(f"10: memory with {sizes.deferred:,} deferred, MiB", 150.0, False, with_deferred),
    ]


def _of_emulators() -> list[Goal]:
    where, ours = emulators.EMULATORS, emulators.OURS
    beside = _ratio(where, ours["telegram"], "rate", node_emulator.NAME)
    return [
        Goal(f"11: Telegram emulated, times {node_emulator.NAME}", 1.0, True, beside),
        *(Goal(f"11: CPU seconds per 1,000, {title}", 0.25, False, _cpu(where, title)) for title in ours.values()),
    ]


def _figure(scenario: str, contender: str, figure: str) -> Look:
    def look(results: Results) -> float | None:
        spread = results[scenario].spread(contender, figure) if scenario in results else None
        return None if spread is None else spread.middle

    return look


def _ratio(scenario: str, contender: str, figure: str, to: str) -> Look:
    def look(results: Results) -> float | None:
        spread = results[scenario].ratio(contender, figure, to) if scenario in results else None
        return None if spread is None else spread.middle

    return look


def _cpu(scenario: str, contender: str) -> Look:
    def look(results: Results) -> float | None:
        spent = results[scenario].cpu(contender) if scenario in results else {}
        return sum(spent.values()) or None

    return look


def _across(scenario: str, contender: str, peer: str = CELERY) -> Look:
    """Our median in one scenario, held against a peer's over sockets, in the same run."""

    def look(results: Results) -> float | None:
        ours = _figure(scenario, contender, "rate")(results)
        theirs = _figure(drain.OVER_SOCKETS, peer, "rate")(results)
        return None if ours is None or theirs is None else ours / theirs

    return look


def _against_best(scenario: str, contender: str) -> Look:
    def look(results: Results) -> float | None:
        measured = results.get(drain.OVER_SOCKETS)
        best = measured and measured.best("rate", set(measured.rounds) - _OURS)
        return _across(scenario, contender, best)(results) if best else None

    return look
