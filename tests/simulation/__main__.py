"""Decides how lives are lived by the thousand: `python -m tests.simulation --lives 5000 [--seed S] [--store both]`.

It has never heard of what a life is. With `--seed` alone it lives one life and prints its story; with `--lives` it
lives so many, from that seed on.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count as numbers
from random import SystemRandom
from typing import Final

from tests.simulation.life import Outcome, live
from tests.simulation.stage import stage
from vestnik.domain.lifecycle import State

STORES: Final = ("memory", "sqlite")
_AT_ONCE: Final = 20
_SHOWN: Final = 5
"""Failing lives whose faults are printed, the first with its story."""


def some(first: int, lives: int, store: str) -> list[Outcome]:
    """The lives of seeds in a row."""
    with stage(told=False):
        outcomes = [live(seed, store) for seed in range(first, first + lives)]
    gc.collect()
    return outcomes


def story_of(seed: int, store: str) -> Outcome:
    """The life of a seed, with its story."""
    with stage(told=True):
        return live(seed, store, told=True)


def tell(outcome: Outcome) -> str:
    """A life as its reader needs it: the story, what is broken, and how to see it again."""
    return "\n".join(
        [
            *outcome.story,
            "",
            f"seed {outcome.seed} on the {outcome.store} store broke {len(outcome.faults)} promises:",
            *(f"  {fault}" for fault in outcome.faults),
            f"again: {again(outcome)}",
        ]
    )


def again(outcome: Outcome) -> str:
    """The command that lives this life again."""
    return f"python -m tests.simulation --seed {outcome.seed} --store {outcome.store}"


def _many(first: int, lives: int, stores: tuple[str, ...], workers: int) -> Iterator[Outcome]:
    """Lives in so many processes; with none of them in this one."""
    batches = [
        (start, min(_AT_ONCE, first + lives - start), store)
        for start in range(first, first + lives, _AT_ONCE)
        for store in stores
    ]
    if not workers:
        yield from (outcome for batch in batches for outcome in some(*batch))
        return
    with ProcessPoolExecutor(workers, initializer=_keep_what_is_there) as pool:
        for outcomes in pool.map(some, *zip(*batches, strict=True)):
            yield from outcomes


def _keep_what_is_there() -> None:
    """What was imported is never garbage, and a life makes a megabyte of it: it is looked for after a batch of them."""
    gc.freeze()
    gc.disable()


def main(arguments: list[str]) -> int:
    """Lives, counts, and 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--lives", type=int, help="how many lives; 1 where only a seed is given")
    parser.add_argument("--seed", type=int, help="the first seed; a new one where none is given")
    parser.add_argument("--store", choices=(*STORES, "both"), default="both")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    stores = STORES if asked.store == "both" else (asked.store,)
    first = SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
    if asked.seed is not None and asked.lives is None:
        outcomes = [story_of(first, store) for store in stores]
        for outcome in outcomes:
            sys.stdout.write(tell(outcome) + "\n")
        return int(any(outcome.faults for outcome in outcomes))
    return _report(first, asked.lives or 1000, stores, asked.workers)


def _report(first: int, lives: int, stores: tuple[str, ...], workers: int) -> int:
    began = time.perf_counter()
    states: Counter[State] = Counter()
    failing: list[Outcome] = []
    accepted = doubled = ends = 0
    for number, outcome in zip(numbers(1), _many(first, lives, stores, workers), strict=False):
        states += outcome.count.states
        accepted, doubled = accepted + outcome.count.accepted, doubled + outcome.count.doubled
        ends += outcome.crashes
        if outcome.faults:
            failing.append(outcome)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number} lives, {len(failing)} failed ")
    span = time.perf_counter() - began
    total = lives * len(stores)
    if failing:
        sys.stdout.write(tell(story_of(failing[0].seed, failing[0].store)) + "\n")
    for outcome in failing[1:_SHOWN]:
        faults = "\n  ".join(fault[:400] for fault in outcome.faults[:_SHOWN])
        sys.stdout.write(f"seed {outcome.seed} on the {outcome.store} store:\n  {faults}\n  again: {again(outcome)}\n")
    sys.stdout.write(
        f"{total} lives from seed {first} in {span:.1f} s, {total / span * 60:.0f} a minute;"
        f" {ends} crashes and stops survived\n"
        f"accepted = {accepted}, lost = {_lost(failing)}, doubled = {_doubled(failing)};"
        f" doubled where policy says so = {doubled}\n"
        f"{', '.join(f'{state} {number}' for state, number in sorted(states.items()))}\n"
        f"{len(failing)} lives failed\n"
    )
    return int(bool(failing))


def _lost(failing: list[Outcome]) -> int:
    return sum("never got it" in fault or "nothing is known" in fault for each in failing for fault in each.faults)


def _doubled(failing: list[Outcome]) -> int:
    return sum("reached its phone" in fault or "said the same" in fault for each in failing for fault in each.faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
