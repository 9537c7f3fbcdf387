"""Lives of the whole service, each from a seed: everything is broken meanwhile, and no promise is."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from random import SystemRandom
from typing import Final

import pytest

from tests.simulation.__main__ import again, main, story_of, tell
from tests.simulation.life import Outcome, live, live_out
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import contested
from tests.simulation.stage import stage

SEED: Final = int(os.environ.get("SIMULATION_SEED", "0")) or SystemRandom().randrange(1, 10**9)
"""A new one for each run; the environment can set it."""
_LIVES: Final = 20
_SHOWN: Final = 400
"""Lines of a failing life's story, the last ones."""


@pytest.fixture(autouse=True)
def quiet_stage() -> Iterator[None]:
    with stage(told=False):
        yield


def must_be_faultless(outcome: Outcome) -> None:
    if outcome.faults:
        story = story_of(outcome.seed, outcome.store)
        story.story = story.story[-_SHOWN:]
        pytest.fail(tell(story), pytrace=False)


@pytest.mark.parametrize("first", range(0, 160, _LIVES))
def test_nothing_is_lost_or_doubled_in_lives_with_the_store_in_memory(first: int) -> None:
    for seed in range(first, first + _LIVES):
        must_be_faultless(live(seed, "memory"))


@pytest.mark.parametrize("first", range(1_000, 1_060, _LIVES))
def test_nothing_is_lost_or_doubled_in_lives_with_the_store_in_a_file(first: int) -> None:
    for seed in range(first, first + _LIVES):
        must_be_faultless(live(seed, "sqlite"))


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_nothing_is_lost_or_doubled_where_three_dispatchers_contend_for_the_same_deliveries(store: str) -> None:
    for seed in range(6):
        assert not live_out(contested(seed, store)).faults, f"contested({seed}, {store!r})"


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_nothing_is_lost_or_doubled_in_lives_that_nobody_has_seen(
    store: str, record_property: Callable[[str, object], None]
) -> None:
    outcomes = [live(seed, store) for seed in range(SEED, SEED + _LIVES)]
    accepted, doubled = (sum(getattr(each.count, name) for each in outcomes) for name in ("accepted", "doubled"))
    ends = sum(each.crashes for each in outcomes)
    record_property(
        "told",
        f"SIMULATION_SEED={SEED}: {_LIVES} lives, {ends} crashes and stops, accepted = {accepted}, lost = 0,"
        f" doubled = 0, doubled where policy says so = {doubled}",
    )
    for outcome in outcomes:
        must_be_faultless(outcome)


def test_a_seed_lives_the_same_life_again_in_whatever_process_and_after_whatever_others() -> None:
    first = [live(seed, store, told=True).story for seed in (3, 4) for store in ("memory", "sqlite")]
    second = [live(seed, store, told=True).story for seed in (4, 3) for store in ("sqlite", "memory")]
    assert first == second[::-1]
    outcome = live(3, "memory")
    command = [sys.executable, *again(outcome).split()[1:]]
    told = [_told(command, hashes) for hashes in ("1", "2")]
    assert told[0] == told[1]
    assert told[0].splitlines()[1:20] != []


def _told(command: list[str], hashes: str) -> str:
    """What the command prints where texts have these hashes."""
    environment = {**os.environ, "PYTHONHASHSEED": hashes}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True, timeout=60)
    return done.stdout


def test_lives_end_with_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lives", "3", "--seed", "5", "--workers", "0"]) == 0
    told = capsys.readouterr().out
    assert "6 lives from seed 5" in told
    assert re.search(r"^accepted = [1-9]\d*, lost = 0, doubled = 0;", told, re.MULTILINE)
    assert "0 lives failed" in told


def test_a_failing_seed_tells_its_story_and_fails_in_the_same_way_again(capsys: pytest.CaptureFixture[str]) -> None:
    with MUTANTS["early"]():
        assert main(["--lives", "20", "--seed", "0", "--store", "memory", "--workers", "0"]) == 1
        told = capsys.readouterr().out
        seed = int(re.findall(r"again: python -m tests.simulation --seed (\d+) --store memory", told)[0])
        first, second = story_of(seed, "memory"), story_of(seed, "memory")
        assert main(["--seed", str(seed), "--store", "memory"]) == 1
    assert first.faults
    assert (first.faults, first.story) == (second.faults, second.story)
    assert told.startswith(tell(first))
    assert capsys.readouterr().out == tell(first) + "\n"
