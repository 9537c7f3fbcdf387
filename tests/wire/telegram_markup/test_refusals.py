"""Decides what the server says of a text as a whole: its size, its parse mode, its encoding.

It has never heard of entities.
"""

import pytest

from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.markup import RAW_LIMIT, Kind, MarkupError, formatted


def refusal(text: str, mode: str = "", given: object = None) -> str:
    with pytest.raises(MarkupError) as caught:
        formatted(text, mode, given)
    return wire.failure(400, caught.value.message).description


def test_a_text_has_at_most_32768_bytes() -> None:
    assert formatted("é" * (RAW_LIMIT // 2)).text == "é" * (RAW_LIMIT // 2)
    assert refusal("é" * (RAW_LIMIT // 2) + "a") == "Bad Request: text is too long"


def test_an_unknown_parse_mode_is_refused_and_the_known_ones_have_any_case() -> None:
    assert refusal("*a*", "Markdown3") == "Bad Request: unsupported parse_mode"
    for mode in ("markdown", "MarkDown", "MARKDOWNV2"):
        assert formatted("*a*", mode).text == "a"
    assert formatted("<b>a</b>", "Html").text == "a"
    assert formatted("*a*", "none").text == "*a*"


def test_an_empty_text_has_no_parse_mode() -> None:
    assert formatted("", "Markdown3", may_be_empty=True) == ("", [])


def test_a_parse_mode_outdoes_entities() -> None:
    made = formatted("*a* b", "Markdown", [{"type": "italic", "offset": 2, "length": 1}])
    assert [entity.type for entity in made.entities] == [Kind.BOLD]


def test_lone_surrogates_are_no_utf_8() -> None:
    assert refusal("\ud83d") == "Bad Request: strings must be encoded in UTF-8"
    assert refusal("\ud83d", "HTML") == "Bad Request: text must be encoded in UTF-8"
    linked = [{"type": "text_link", "offset": 0, "length": 1, "url": "t.me/\ud83d"}]
    assert refusal("a", given=linked) == "Bad Request: messageEntityTextUrl.url must be encoded in UTF-8"


def test_the_letter_after_the_colon_keeps_its_case() -> None:
    assert refusal("<b>a", "HTML") == (
        "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
    )


def test_a_link_of_its_own_text_in_the_legacy_markdown_may_be_cut_within_a_character() -> None:
    assert refusal("[news.exampleé]", "Markdown") == "Bad Request: messageEntityTextUrl.url must be encoded in UTF-8"


def test_an_entity_goes_out_with_its_fields_in_the_servers_order() -> None:
    made = formatted("![5](tg://time?unix=5&format=tw) [b](tg://user?id=7)", "MarkdownV2")
    assert [entity.on_wire() for entity in made.entities] == [
        {"offset": 0, "length": 1, "type": "date_time", "unix_time": 5, "date_time_format": "wt"},
        {"offset": 2, "length": 1, "type": "text_mention", "user": {"id": 7}},
    ]
