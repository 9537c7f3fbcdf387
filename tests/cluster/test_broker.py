"""What relay and workers make of RabbitMQ: its queues, and tasks that come back, go astray or cannot be read."""

import signal
import time
from typing import Any, Final

import pytest

from tests import postgres, rabbitmq
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import eventually
from tests.cluster.counting import accept, reckon
from tests.cluster.machines import Cluster
from vestnik.cluster.celery_app import TASK, celery_app
from vestnik.cluster.queues import DELIVERY_LIMIT

DEAD: Final = "vestnik.dead"
QUEUES: Final = [f"vestnik.{name}{tail}" for name in MESSENGERS for tail in ("", ".slow")]


def listed(cluster: Cluster, things: str, *fields: str) -> list[list[str]]:
    """What the broker says of its queues, consumers or messages, without the line of titles."""
    virtual_host = cluster.broker.rpartition("/")[2]
    said = cluster.servers.rabbitmq.control(f"list_{things}", "--vhost", virtual_host, "--no-table-headers", *fields)
    return [line.split("\t") for line in said.splitlines()]


def depth(cluster: Cluster, queue: str) -> int:
    with rabbitmq.channel(cluster.broker) as channel:
        waiting: int = channel.queue_declare(queue, passive=True).message_count
    return waiting


def publish(cluster: Cluster, *arguments: Any, queue: str = "vestnik.telegram") -> None:
    """A task as anybody could put it into the queue."""
    app = celery_app(cluster.broker, MESSENGERS)
    with app.connection_for_write() as connection:
        app.send_task(TASK, args=list(arguments), queue=queue, connection=connection)


def test_every_queue_is_a_quorum_queue_with_a_limit_of_returns_and_a_place_for_the_dead(cluster: Cluster) -> None:
    found = {
        name: (kind, arguments) for name, kind, arguments in listed(cluster, "queues", "name", "type", "arguments")
    }
    for name in QUEUES:
        kind, arguments = found[name]
        assert kind == "quorum"
        assert f'{{"x-delivery-limit",{DELIVERY_LIMIT}}}' in arguments
        assert '{"x-dead-letter-exchange","vestnik.dead"}' in arguments
    assert found[DEAD][0] == "quorum"
    assert set(found) - {*QUEUES, DEAD} == {name for name in found if name.endswith("celery.pidbox")}


def test_a_worker_holds_few_tasks_of_each_queue_and_acknowledges_them_itself(cluster: Cluster) -> None:
    must_hold_few(cluster)


def test_it_holds_no_more_after_the_broker_was_away(cluster: Cluster) -> None:
    """With as many as Celery would take, a messenger that hangs would have the threads of all others."""
    cluster.servers.rabbitmq.stop()
    cluster.servers.rabbitmq.start()
    must_hold_few(cluster)


def must_hold_few(cluster: Cluster) -> None:
    eventually(lambda: len(consumers(cluster)) == len(QUEUES) * len(cluster.workers), "both workers read", 30)
    assert {(ack, prefetch) for _, ack, prefetch in consumers(cluster)} == {("true", "4")}


def consumers(cluster: Cluster) -> list[list[str]]:
    """Of our queues: the queue, whether it waits for acknowledgements, and how many tasks may be out."""
    found = listed(cluster, "consumers", "queue_name", "ack_required", "prefetch_count")
    return [each for each in found if each[0] in QUEUES]


def test_tasks_are_persistent_and_ask_for_no_answer(cluster: Cluster) -> None:
    for worker in cluster.workers:
        worker.kill9()
    accepted = accept(cluster, "Look at the task", people(1))
    with rabbitmq.channel(cluster.broker) as channel:
        task = eventually(lambda: channel.basic_get("vestnik.telegram", no_ack=False), "a task is queued", 30)
        assert task.properties["delivery_mode"] == 2
        headers = task.properties["application_headers"]
        assert (headers["eta"], headers["expires"]) == (None, None)
        channel.basic_reject(task.delivery_tag, requeue=True)
    cluster.mend()
    reckon(cluster, accepted, print)


@pytest.mark.parametrize(
    "arguments",
    [("telegram", False, "no list"), ("pigeon", False, []), ("telegram", "no", ["M-0"]), ("telegram", False, [1]), ()],
)
def test_a_task_that_makes_no_sense_goes_to_the_dead_ones(cluster: Cluster, arguments: tuple[Any, ...]) -> None:
    before = depth(cluster, DEAD)
    publish(cluster, *arguments)
    eventually(lambda: depth(cluster, DEAD) == before + 1, "it is among the dead", 30)


def test_a_task_that_comes_back_too_often_goes_to_the_dead_ones(cluster: Cluster) -> None:
    for worker in cluster.workers:
        worker.kill9()
    before = depth(cluster, DEAD)
    publish(cluster, "viber", False, ["M-0"], queue="vestnik.viber")
    with rabbitmq.channel(cluster.broker) as channel:
        for _ in range(DELIVERY_LIMIT + 1):  # As often as a worker could die with it.
            task = eventually(lambda: channel.basic_get("vestnik.viber", no_ack=False), "it is there again", 10)
            channel.basic_reject(task.delivery_tag, requeue=True)
        eventually(lambda: depth(cluster, DEAD) == before + 1, "it is among the dead", 30)
        assert channel.basic_get("vestnik.viber", no_ack=False) is None


def test_ids_that_nothing_has_are_passed_over(cluster: Cluster) -> None:
    before = depth(cluster, DEAD)
    publish(cluster, "telegram", False, ["no such thing", "01M8HDN4H50199S7KX2178CMQN-1", ""])
    accepted = accept(cluster, "After what nothing has", people(2))
    reckon(cluster, accepted, print)
    assert depth(cluster, DEAD) == before


def test_a_task_whose_worker_dies_before_it_has_claimed_goes_to_another_one(cluster: Cluster) -> None:
    first, second = cluster.workers
    second.kill9()
    eventually(lambda: len(consumers(cluster)) == len(QUEUES), "one worker reads", 30)
    assert first.process is not None
    first.process.signal(signal.SIGSTOP)  # What the broker sends it now, it holds and never begins.
    accepted = accept(cluster, "Held by the dead", people(3))
    ours = [f"vestnik.{name}" for name in MESSENGERS]
    eventually(lambda: all(unacknowledged(cluster, name) for name in ours), "it holds the tasks", 30)
    first.kill9()
    eventually(lambda: all(depth(cluster, name) for name in ours), "the broker has them again", 30)
    second.start()
    reckon(cluster, accepted, print)


def unacknowledged(cluster: Cluster, queue: str) -> int:
    """How many tasks workers hold of a queue."""
    found = dict(listed(cluster, "queues", "name", "messages_unacknowledged"))
    return int(found[queue])


def test_a_messenger_that_hangs_fills_its_own_queue_and_no_other(cluster: Cluster) -> None:
    cluster.nodes[0].faults({"messenger": "telegram", "fault": "hang"})
    dead = accept(cluster, "To the one that hangs", [{"telegram": person["telegram"]} for person in people(300)])
    began = time.monotonic()
    healthy = accept(cluster, "To the others", [{"viber": p["viber"], "whatsapp": p["whatsapp"]} for p in people(50)])
    reckon(cluster, healthy, print)
    assert time.monotonic() - began < 15
    cluster.nodes[0].faults()
    reckon(cluster, dead, print)


def test_a_broker_that_does_not_know_the_queue_any_more_is_told_of_it_again(cluster: Cluster) -> None:
    for worker in cluster.workers:
        worker.kill9()
    with rabbitmq.channel(cluster.broker) as channel:
        channel.queue_delete("vestnik.telegram")
    accepted = accept(cluster, "Into a queue that is gone", people(2))  # Published as mandatory, so it comes back.
    eventually(lambda: depth_or_none(cluster, "vestnik.telegram"), "the relay declares it and publishes again", 30)
    cluster.mend()
    reckon(cluster, accepted, print)


def depth_or_none(cluster: Cluster, queue: str) -> int:
    waiting = dict(listed(cluster, "queues", "name", "messages"))
    return int(waiting.get(queue, 0))


def test_while_the_database_is_away_callers_get_503_and_it_goes_on_when_it_is_back(cluster: Cluster) -> None:
    database = cluster.servers.postgres
    database.stop("fast")
    try:
        began = time.monotonic()
        body = {"sender": "acme", "text": "Away", "messengers": ["telegram"], "recipients": [{"telegram": "1"}]}
        reply = cluster.api.call("POST", "/api/messages", body)
        assert (reply.status, time.monotonic() - began < 10) == (503, True)
        assert reply.headers["retry-after"]
    finally:
        database.start()
    eventually(lambda: postgres.ask(database.url(), "SELECT 1"), "the database is back", 10)
    reckon(cluster, accept(cluster, "Back again", people(2)), print)
