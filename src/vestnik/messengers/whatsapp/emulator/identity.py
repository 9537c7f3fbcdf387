"""Decides how people are called on the emulated WhatsApp: by a number, and by the id that they have for one business.

It has never heard of messages.

A business-scoped user id belongs to somebody who may have hidden their number behind a username. Everybody with a
number has such an id too, made from it so that either leads to the other; an id that belongs to no number is a person
whose number no business knows, and who is called by it here as well.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import phonenumbers

_REMEMBERED: Final = 8_192
"""People whose names need not be made up again; a few calls about one person follow each other."""
NOWHERE: Final = "ZZ"
"""The country of numbers that no country has."""

_FORMATTING: Final = str.maketrans("", "", " ().-")
_DIGITS: Final = re.compile(r"[1-9][0-9]{6,14}")
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}")
_OWN: Final = re.compile(r"[A-Z]{2}\.(1[0-9]{18})")
_RANGE: Final = 10**18
_FACTOR: Final = 618_033_988_749_894_847
_BACK: Final = pow(_FACTOR, -1, _RANGE)


@lru_cache(_REMEMBERED)
def canonical(identifier: str) -> str | None:
    """What a person is called here: the digits of a number, or the user id of somebody whose number nobody knows.

    A number is any of international form, whether or not any country has such numbers. None for what is neither.
    """
    text = identifier.strip()
    if _USER_ID.fullmatch(text):
        return _number_of(text) or text
    digits = text.removeprefix("+").translate(_FORMATTING)
    return digits if _DIGITS.fullmatch(digits) else None


def is_user_id(identifier: str) -> bool:
    """Whether it is of the form of a business-scoped user id."""
    return _USER_ID.fullmatch(identifier) is not None


def is_number(person: str) -> bool:
    """Whether businesses know the person's number."""
    return person.isdigit()


@lru_cache(_REMEMBERED)
def user_id(person: str) -> str:
    """The person's business-scoped user id."""
    if not is_number(person):
        return person
    return f"{_country(person)}.{_RANGE + int(person) * _FACTOR % _RANGE}"


def introduced(person: str, name: str, username: str | None = None) -> dict[str, Any]:
    """The person as one of a webhook call's `contacts`."""
    profile = {"name": name, "username": username} if username else {"name": name}
    number = {"wa_id": person} if is_number(person) else {}
    return {"profile": profile, **number, "user_id": user_id(person)}


def author(person: str) -> Mapping[str, str]:
    """The person as the author of a message."""
    return {**({"from": person} if is_number(person) else {}), "from_user_id": user_id(person)}


def _number_of(given: str) -> str | None:
    """The number that the user id was made from."""
    match = _OWN.fullmatch(given)
    number = str((int(match[1]) - _RANGE) * _BACK % _RANGE) if match else ""
    return number if _DIGITS.fullmatch(number) and user_id(number) == given else None


def _country(number: str) -> str:
    """The two letters of the country that has the number."""
    try:
        found = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return NOWHERE
    return found if found and found.isalpha() else NOWHERE
