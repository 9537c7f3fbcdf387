"""Decides whether texts are marked up as the server does it: a corpus of texts with their entities or error texts.

It has never heard of how a parser works. Each group of cases/*.json names its source; expected entities and error texts
are those of the server's own source code, the example texts are ours.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from vestnik.messengers.telegram.markup import Entity, Kind, MarkupError, formatted

FIELDS: Final = {
    Kind.PRE: ("language",),
    Kind.TEXT_LINK: ("url",),
    Kind.TEXT_MENTION: ("user_id",),
    Kind.CUSTOM_EMOJI: ("custom_emoji_id",),
    Kind.DATE_TIME: ("unix_time", "date_time_format"),
}
LEAST: Final = 150


def groups() -> list[dict[str, Any]]:
    files = sorted(Path(__file__).with_name("cases").glob("*.json"))
    return [group for file in files for group in json.loads(file.read_text(encoding="utf-8"))]


def cases() -> list[Any]:
    return [
        pytest.param(group, case, id=f"{group['group']}-{number}")
        for group in groups()
        for number, case in enumerate(group["cases"])
    ]


def entity(row: list[Any]) -> Entity:
    kind = Kind(row[0])
    return Entity(row[1], row[2], kind, **dict(zip(FIELDS.get(kind, ()), row[3:], strict=False)))


@pytest.mark.parametrize(("group", "case"), cases())
def test_a_text_becomes_what_the_server_makes_of_it(group: dict[str, Any], case: dict[str, Any]) -> None:
    def parse() -> tuple[str, list[Entity]]:
        may_be_empty = group.get("may_be_empty", False)
        return formatted(case["text"], group.get("parse_mode", ""), case.get("given"), may_be_empty=may_be_empty)

    if "error" in case:
        with pytest.raises(MarkupError) as caught:
            parse()
        assert caught.value.message == case["error"]
    else:
        assert parse() == (case.get("plain", case["text"]), [entity(row) for row in case.get("entities", [])])


def test_the_corpus_is_large_and_names_its_sources() -> None:
    assert len(cases()) >= LEAST
    assert all(group["source"] for group in groups())
    assert len({group["source"] for group in groups()}) > 10


def test_every_kind_of_entity_occurs() -> None:
    seen = {row[0] for group in groups() for case in group["cases"] for row in case.get("entities", [])}
    assert seen == {kind.value for kind in Kind}
