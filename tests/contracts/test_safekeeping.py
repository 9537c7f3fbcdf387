"""What the commands `backup` and `check` say and leave behind where a copy cannot be made or is not sound."""

import select
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from vestnik.cli import main


@pytest.fixture(autouse=True)
def logging_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command sets the log lines of its process up, and here the process is that of all tests."""
    monkeypatch.setattr("vestnik.logs.set_up", lambda *_: None)


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A data folder with an empty database."""
    assert main(["migrate", "--data", str(tmp_path / "data")]) == 0
    capsys.readouterr()
    return tmp_path / "data"


def test_a_database_elsewhere_is_copied_under_its_usual_name(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere/own.db"
    assert main(["migrate", "--database-url", url]) == 0
    assert main(["backup", str(tmp_path / "copy.tar"), "--database-url", url, "--data", str(tmp_path)]) == 0
    with tarfile.open(tmp_path / "copy.tar") as archive:
        assert archive.getnames() == ["vestnik.db"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["backup", "{0}/there.tar"], "there.tar exists already"),
        (["backup", "{0}/no/folder.tar"], "folder.tar: No such file or directory"),
        (["backup", "{0}/new.tar", "--data", "{0}/none"], "there is no database in"),
        (["backup", "{0}/new.tar", "--database-url", "postgresql://user:word@host/name"], "such as pg_dump"),
        (["check", "{0}/none"], "none: No such file or directory"),
        (["check", "{0}/there.tar"], "there.tar is no backup, or not the whole of one"),
        (["check", "{0}/cut.tar"], "cut.tar is no backup, or not the whole of one"),
        (["check", "{0}/cut.tgz"], "cut.tgz is no backup, or not the whole of one"),
        (["check", "{0}/empty"], "there is no database in"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], command: list[str], reason: str
) -> None:
    for name in ("cut.tar", "cut.tgz"):
        assert main(["backup", str(tmp_path / name), "--data", str(data)]) == 0
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "there.tar").write_text("something else", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    capsys.readouterr()
    assert (
        main([*(word.format(tmp_path) for word in command), *([] if "--data" in command else ["--data", str(data)])])
        == 1
    )
    said = capsys.readouterr()
    assert reason in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
    assert (tmp_path / "there.tar").read_text("utf-8") == "something else"


def test_a_database_that_is_not_sound_is_told_and_is_not_copied(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (data / "vestnik.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
    assert main(["check", "--data", str(data)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("vestnik.db: ")
    assert "sound" not in told
    assert main(["backup", str(tmp_path / "copy.tar"), "--data", str(data)]) == 1
    assert "vestnik.db is not sound" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"], "nothing is left behind"


AS_IT_GOES = """
import os, sys
from vestnik.cli import main

def tell(event, _arguments):
    if event == "sqlite3.connect":
        os.write(1, b".")

sys.addaudithook(tell)
main(sys.argv[1:])
"""
"""A command that writes a dot whenever it is about to open a database."""


def test_a_copy_that_is_broken_off_leaves_nothing_under_its_name(tmp_path: Path, data: Path) -> None:
    """A writer that does not let go keeps the copy waiting, so that it is certainly broken off half-way."""
    with closing(sqlite3.connect(data / "vestnik.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        command = [sys.executable, "-c", AS_IT_GOES, "backup", str(tmp_path / "copy.tar"), "--data", str(data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 30)[0]
            process.send_signal(signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 2, "it had begun"
    assert not (tmp_path / "copy.tar").exists()
