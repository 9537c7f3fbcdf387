"""What compose.yaml says can be run: each word of it is known to us, and its commands work by hand, without Docker."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests import postgres, rabbitmq
from tests.acceptance.by_hand import ROOT, SECRETS, ByHand, composed, ours
from tests.acceptance.journal import Entry, audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import environment, eventually, lasting_port
from vestnik import cli, config, wiring

PROFILES: Final = ("embedded", "cluster")
UNFINISHED: Final = "SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')"
SENDING: Final = "SELECT count(*) FROM deliveries WHERE state = 'sending'"

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_command_is_one_of_ours_and_every_variable_a_setting(profile: str) -> None:
    settings = {name for name, *_ in config.described(wiring.messenger_options())}
    file = composed()
    assert ours(profile)
    for name, service in ours(profile).items():
        assert cli._parser().parse_args(service["command"]), name
        for variable, value in service["environment"].items():
            assert variable.removesuffix(config.IN_A_FILE) in settings, f"{name}: {variable}"
            assert isinstance(value, str), f"{name}: {variable} would be changed by whoever reads YAML"
        files = {value for value in service["environment"].values() if value.startswith(SECRETS)}
        assert {f"{SECRETS}{secret}" for secret in service.get("secrets", [])} == files
        hosts = set(re.findall(r"http://(\w+):", str(service["environment"])))
        assert hosts <= set(file["services"]), f"{name} wants to reach {hosts}"


def test_every_service_belongs_to_a_profile_has_bounds_and_tells_its_health() -> None:
    file = composed()
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "HEALTHCHECK" in image
    for name, service in file["services"].items():
        assert service["profiles"] in ([profile] for profile in PROFILES)
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert "healthcheck" in service or service["image"] == "vestnik", name
        for secret in service.get("secrets", []):
            assert (secret if isinstance(secret, str) else secret["source"]) in file["secrets"], name
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in file["volumes"], name
        for other, how in service.get("depends_on", {}).items():
            assert file["services"][other]["profiles"] == service["profiles"]
            assert how == {"condition": "service_healthy"}
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), "others could reach it"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    """Everything of the profile `cluster` but the servers, which are those of the tests."""
    secrets = {"database_url": postgres.url(), "broker_url": rabbitmq.url()}
    postgres.wipe()
    running = ByHand(tmp_path_factory.mktemp("by-hand"), "cluster", secrets)
    try:
        with running:
            yield running
    finally:
        running.tell()


def send(cluster: ByHand, text: str, count: int) -> str:
    """A message through the first API node; its id."""
    body = {"sender": "acme", "text": text, "messengers": list(MESSENGERS), "recipients": people(count)}
    return str(cluster.roles["api"][0].client.call("POST", "/api/messages", body).expect(202)["id"])


def arrived(cluster: ByHand, text: str, count: int) -> str:
    """Waits until it has; counts of what was lost and doubled, which must be none."""
    eventually(lambda: postgres.ask(postgres.url(), UNFINISHED) == 0, "all is sent", 90, every=0.2)
    journal, lines = cluster.roles["emulators"][0].client, list[Any]()
    after: int | None = 0
    while after is not None:
        page = journal.call("GET", "/emulator/journal", limit=1_000, after=after).expect(200)
        lines, after = lines + page["entries"], page["next"]
    entries = [entry for line in lines if (entry := Entry.read(line)).arrival.text == text]
    result = audit(expected(text, people(count), MESSENGERS), entries)
    assert result.faultless, result
    return str(result)


def test_what_one_node_takes_arrives_once_and_the_other_one_knows_of_it(cluster: ByHand) -> None:
    message = send(cluster, "by hand", 20)
    arrived(cluster, "by hand", 20)
    other = cluster.roles["api"][1].client

    def reported() -> bool:
        return bool(other.call("GET", f"/api/messages/{message}").expect(200)["counts"] == {"delivered": 60})

    eventually(reported, "all reports have come", 30)


def test_relays_and_workers_tell_their_health_and_their_numbers(cluster: ByHand) -> None:
    relays, workers = cluster.roles["relay"], cluster.roles["worker"]
    for each in (*relays, *workers):
        assert each.client.call("GET", "/livez").expect(200) == {"status": "ok"}
        assert each.client.call("GET", "/readyz").expect(200) == {"status": "ok"}
    leaders = [relay for relay in relays if relay.number("vestnik_relay_leads")]
    assert len(leaders) == 1
    published = leaders[0].number("vestnik_relay_published_total")
    attempts = sum(worker.number("vestnik_attempts_total") for worker in workers)
    send(cluster, "counted", 10)
    arrived(cluster, "counted", 10)
    assert leaders[0].number("vestnik_relay_published_total") >= published + 30
    assert sum(worker.number("vestnik_attempts_total") for worker in workers) >= attempts + 30
    told = leaders[0].client.call("GET", "/metrics").body.decode()
    for name in ("relay_lag_seconds", "queue_tasks", "oldest_due_seconds", "leases", "relay_repeated_total"):
        for messenger in MESSENGERS:
            assert re.search(rf'^vestnik_{name}{{messenger="{messenger}"', told, re.MULTILINE), name
    assert workers[0].number("vestnik_worker_leases") == 0


def test_a_worker_that_is_asked_to_stop_finishes_or_gives_back_what_it_holds(
    cluster: ByHand, record_property: Callable[[str, object], None]
) -> None:
    emulators, (first, second) = cluster.roles["emulators"][0].client, cluster.roles["worker"]
    emulators.call("PUT", "/emulator/faults", [{"fault": "slow", "delay": 0.4}]).expect(200)
    second.kill9()
    send(cluster, "stopped", 300)
    assert first.process is not None
    eventually(lambda: postgres.ask(postgres.url(), SENDING) > 50, "it has a lot under way", 30)
    held = first.number("vestnik_worker_leases")
    assert held > 50
    first.process.signal(signal.SIGTERM)
    assert first.process.wait(30) == 0
    assert postgres.ask(postgres.url(), SENDING) == 0, "nobody has to wait for a lease of it"
    emulators.call("PUT", "/emulator/faults", []).expect(200)
    for worker in (first, second):
        worker.start(cluster.known)
    record_property("told", f"{arrived(cluster, 'stopped', 300)}, held when it was stopped = {held:.0f}")
    for worker in (first, second):
        eventually(worker.healthy, "it is healthy again", 60, every=0.2)


def test_flower_beside_it_sees_the_workers_and_their_tasks(cluster: ByHand) -> None:
    port = lasting_port()
    command = [sys.executable, "-m", "celery", "--broker", rabbitmq.url(), "flower", f"--port={port}"]
    given = environment({"FLOWER_UNAUTHENTICATED_API": "true"})
    flower = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=given)
    worker = cluster.roles["worker"][0]

    def look() -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/workers?json=1", timeout=10) as answer:
            return {each["hostname"]: each for each in json.load(answer)["data"]}

    def sees() -> bool:
        try:
            return any(each.get("status") for each in look().values())
        except OSError:
            return False

    try:
        eventually(sees, "Flower sees a worker", 60, every=0.5)
        send(cluster, "seen", 5)
        arrived(cluster, "seen", 5)
        tasks = eventually(lambda: sum(each.get("task-received", 0) for each in look().values()), "it sees tasks", 30)
        assert tasks >= 1
    finally:
        flower.terminate()
        flower.wait(20)
    assert worker.healthy()
