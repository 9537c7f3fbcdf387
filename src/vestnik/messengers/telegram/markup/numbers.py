"""Decides which numbers in a text belong to bank cards and which are telephone numbers.

It has never heard of who owns a number. Rules for cards: td MessageEntity.cpp, match_bank_card_numbers. How the server
finds telephone numbers is not public (tdlib/td issue 3348 says so); here it is a number with a plus and 7 to 15 digits.
"""

import re
from collections.abc import Iterator
from typing import Final

_DIGITS: Final = re.compile(r"[0-9][0-9 -]*")
_JOINED_BEFORE: Final = frozenset(".,+-_")
_JOINED_AFTER: Final = frozenset("-_")
_SHORTEST_CARD: Final = 13
_LONGEST_CARD: Final = 19
_SHORTEST_UNBROKEN: Final = 16
_PHONE: Final = re.compile(r"(?<![\w+])\+[1-9](?:[ -]?[0-9]|[ -]?\([0-9]{1,5}\))*(?!\w)")
_SHORTEST_PHONE: Final = 7
_LONGEST_PHONE: Final = 15
_LENGTHS: Final[tuple[tuple[range, frozenset[int]], ...]] = (
    (range(4000, 5000), frozenset({13, 16, 18, 19})),
    (range(5100, 5600), frozenset({16})),
    (range(2221, 2721), frozenset({16})),
    (range(3400, 3500), frozenset({15})),
    (range(3700, 3800), frozenset({15})),
    (range(6200, 6300), frozenset({16, 17, 18, 19})),
    (range(8100, 8200), frozenset({16, 17, 18, 19})),
    (range(2200, 2205), frozenset({16})),
)
"""The first four digits of the networks' cards and how many digits those cards have."""


def phone_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where telephone numbers in international form begin and end."""
    for match in _PHONE.finditer(text):
        if _SHORTEST_PHONE <= sum(character.isdigit() for character in match[0]) <= _LONGEST_PHONE:
            yield match.span()


def bank_cards(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers of bank cards begin and end."""
    at = 0
    while (match := _DIGITS.search(text, at)) is not None:
        begin, at = match.span()
        if begin and (text[begin - 1] in _JOINED_BEFORE or text[begin - 1].isalpha()):
            continue
        at = begin + _unbroken(match[0])
        number = text[begin:at].rstrip(" -")
        digits = re.sub("[ -]", "", number)
        if not _SHORTEST_CARD <= len(digits) <= _LONGEST_CARD or len(number) > 2 * len(digits) - 1:
            continue
        following = text[begin + len(number) : begin + len(number) + 1]
        if following not in _JOINED_AFTER and not following.isalpha() and _is_card(digits):
            yield begin, begin + len(number)


def _unbroken(run: str) -> int:
    """How much of the run is one number: 16 to 19 digits in a row end at a space."""
    length = run.find(" ")
    in_a_row = length >= 0 and run[:length].isdigit() and _SHORTEST_UNBROKEN <= length <= _LONGEST_CARD
    return length if in_a_row else len(run)


def _is_card(digits: str) -> bool:
    """Whether the check digit is right (Luhn) and the network, if it is a known one, has cards of that length."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    if (doubled + sum(int(digit) for digit in digits[::-2])) % 10:
        return False
    prefix = int(digits[:4])
    return all(len(digits) in lengths for prefixes, lengths in _LENGTHS if prefix in prefixes)
