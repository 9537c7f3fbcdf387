"""Decides how recipients are read from a command line and from a CSV file.

It has never heard of which messengers exist: a column or a name before `=` is whatever the service calls a messenger.
"""

import csv
from pathlib import Path
from typing import NamedTuple, TypeAlias

from vestnik.domain.errors import BadSetting

Person: TypeAlias = str | dict[str, str]
"""An account's id, or an identifier for each messenger."""


class Named(NamedTuple):
    """A recipient, and where it was named."""

    person: Person
    place: str
    """In words for whoever named it, such as `people.csv, line 3`."""


ACCOUNT_COLUMN = "account"


def person(text: str) -> Named:
    """`john`, or `telegram=1001`, or `telegram=1001,viber=EGAZ…==`: identifiers may hold `=` themselves."""
    first, equals, _ = text.partition("=")
    if not equals or not first.isalpha():
        return Named(text, f"--to {text}")
    pairs = [part.partition("=") for part in text.split(",")]
    for messenger, separator, identifier in pairs:
        if not (messenger and separator and identifier):
            raise BadSetting(f"--to: {text!r} cannot be read, give an account or messenger=identifier,…")
    return Named({messenger: identifier for messenger, _, identifier in pairs}, f"--to {text}")


def people(file: Path) -> list[Named]:
    """The recipients of a CSV file with a header: a column `account`, or one named after each messenger.

    Empty cells are absent identifiers, empty lines are skipped. BadSetting names the file and line that cannot be read.
    """
    found: list[Named] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            for row in rows:
                place = f"{file}, line {rows.line_num}"
                if (recipient := _from_row(row, place)) is not None:
                    found.append(Named(recipient, place))
    except OSError as reason:
        raise BadSetting(f"--file: {file} cannot be read: {reason.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as reason:
        raise BadSetting(f"--file: {file} cannot be read: {reason}") from None
    if not found:
        raise BadSetting(
            f"--file: {file} names nobody; its first line is the header, such as account or telegram,viber"
        )
    return found


def _from_row(row: dict[str | None, str | list[str]], where: str) -> Person | None:
    if None in row:
        raise BadSetting(f"--file: {where} has more cells than the header")
    cells = {name.strip().lower(): str(value or "").strip() for name, value in row.items() if name}
    account = cells.pop(ACCOUNT_COLUMN, "")
    identifiers = {name: value for name, value in cells.items() if value}
    if account and identifiers:
        raise BadSetting(f"--file: {where} has an account and identifiers; give one of them")
    return account or identifiers or None
