"""A cluster of real processes: whatever dies, is cut off or gets lost, everything arrives once."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from statistics import median
from typing import Any, Final

import amqp
import pytest

from tests import rabbitmq
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import eventually
from tests.cluster.counting import Drain, Tell, accept, drain, reckon
from tests.cluster.machines import SETTINGS, Cluster
from tests.crash.chance import SEED
from tests.crash.load import Load
from tests.servers.namespace import HOW

ROUNDS: Final = int(os.environ.get("CRASH_ROUNDS") or 1)
"""How often everything is done to the cluster; `make crash-cluster` makes it more."""
MEASURED, DRAINED, COMES_BACK = (1, 600, 0.25) if ROUNDS == 1 else (5, 3_000, 0.9)
"""How often speed is measured before and after, over how many deliveries, and how much of it must be there again.

A short run shares its cores with other tests and only notices what is broken; the long one asks for nine tenths.
"""
BACK_WITHIN: Final = 120.0
"""Seconds after the last restart within which speed is there again."""
TAKEOVER: Final = 5.0
"""Seconds within which a stand-by leads."""
TAKES_TASKS: Final = "this worker takes tasks"
LATE: Final = "verdict came too late"
MORE_CUTS: Final = 2
"""A cut that falls into a transaction leaves its locks behind, so that nobody judges those attempts before it is joined
again and none of them is late. So many more are made until one was."""
CLIENTS: Final = 2
SLOW: Final[dict[str, Any]] = {"fault": "slow", "delay": 0.1, "probability": 0.3}
"""So that at most moments attempts are under way."""
SLOWER: Final[dict[str, Any]] = {"fault": "slow", "delay": 0.5}
"""So that at every moment they are."""


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Says a line at the end of the run."""
    return lambda line: record_property("told", line)


@pytest.fixture
def luck(tell: Tell) -> Random:
    tell(f"CRASH_SEED={SEED}")
    return Random(SEED)


@contextmanager
def load_on(cluster: Cluster, named: str, tell: Tell, trouble: dict[str, Any] = SLOW) -> Iterator[None]:
    """Clients as long as the block lasts; then everything that they were promised must have arrived, once."""
    cluster.nodes[0].faults(trouble)
    with Load(cluster.api, clients=CLIENTS, named=named) as load:
        yield
    cluster.mend()
    tell(f"requests repeated = {load.accepted.repeated}")
    reckon(cluster, load.accepted.messages, tell)


def ready(broker: str, name: str) -> int:
    """How many tasks wait in a queue; none in one that is not there yet."""
    with rabbitmq.channel(broker) as channel:
        try:
            count: int = channel.queue_declare(name, passive=True).message_count
        except amqp.NotFound:
            return 0
    return count


@pytest.mark.timeout(240)
def test_what_the_queue_loses_or_doubles_arrives_once(cluster: Cluster, tell: Tell) -> None:
    for worker in cluster.workers:
        worker.kill9()
    for number in range(ROUNDS):
        accepted = accept(cluster, f"Lost and doubled {number}", people(10))
        eventually(lambda: all(ready(cluster.broker, f"vestnik.{name}") for name in MESSENGERS), "tasks are queued", 30)
        with rabbitmq.channel(cluster.broker) as channel:
            channel.queue_purge("vestnik.telegram")
            task = channel.basic_get("vestnik.viber", no_ack=False)
            for _ in range(3):
                channel.basic_publish(task, exchange="vestnik", routing_key="vestnik.viber")
            channel.basic_reject(task.delivery_tag, requeue=True)
    cluster.mend()
    reckon(cluster, accepted, tell)


@pytest.mark.timeout(120 + 60 * ROUNDS)
def test_a_stand_by_takes_over_within_five_seconds(cluster: Cluster, tell: Tell) -> None:
    took = []
    for _ in range(3 * ROUNDS):
        took.append(cluster.takeover())
        cluster.mend()
    tell(f"{len(took)} times, after a median of {median(took):.2f} s and at most {max(took):.2f} s")
    assert max(took) < TAKEOVER


@pytest.mark.timeout(240 + 60 * ROUNDS)
def test_any_role_may_be_killed_at_any_moment(cluster: Cluster, tell: Tell, luck: Random) -> None:
    with load_on(cluster, "Killed: ", tell):
        for _ in range(ROUNDS):
            victims = cluster.roles
            luck.shuffle(victims)
            for victim in victims:
                time.sleep(luck.uniform(0.0, 1.0))
                victim.kill9()
                time.sleep(luck.choice((0.0, 0.5)))
                victim.start()
    tell(f"kills = {len(victims) * ROUNDS}")


def until_speed_is_back(cluster: Cluster, before: float, tell: Tell) -> list[Drain]:
    """The last drains that are measured; as many are made as it takes, for a while.

    A server that crashed has forgotten which of its rows are dead, and steps over them until its next vacuum.
    """
    began, drains = time.monotonic(), list[Drain]()
    while True:
        drains.append(drain(cluster, f"After {len(drains)}", DRAINED, tell))
        last, took = drains[-MEASURED:], time.monotonic() - began
        is_back = median(each.rate for each in last) > before * COMES_BACK
        if len(drains) >= MEASURED and (is_back or took > BACK_WITHIN):
            tell(f"measured until {took:.0f} s after")
            return last


@pytest.mark.timeout(240 + 120 * ROUNDS)
def test_servers_that_are_restarted_cost_nothing_and_speed_comes_back(
    cluster: Cluster, tell: Tell, luck: Random
) -> None:
    database, broker = cluster.servers.postgres, cluster.servers.rabbitmq

    def restart_database(way: Any) -> None:
        database.stop(way)
        time.sleep(luck.uniform(0.0, 1.0))
        database.start()

    def restart_broker(stop: Callable[[], None]) -> None:
        stop()
        broker.start()

    blows: list[Callable[[], None]] = [
        lambda: restart_database("fast"),
        lambda: restart_broker(luck.choice((broker.stop, broker.kill9))),
        lambda: restart_database("immediate"),
    ]
    drain(cluster, "Warming up", 300, tell)
    before = [drain(cluster, f"Before {number}", DRAINED, tell) for number in range(MEASURED)]
    with load_on(cluster, "Restarted: ", tell):
        for _ in range(ROUNDS):
            for blow in blows:
                time.sleep(luck.uniform(1.0, 2.0))
                blow()
    after = until_speed_is_back(cluster, median(each.rate for each in before), tell)
    rates = [median(each.rate for each in drains) for drains in (before, after)]
    costs = [median(each.cost for each in drains) for drains in (before, after)]
    tell(f"restarts = {len(blows) * ROUNDS}")
    tell(f"deliveries/s {rates[0]:.0f} before and {rates[1]:.0f} after: {rates[1] / rates[0]:.2f} x")
    tell(f"CPU s of relays and workers per 1,000: {costs[0]:.2f} and {costs[1]:.2f}: {costs[1] / costs[0]:.2f} x")
    assert rates[1] > rates[0] * COMES_BACK
    assert costs[1] < costs[0] / COMES_BACK


@pytest.mark.timeout(240 + 60 * ROUNDS)
def test_a_worker_and_a_leader_that_are_cut_off_and_joined_again_cost_nothing(
    cluster: Cluster, tell: Tell, luck: Random
) -> None:
    network = cluster.servers.elsewhere
    if network is None:
        pytest.skip(HOW)
    worker, relay = cluster.distant
    for role in (*cluster.workers, *cluster.relays):
        role.kill9()
    worker.start()
    relay.start()
    assert cluster.leader() is relay
    cluster.relays[0].start()
    eventually(lambda: worker.process and TAKES_TASKS in worker.process.output(), "the distant worker takes tasks", 30)
    took: list[float] = []
    with load_on(cluster, "Cut off: ", tell, SLOWER):
        while len(took) < ROUNDS or (LATE not in worker.log() and len(took) < ROUNDS + MORE_CUTS):
            time.sleep(luck.uniform(2.0, 3.0))
            network.cut()
            cut = time.monotonic()
            try:
                eventually(lambda: cluster.relays[0].leads, "the relay on this side leads", 30)
                took.append(time.monotonic() - cut)
                cluster.workers[0].start()
                time.sleep(SETTINGS["lease"] * 1.25 + luck.uniform(0.0, 2.0))
            finally:
                network.join()
            time.sleep(luck.uniform(1.0, 2.0))
            cluster.relays[0].kill9()
            cluster.workers[0].kill9()
            eventually(lambda: relay.leads, "the relay on the other side leads again", 30)
            cluster.relays[0].start()
    eventually(lambda: LATE in worker.log(), "the one that was cut off says what it has sent", 60)
    tell(f"cut off {len(took)} times, the stand-by led after {max(took):.2f} s at most")
    assert max(took) < TAKEOVER
