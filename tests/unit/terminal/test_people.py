"""Recipients from a command line and from a file."""

from pathlib import Path

import pytest

from vestnik.domain.errors import BadSetting
from vestnik.terminal.people import Named, people, person


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("john", "john"),
        ("EGAZ3SZRi6zW1D0uNYhQHg==", "EGAZ3SZRi6zW1D0uNYhQHg=="),
        ("telegram=1001", {"telegram": "1001"}),
        (
            "telegram=1001,viber=EGAZ3SZRi6zW1D0uNYhQHg==",
            {"telegram": "1001", "viber": "EGAZ3SZRi6zW1D0uNYhQHg=="},
        ),
    ],
)
def test_a_recipient_is_an_account_or_identifiers(text: str, meant: str | dict[str, str]) -> None:
    assert person(text) == Named(meant, f"--to {text}")


@pytest.mark.parametrize("text", ["telegram=", "telegram=1,viber", "telegram=1,=2"])
def test_an_identifier_that_is_missing_is_a_clear_error(text: str) -> None:
    with pytest.raises(BadSetting, match="--to"):
        person(text)


def file_with(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    return file


def test_a_file_has_a_column_for_each_messenger_and_empty_cells_are_absent(tmp_path: Path) -> None:
    file = file_with(tmp_path, b"Telegram, viber\n1001,\n,EGAZ3SZRi6zW1D0uNYhQHg==\n\n,\n")
    assert people(file) == [
        Named({"telegram": "1001"}, f"{file}, line 2"),
        Named({"viber": "EGAZ3SZRi6zW1D0uNYhQHg=="}, f"{file}, line 3"),
    ]


def test_a_file_of_accounts_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    read = people(file_with(tmp_path, b"\xef\xbb\xbfaccount\r\njohn\r\nmary\r\n"))
    assert [named.person for named in read] == ["john", "mary"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "names nobody"),
        (b"account\n", "names nobody"),
        (b"account\njohn,mary\n", "line 2 has more cells"),
        (b"account,telegram\njohn,1\n", "an account and identifiers"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_meant_is_a_clear_error(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(BadSetting, match=complaint):
        people(file_with(tmp_path, content))


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"nobody\.csv cannot be read"):
        people(tmp_path / "nobody.csv")


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "nobody.csv"
    with pytest.raises(BadSetting) as raised:
        people(file)
    assert str(raised.value) == f"--file: {file} cannot be read: No such file or directory"
