"""A cluster of real processes over PostgreSQL and RabbitMQ: whatever dies or gets lost, everything arrives once."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import amqp
import pytest

from tests import postgres, rabbitmq
from tests.acceptance.journal import Arrival, audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import eventually
from tests.acceptance.service import Service
from tests.cluster.machines import Cluster, Role
from tests.crash.chance import SEED

PEOPLE: Final = 10
MESSAGES: Final = 24
KILLS: Final = 5
Tell = Callable[[str, object], None]


def reckon(cluster: Cluster, accepted: dict[str, list[Arrival]], record_property: Tell) -> None:
    """The service has nothing left to do, and the journal has each once."""
    cluster.nodes[0].wait_until_settled(*accepted, within=60)
    arrivals = [arrival for each in accepted.values() for arrival in each]
    result = audit(arrivals, cluster.emulators.journal())
    record_property("told", str(result))
    assert result.faultless, result


def ready(broker: str, name: str) -> int:
    """How many tasks wait in a queue; none in one that is not there yet."""
    with rabbitmq.channel(broker) as channel:
        try:
            count: int = channel.queue_declare(name, passive=True).message_count
        except amqp.NotFound:
            return 0
    return count


def killed(role: Service | Role) -> None:
    """It dies where it stands, and comes back."""
    role.kill9()
    role.start()


def break_database() -> None:
    """Ends every connection to the database, as a server that is restarted does."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    postgres.ask(postgres.url(), f"SELECT count(pg_terminate_backend(pid)) {others}")


@pytest.mark.timeout(240)
def test_what_the_queue_loses_or_doubles_arrives_once_and_the_stand_by_takes_over(
    tmp_path: Path, record_property: Tell
) -> None:
    whom = people(PEOPLE)
    with Cluster(tmp_path) as cluster:
        leader = cluster.leader()
        text = "lost and doubled"
        accepted = {cluster.accept(0, text, whom): expected(text, whom, MESSENGERS)}
        eventually(lambda: all(ready(cluster.broker, f"vestnik.{name}") for name in MESSENGERS), "tasks are queued", 30)
        with rabbitmq.channel(cluster.broker) as channel:
            channel.queue_purge("vestnik.telegram")
            task = channel.basic_get("vestnik.viber", no_ack=False)
            for _ in range(3):
                channel.basic_publish(task, exchange="vestnik", routing_key="vestnik.viber")
            channel.basic_reject(task.delivery_tag, requeue=True)

        leader.kill9()
        died = time.monotonic()
        second = eventually(
            lambda: next((relay for relay in cluster.relays if relay.leads), None), "the stand-by leads", 30
        )
        took = time.monotonic() - died
        record_property("told", f"the stand-by led after {took:.1f} s")
        assert second is not leader
        assert took < 5.0
        for worker in cluster.workers:
            worker.start()
        reckon(cluster, accepted, record_property)
        assert cluster.workers[0].terminate() == 0
        assert second.terminate() == 0


@pytest.mark.timeout(300)
def test_any_role_may_be_killed_and_any_connection_broken_at_any_moment(tmp_path: Path, record_property: Tell) -> None:
    luck = Random(SEED)
    record_property("told", f"CRASH_SEED={SEED}")
    accepted: dict[str, list[Arrival]] = {}
    with Cluster(tmp_path) as cluster:
        for worker in cluster.workers:
            worker.start()
        cluster.emulators.call("PUT", "/emulator/faults", [{"fault": "slow", "delay": 0.1, "probability": 0.3}])
        roles: list[Service | Role] = [*cluster.nodes, *cluster.relays, *cluster.workers]
        blows: list[Callable[[], None]] = [break_database, rabbitmq.break_connections]
        blows += [partial(killed, luck.choice(roles)) for _ in range(KILLS)]
        luck.shuffle(blows)
        moments = luck.sample(range(1, MESSAGES), len(blows))
        for number in range(MESSAGES):
            whom = people(PEOPLE, number * PEOPLE)
            text = f"Message {number}"
            accepted[cluster.accept(number, text, whom)] = expected(text, whom, MESSENGERS)
            time.sleep(0.2)
            if number in moments:
                blows.pop()()
        reckon(cluster, accepted, record_property)
