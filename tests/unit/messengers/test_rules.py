"""Decides whether the registry tells of each built-in messenger what the service needs to know.

It has never heard of what the gateways do.
"""

import pytest

from vestnik.domain.errors import InvalidIdentifier
from vestnik.messengers.registry import BUILT_IN, messengers

FOUND = messengers()


def test_the_built_in_messengers_come_first_and_in_order() -> None:
    assert tuple(FOUND)[: len(BUILT_IN)] == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_messenger_accepts_its_own_example_and_says_why_it_refuses(name: str) -> None:
    rules = FOUND[name].rules
    assert rules.canonical(rules.identifier_example)
    with pytest.raises(InvalidIdentifier, match=f"a {rules.title} identifier is"):
        rules.canonical("not an identifier")


@pytest.mark.parametrize(
    ("word", "name"),
    [("Whatsapp", "whatsapp"), ("Viber", "viber"), ("Telegramm", "telegram"), ("TELEGRAM", "telegram")],
)
def test_a_messenger_answers_to_the_words_of_the_original_request(word: str, name: str) -> None:
    assert [rules.name for rules in (one.rules for one in FOUND.values()) if rules.answers_to(word)] == [name]


@pytest.mark.parametrize(("name", "limit"), [("telegram", 4096), ("viber", 7000), ("whatsapp", 4096)])
def test_a_messenger_tells_how_long_a_text_may_be(name: str, limit: int) -> None:
    rules = FOUND[name].rules
    assert rules.text_limit == limit
    assert rules.text_length("🎉" * 3) == 3


@pytest.mark.parametrize("name", BUILT_IN)
def test_tokens_and_secrets_are_marked_as_such(name: str) -> None:
    options = FOUND[name].options
    assert {option.name for option in options if option.secret} == {
        option.name for option in options if option.name.endswith(("token", "secret"))
    }
    assert all(option.default for option in options if option.name != "http_statuses")
