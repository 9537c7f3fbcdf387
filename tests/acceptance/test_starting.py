"""What cannot start says why in one line and ends; what can be reached from elsewhere wants a key."""

import re
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.people import person
from tests.acceptance.process import eventually, run
from tests.acceptance.service import Service

USAGE = 2
FAILED = 1


def refusal(*arguments: str, status: int, **settings: object) -> str:
    """The one line with which the command ends."""
    ended = run(*arguments, within=30, **settings)
    assert ended.returncode == status, ended
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "http"),
        ("max_attempts", "0"),
        ("retry_base", "nan"),
        ("dedupe_window", "soon"),
        ("on_unclear", "guess"),
        ("demo", "perhaps"),
        ("database_url", "oracle://db"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    line = refusal("serve", "--data", str(tmp_path), status=USAGE, **{name: value})
    assert f"VESTNIK_{name.upper()}" in line
    assert not (tmp_path / "vestnik.db").exists()


def test_a_bad_option_is_told_with_how_to_use_the_command() -> None:
    ended = run("serve", "--colour")
    assert ended.returncode == USAGE
    assert "usage: vestnik" in ended.stderr
    assert ended.stderr.splitlines()[-1].endswith("unrecognized arguments: --colour")


def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    line = refusal("serve", "--data", str(tmp_path), status=USAGE, lease=10, send_timeout=10)
    assert "VESTNIK_LEASE" in line
    assert "VESTNIK_SEND_TIMEOUT" in line


def test_a_variable_that_is_no_setting_is_told_and_does_no_harm(tmp_path: Path) -> None:
    with Service(tmp_path, retry_bas=1) as service:
        assert "VESTNIK_RETRY_BAS" in service.log()


@pytest.mark.parametrize("command", ["relay", "worker"])
def test_a_relay_and_a_worker_tell_of_a_variable_that_is_no_setting(command: str) -> None:
    ended = run(command, broker_ur="amqp://localhost")
    assert ended.returncode == USAGE
    told, refused = (ended.stdout + ended.stderr).splitlines()
    assert "VESTNIK_BROKER_UR" in told
    assert "VESTNIK_BROKER_URL" in refused


def test_a_port_that_is_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal("serve", "--port", port, "--data", str(tmp_path), status=FAILED)
    assert port in line


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refusal("serve", "--port", "0", "--data", str(tmp_path / "file" / "data"), status=USAGE)


def test_a_data_folder_in_which_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "vestnik.lock").mkdir()  # Whoever is root may write anywhere, but not over a folder.
    line = refusal("serve", "--port", "0", "--data", str(tmp_path), status=USAGE)
    assert line == f"vestnik: VESTNIK_DATA: {tmp_path} cannot be used: Is a directory"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("",), "a key needs a name"),
        (("shop", "--sender", ""), "--sender: '' is not an account's id"),
        (("shop", "--sender", "a b"), "--sender: 'a b' is not an account's id"),
    ],
)
def test_a_key_that_nobody_can_name_or_that_speaks_for_nobody_is_not_made(
    tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    assert complaint in refusal("keys", "create", *arguments, "--data", str(tmp_path), status=USAGE)
    assert run("keys", "list", "--data", str(tmp_path)).stdout.splitlines()[1:] == []


def test_a_key_is_listed_by_the_name_that_it_has(tmp_path: Path) -> None:
    assert run("keys", "create", "[red]shop", "--data", str(tmp_path)).returncode == 0
    assert "[red]shop" in run("keys", "list", "--data", str(tmp_path)).stdout


def test_one_data_folder_serves_one_process(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        line = refusal("serve", "--port", "0", "--data", str(service.data), status=FAILED)
        assert str(service.data) in line
        service.send("Undisturbed", [person(1)])


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.terminate()
        connection = sqlite3.connect(service.data / "vestnik.db")
        connection.execute("PRAGMA user_version = 9999")
        connection.close()
        before = (service.data / "vestnik.db").read_bytes()
        line = refusal("serve", "--port", "0", "--data", str(service.data), status=FAILED)
        assert "9999" in line
        assert (service.data / "vestnik.db").read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "vestnik.db").write_bytes(b"my diary, page one\n" * 1000)
    line = refusal("serve", "--port", "0", "--data", str(tmp_path), status=FAILED)
    assert "vestnik.db" in line
    assert (tmp_path / "vestnik.db").read_bytes().startswith(b"my diary")


def test_port_0_takes_a_free_port_and_says_which(tmp_path: Path) -> None:
    with Service(tmp_path, "--port", "0") as service:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", service.address)
        assert not service.address.endswith(":0")
        assert service.call("GET", "/readyz").status == 200


def test_beyond_loopback_it_refuses_to_start_without_a_key(tmp_path: Path) -> None:
    line = refusal("serve", "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path), status=USAGE)
    assert "vestnik keys create" in line
    assert "--insecure" in line


def test_beyond_loopback_it_starts_when_somebody_insists(tmp_path: Path) -> None:
    with Service(tmp_path, "--host", "0.0.0.0", "--insecure") as service:
        assert service.call("GET", "/api/messages").status == 200


def test_beyond_loopback_it_starts_with_a_key_and_serves_those_who_have_it(tmp_path: Path) -> None:
    key = made_key(tmp_path / "data", "backend")
    with Service(tmp_path, "--host", "0.0.0.0") as service:
        refused = service.call("GET", "/api/messages")
        assert refused.status == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["www-authenticate"].startswith("Bearer")
        service.client.key = key
        sent = service.send("With a key", [person(1)])
        service.wait_until_settled(sent["id"])
        assert len(service.journal()) == 3


def test_keys_are_in_force_on_the_api_and_the_control_api_from_the_first_one_on(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        paths = ("/api/messages", "/api/accounts", "/emulator/journal", "/emulator/faults")
        assert {service.call("GET", path).status for path in paths} == {200}
        key = made_key(service.data, "first")
        eventually(lambda: service.call("GET", "/api/messages").status == 401, "the key is in force", 5)
        assert {service.call("GET", path).status for path in paths} == {401}
        assert {service.call("GET", path).status for path in ("/livez", "/readyz")} == {200}
        wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
        assert service.call("GET", paths[0], headers={"authorization": f"Bearer {wrong}"}).status == 401
        assert "--key-file" in run("status", "--url", service.address, "01J").stderr
        service.client.key = key
        assert {service.call("GET", path).status for path in paths} == {200}


def test_a_key_works_until_it_is_revoked_and_is_kept_nowhere(tmp_path: Path) -> None:
    first, second = made_key(tmp_path / "data", "first"), made_key(tmp_path / "data", "second")
    with Service(tmp_path) as service:
        service.client.key = first
        assert service.call("GET", "/api/messages").status == 200
        listing = run("keys", "list", "--data", str(service.data)).stdout
        assert "first" in listing
        assert "second" in listing
        assert run("keys", "revoke", "first", "--data", str(service.data)).returncode == 0
        eventually(lambda: service.call("GET", "/api/messages").status == 401, "the key is out of force", 5)
        service.client.key = second
        assert service.call("GET", "/api/messages").status == 200
        kept = b"".join(path.read_bytes() for path in service.data.iterdir() if path.is_file())
        for key in (first, second):
            assert key not in listing
            assert key not in service.log()
            assert key.encode() not in kept


def test_a_key_speaks_only_for_its_senders(tmp_path: Path) -> None:
    key = made_key(tmp_path / "data", "acme only", "--sender", "acme")
    with Service(tmp_path) as service:
        service.client.key = key
        service.send("As myself", [person(1)])
        body = {"sender": "globex", "text": "As another", "messengers": ["viber"], "recipients": [person(1)]}
        assert service.call("POST", "/api/messages", body).status == 403


def made_key(data: Path, name: str, *options: str) -> str:
    """A new key, as the command prints it."""
    made = run("keys", "create", name, "--data", str(data), *options)
    assert made.returncode == 0, made
    return made.stdout.strip()
