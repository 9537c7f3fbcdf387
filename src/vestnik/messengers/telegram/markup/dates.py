"""Decides what the formats of shown dates mean and how they are spelled on the wire.

It has never heard of time zones or of the present. Rules: td FormattedDate.cpp and telegram-bot-api Client.cpp.
"""

from typing import Final

from vestnik.messengers.telegram.markup.entity import Entity, Kind
from vestnik.messengers.telegram.markup.links import parameters
from vestnik.messengers.telegram.numerals import LARGEST_INT32, exact_integer

_RELATIVE: Final = ("r", "R")
_LETTERS: Final = frozenset("tTdDwW")


def date_entity(offset: int, length: int, unix_time: int, form: str) -> Entity:
    """The entity of a date in a format from `markup_form` or `entity_form`."""
    return Entity(offset, length, Kind.DATE_TIME, unix_time=unix_time, date_time_format=form)


def markup_form(letters: str) -> str | None:
    """The format as the server spells it, or None where it is no format; the short form wins over the long one."""
    return _spelled(letters, short_wins=True)


def entity_form(letters: str) -> str | None:
    """The same for an explicit entity, where the later of the short and the long form wins."""
    return _spelled(letters, short_wins=False)


def linked_date(link: str) -> tuple[int, str] | None:
    """The Unix time and the format of a link such as tg://time?unix=7&format=wDT, or None."""
    unix_time, letters = 0, ""
    for key, value in parameters(link, "time") or ():
        if key == "unix":
            number = exact_integer(value, LARGEST_INT32)
            if number is None or number <= 0:
                return None
            unix_time = number
        elif key == "format":
            letters = value
    form = markup_form(letters)
    return None if unix_time == 0 or form is None else (unix_time, form)


def _spelled(letters: str, *, short_wins: bool) -> str | None:
    if letters in _RELATIVE:
        return "r"
    if not _LETTERS.issuperset(letters):
        return None
    form = "w" if "w" in letters or "W" in letters else ""
    for short, long in ("dD", "tT"):
        if short_wins:
            form += short if short in letters else long if long in letters else ""
        elif short in letters or long in letters:
            form += max(short, long, key=letters.rfind)
    return form
