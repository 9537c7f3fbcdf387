"""The commands beside `serve`, as a person at a terminal uses them."""

import csv
import re
from pathlib import Path

import pytest

from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS, people
from tests.acceptance.process import run
from tests.acceptance.service import Service

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Your parcel is here"


def file_of_people(folder: Path, count: int) -> Path:
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, MESSENGERS)
        rows.writeheader()
        rows.writerows(people(count))
    return path


def test_send_reaches_everybody_in_a_file_once_however_often_it_is_run(tmp_path: Path) -> None:
    file = file_of_people(tmp_path, 1_500)
    with Service(tmp_path) as service:
        command = ("send", "--url", service.address, "--sender", "acme", "--on", ",".join(MESSENGERS))
        first = run(*command, "--file", str(file), TEXT)
        assert first.returncode == 0, first
        ids = first.stdout.split()
        assert len(ids) == 2, "requests of 1,000 recipients"
        service.wait_until_settled(*ids, within=60)
        second = run(*command, "--file", str(file), TEXT)
        assert second.returncode == 0, second
        assert second.stdout.split()[:2] == ids
        service.wait_until_settled(*ids)
        result = audit(expected(TEXT, people(1_500), MESSENGERS), service.journal())
        assert result.faultless, result


def test_send_tells_every_fault_of_a_refusal(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        to = ("--to", "telegram=not an id", "--to", "nobody")
        refused = run("send", "--url", service.address, "--sender", "acme", "--on", "telegram", *to, TEXT)
        assert refused.returncode == 1
        assert "--to telegram=not an id, telegram: " in refused.stderr
        assert "--to nobody: " in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_text_that_is_none_is_one_line() -> None:
    ended = run("send", "--sender", "acme", "--on", "telegram", "--to", "argyle", "\udcff")
    assert (ended.returncode, ended.stderr) == (2, "vestnik: the text is not in UTF-8\n")


def test_status_of_what_is_no_id_says_that_there_is_no_such_message(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ended = run("status", "--url", service.address, "01J?x#y")
        assert "no message has the id" in ended.stderr


def test_status_shows_how_far_each_messenger_has_come(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        sent = service.send(TEXT, people(10))
        service.wait_until_settled(sent["id"])
        shown = run("status", "--url", service.address, sent["id"])
        assert shown.returncode == 0, shown
        for messenger in MESSENGERS:
            [line] = [line for line in shown.stdout.splitlines() if messenger in line]
            assert "delivered 10" in line


def test_status_watches_until_nothing_is_left_to_do(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.faults({"messenger": "viber", "recipient": "*", "fault": "slow", "delay": 1.5})
        sent = service.send(TEXT, people(3))
        shown = run("status", "--watch", "--url", service.address, sent["id"])
        assert shown.returncode == 0, shown
        assert shown.stdout.endswith("delivered 3\n")
        assert not {"deferred", "waiting", "sending"} & service.message(sent["id"])["counts"].keys()


def test_status_of_a_message_that_failed_exits_with_1(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.faults({"messenger": "telegram", "recipient": "*", "fault": "blocked"})
        sent = service.send(TEXT, [{"telegram": "1"}])
        service.wait_until_settled(sent["id"])
        assert run("status", "--url", service.address, sent["id"]).returncode == 1


def test_without_a_service_a_client_command_is_one_line(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.kill9()
        ended = run("status", "--url", service.address, "01JD")
        assert ended.returncode == 1
        [line] = ended.stderr.splitlines()
        assert service.address in line


def test_migrate_makes_a_database_that_serve_then_uses(tmp_path: Path) -> None:
    made = run("migrate", "--data", str(tmp_path / "data"))
    assert made.returncode == 0, made
    assert (tmp_path / "data" / "vestnik.db").exists()
    with Service(tmp_path) as service:
        service.send(TEXT, people(1))


def test_emulate_serves_the_messengers_and_their_control_api_alone(tmp_path: Path) -> None:
    with Service(tmp_path, command="emulate") as emulators:
        me = emulators.call("GET", "/telegram/bot123456:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/getMe").expect(200)
        assert me["ok"] is True
        assert me["result"]["is_bot"] is True
        path = "/telegram/bot123456:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/sendMessage"
        emulators.call("POST", path, {"chat_id": 1001, "text": TEXT}).expect(200)
        assert [entry.arrival.text for entry in emulators.journal()] == [TEXT]
        assert emulators.call("GET", "/api/messages").status == 404
        lost = emulators.call("GET", "/").expect(404)["detail"]
        assert lost == "what answers here is under /telegram, /viber, /whatsapp, /emulator; there is no /"
        emulators.kill9()
        emulators.start()
        assert [entry.arrival.text for entry in emulators.journal()] == [TEXT]


COMMANDS = ["serve", "emulate", "relay", "worker", "migrate", "send", "status", "keys", "backup", "check", "copy"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"usage: vestnik {command}")
    assert shown.stderr == ""


def test_the_help_of_serve_says_which_databases_there_are() -> None:
    option = " ".join(run("serve", "--help").stdout.partition("--database-url DATABASE_URL\n")[2].split())
    assert option.startswith("database in place of the one in the data folder: sqlite:///PATH or postgresql://")


@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_a_readme_names_every_command(readme: str) -> None:
    known = run("--help").stdout.partition("COMMAND\n")[2]
    assert re.findall(r"^    (\w+) ", known, re.MULTILINE) == COMMANDS
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert [command for command in COMMANDS if f"`{command}`" not in text and f"`vestnik {command}`" not in text] == []
