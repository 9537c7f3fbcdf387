"""Which servers a test run finds: those that run, else its own, else none and it says so; and it leaves none behind."""

import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from kombu.exceptions import OperationalError

from tests import postgres, rabbitmq
from tests.acceptance.process import eventually
from tests.cluster.servers import Servers
from tests.servers import postgres as own_postgres
from tests.servers import rabbitmq as own_rabbitmq

ROOT: Final = Path(__file__).resolve().parents[2]
NOWHERE: Final = """
from tests import postgres, rabbitmq
from tests.servers import postgres as own_postgres, rabbitmq as own_rabbitmq
postgres.RUNNING[:] = ["postgresql://postgres@127.0.0.1:1/postgres"]
rabbitmq.CONTROL[0] = "no-such-program"
"""
NOT_INSTALLED: Final = """
import os
os.environ["PATH"] = ""
own_postgres.PLACES.clear()
own_rabbitmq.PLACES.clear()
"""
TEST: Final = """
def test_with_a_database(): postgres.url()
def test_with_a_queue(): rabbitmq.url()
"""


def answers(address: str) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(address).port or 0)) == 0


def python(script: str, environment: Mapping[str, str] | None = None) -> str:
    """What a process says that runs the script to its end."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pytest_run(folder: Path, text: str, *, ci: bool) -> tuple[int, str]:
    """Exit status and summary of a run with the rules of tests/conftest.py."""
    (folder / "test_servers_here.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.conftest", "--rootdir", str(folder), folder],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **({"CI": "true"} if ci else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_database_is_made_on_the_server_that_runs_and_dropped_at_the_end() -> None:
    running = postgres.server()
    if running is None:
        pytest.skip(postgres.HOW)
    script = f'from tests import postgres\npostgres.RUNNING[:] = ["{running}"]\nurl = postgres.url()\n'
    asked = 'print(url, postgres.ask(url, "SELECT current_database()"))'
    address, name = python(script + asked).split()
    assert address.rpartition("/")[0] == running.rpartition("/")[0]
    assert re.fullmatch(r"vestnik_test_\d+", name)
    assert postgres.ask(running, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 0


def test_where_none_runs_a_database_server_is_started_and_ended() -> None:
    if not own_postgres.can_be_started():
        pytest.skip(postgres.HOW)
    said = python(NOWHERE + 'url = postgres.url()\nprint(url, postgres.ask(url, "SHOW data_directory"))')
    address, data = said.split()
    assert "5432" not in address
    assert not Path(data).exists()
    assert not answers(address)


def test_a_virtual_host_is_made_on_the_broker_that_runs_and_dropped_at_the_end(servers: Servers) -> None:
    broker = servers.rabbitmq
    running, _, others = broker.url().rpartition("/")
    use = f"rabbitmq.CONTROL[:] = {broker.control_command!r}\nrabbitmq.RUNNING = {running!r}\nurl = rabbitmq.url()\n"
    asked = "with rabbitmq.channel(url) as channel: channel.queue_declare('one')\nprint(url)"
    address = python(f"from tests import rabbitmq\n{use}{asked}", broker.environment).strip()
    assert re.fullmatch(rf"{running}/vestnik_test_\d+", address)
    assert broker.control("list_vhosts", "name").split()[1:] == [others]


def test_where_none_runs_a_broker_is_started_and_ended() -> None:
    if not own_rabbitmq.can_be_started():
        pytest.skip(rabbitmq.HOW)
    asked = "with rabbitmq.channel(rabbitmq.url()) as channel: channel.queue_declare('one')\nprint(rabbitmq.url())"
    address = python(NOWHERE + asked).strip()
    assert ":5672" not in address
    with pytest.raises(OperationalError, match="refused"), rabbitmq.channel(address):
        pass


def test_where_nothing_is_installed_tests_are_skipped_loudly_and_ci_fails(tmp_path: Path) -> None:
    status, said = pytest_run(tmp_path, NOWHERE + NOT_INSTALLED + TEST, ci=False)
    assert status == 0
    assert f"1 test: {postgres.HOW}" in said
    assert f"1 test: {rabbitmq.HOW}" in said
    status, said = pytest_run(tmp_path, NOWHERE + NOT_INSTALLED + TEST, ci=True)
    assert status == 1
    assert "2 failed" in said


def test_a_server_of_our_own_dies_with_the_tests_also_where_those_are_killed() -> None:
    if not own_postgres.can_be_started():
        pytest.skip(postgres.HOW)
    script = NOWHERE + "import os\nprint(postgres.url(), flush=True)\nos.kill(os.getpid(), 9)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -9
    eventually(lambda: not answers(done.stdout.strip()), "the server is gone", 10)
