"""Every command of docs/running.md does what it says: in one process, with PostgreSQL, in a cluster, in a container."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests import postgres, rabbitmq
from tests.acceptance.client import Client
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import eventually, lasting_port
from tests.acceptance.service import Service
from tests.acceptance.shell import Shell, below, headings
from vestnik import config

FOLLOWED: Final = {
    "A copy for safekeeping": "test_backup.py",
    "Restoring it": "test_backup.py",
    "With PostgreSQL": "test_a_database_is_made_and_served_from",
    "Moving up": "test_a_service_moves_up_step_by_step",
    "A cluster": "test_a_cluster_is_started_told_of_and_watched",
    "Keys": "test_keys_are_made_listed_and_revoked",
    "Real messengers": "test_a_real_messenger_is_an_address",
    "Logs and numbers": "test_a_cluster_is_started_told_of_and_watched",
    "In a container": "test_the_secrets_of_a_container_fit_each_other",
}
"""The headings with commands, and the test that runs them."""
DATABASE: Final = "vestnik:PASSWORD@db.example:5432/vestnik"

pytestmark = pytest.mark.timeout(240)


def test_no_block_of_commands_is_left_out() -> None:
    assert headings() == set(FOLLOWED)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A terminal where the document's database server is the tests', with a database that is nobody else's."""
    server = postgres.server()
    if server is None:
        pytest.skip(postgres.HOW)
    found, name = urlsplit(server), f"vestnik_test_{os.getpid()}_read"
    known = {
        DATABASE: f"{name}:PASSWORD@{found.hostname}:{found.port}/{name}",
        "--pwprompt vestnik": f"--pwprompt {name}",
        "--owner vestnik": f"--owner {name}",
        "template0 vestnik": f"template0 {name}",
    }
    exported = {"PGHOST": str(found.hostname), "PGPORT": str(found.port), "PGUSER": str(found.username)}
    try:
        with Shell(tmp_path, known, **exported).open() as opened:
            yield opened
    finally:
        postgres.ask(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"DROP ROLE IF EXISTS {name}")


def make_database(shell: Shell) -> str:
    """Follows the document until there is an empty database; what comes after that."""
    (block,) = below("With PostgreSQL")
    making, rest = block.split("export ", 1)
    shell.follow(making, said="PASSWORD\nPASSWORD\n")
    return f"export {rest}"


def send(address: str, text: str) -> str:
    body = {"sender": "acme", "text": text, "messengers": list(MESSENGERS), "recipients": people(5)}
    return str(Client(address).call("POST", "/api/messages", body).expect(202)["id"])


def delivered(address: str, message: str) -> bool:
    counts: Any = Client(address).call("GET", f"/api/messages/{message}").expect(200)["counts"]
    return bool(counts == {"delivered": 15})


def test_a_database_is_made_and_served_from(shell: Shell) -> None:
    printed = shell.follow(make_database(shell))
    assert "is up to date" in printed
    assert "PASSWORD" not in printed
    message = send(shell.address(0), "from the database")
    eventually(lambda: delivered(shell.address(0), message), "it has arrived", 30)


def test_a_service_moves_up_step_by_step(shell: Shell) -> None:
    make_database(shell)
    shell.follow("vestnik serve")
    message = send(shell.address(0), "before the move")
    ahead, last = below("Moving up")
    assert "Now stop the service" in shell.follow(ahead)
    eventually(lambda: delivered(shell.address(0), message), "it has arrived", 30)
    shell.stop()
    printed = shell.follow(last)
    assert "the same rows, and sound" in printed
    assert "is out of use from now on" in printed
    assert delivered(shell.address(0), message)
    another = send(shell.address(0), "after the move")
    eventually(lambda: delivered(shell.address(0), another), "it has arrived", 30)
    again = Client(shell.address(0)).call("GET", "/emulator/journal").expect(200)["entries"]
    assert len(again) == 30, "the emulators' data stayed where it was"


def test_a_cluster_is_started_told_of_and_watched(shell: Shell) -> None:
    make_database(shell)
    emulators, ports = lasting_port(), (lasting_port(), lasting_port(), lasting_port())
    shell.known |= {
        "amqp://vestnik:PASSWORD@mq.example:5672/vestnik": rabbitmq.url(),
        "emulators.example:8080": f"127.0.0.1:{emulators}",
        "vestnik emulate --host 0.0.0.0 --insecure": f"VESTNIK_PORT={emulators} VESTNIK_DATA=far vestnik emulate"
        " --host 0.0.0.0 --insecure",
        "celery -A vestnik.cluster worker": "celery -A vestnik.cluster worker -n first",
        "9101": str(ports[0]),
        "9102": str(ports[1]),
        "5555": str(ports[2]),
        "pip install": "pip --version # pip install",
    }
    settings, roles = below("A cluster")
    shell.follow(settings)
    shell.follow(roles)
    message = send(shell.address(1), "through the cluster")
    eventually(lambda: delivered(shell.address(1), message), "it has arrived", 60)
    probes, flower = below("Logs and numbers")
    numbers = shell.follow(probes)
    assert '{"status":"ok"}' in numbers.replace(" ", "")
    assert 'vestnik_worker_leases{messenger="viber"} 0.0' in numbers
    shell.follow(flower)


def test_keys_are_made_listed_and_revoked(shell: Shell) -> None:
    (block,) = below("Keys")
    printed = shell.follow(block)
    assert len(re.findall(r"^vk_\S{40,}$", printed, re.MULTILINE)) == 2
    assert re.search(r"^shop +acme ", printed, re.MULTILINE)
    listed = shell.follow("vestnik keys list")
    assert re.search(r"^shop +acme +\S+Z +\S+Z", listed, re.MULTILINE), "it is revoked"


def test_a_real_messenger_is_an_address(shell: Shell, tmp_path: Path) -> None:
    with Service(tmp_path / "real", command="emulate") as real:
        shell.known |= {
            "https://api.telegram.org": f"{real.address}/telegram",
            "VESTNIK_TELEGRAM_TOKEN=…": "VESTNIK_TELEGRAM_TOKEN=110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        }
        (block,) = below("Real messengers")
        shell.follow(block)
        body = {"sender": "acme", "text": "for real", "messengers": ["telegram"], "recipients": [{"telegram": "1001"}]}
        Client(shell.address(0)).call("POST", "/api/messages", body).expect(202)
        eventually(lambda: [entry.arrival.text for entry in real.journal()] == ["for real"], "it has arrived there", 30)
        shell.stop()


def test_the_secrets_of_a_container_fit_each_other(shell: Shell) -> None:
    (block,) = below("In a container")
    assert shell.follow(block) == ""
    folder = shell.folder / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    given = {f"VESTNIK_{name}_FILE": str(folder / name.lower()) for name in ("DATABASE_URL", "BROKER_URL")}
    settings = config.read({}, {}, given)
    password = (folder / "postgres_password").read_text(encoding="utf-8")
    assert re.fullmatch("[0-9a-f]{48}", password)
    assert settings.database_url == f"postgresql://vestnik:{password}@postgres:5432/vestnik"
    broker = dict(line.split(" = ") for line in (folder / "rabbitmq.conf").read_text(encoding="utf-8").splitlines())
    user, secret, host = broker["default_user"], broker["default_pass"], broker["default_vhost"]
    assert settings.broker_url == f"amqp://{user}:{secret}@rabbitmq:5672/{host}"
    assert secret != password
