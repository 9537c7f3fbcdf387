"""Decides what holds of every text whatever: a parser refuses it in the server's words or gives entities in good order.

It has never heard of what the right answer is for any one text.
"""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vestnik.messengers.telegram.markup import Entity, Formatted, Kind, MarkupError, formatted
from vestnik.messengers.telegram.markup.entity import BLOCKQUOTES, SPLITTABLE, UNMIXABLE, in_order, units

MODES = ["", "none", "Markdown", "MARKDOWNV2", "html"]
TOKENS = re.split(
    " ",
    "* _ __ ~ || ` ``` > ! [ ]( ) ![ \\ \n \r \t . - # + ( a bc é ж 😀 👨\u200d👩\u200d👧 @keeper #tag $USD /go "
    "a@b.com news.example t.me/x tg://user?id=7 tg://emoji?id=5 tg://time?unix=9 http:// 4111111111111111 +12125550123 "
    "<b> </b> <i> </i> <code> </code> <pre> </pre> <blockquote> </blockquote> <a\thref='t.me'> </a> "
    "<span\tclass='tg-spoiler'> </span> <tg-emoji\temoji-id='5'> </tg-emoji> "
    "</> < & &lt; &#x1F600; &#xd83d; = ' \" \u2028 \u200e \u030a \x00 "
    "\ud83d",
)

marked = st.lists(st.sampled_from([*TOKENS, " "]), max_size=25).map("".join)
texts = st.one_of(st.text(max_size=60), marked, st.text(alphabet=st.characters(), max_size=40))

kinds = st.one_of(st.sampled_from([kind.value for kind in Kind]), st.text(max_size=4), st.integers(), st.none())
numbers = st.one_of(st.integers(-2, 30), st.integers(-3, 30).map(str), st.floats(), st.booleans(), st.none())
fields: dict[str, st.SearchStrategy[Any]] = {
    "url": st.one_of(st.sampled_from(["t.me", "tg://user?id=9", "x", "http://[::1]"]), st.text(max_size=5)),
    "language": st.text(max_size=3),
    "user": st.one_of(st.fixed_dictionaries({"id": numbers}), st.none()),
    "custom_emoji_id": numbers,
    "unix_time": numbers,
    "date_time_format": st.text("rtTdDwWx", max_size=3),
}
entities = st.fixed_dictionaries({}, optional={"type": kinds, "offset": numbers, "length": numbers, **fields})
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)
given_entities = st.one_of(
    st.lists(entities, max_size=6),
    st.lists(entities, max_size=6).map(json.dumps),
    json_values,
    st.text(max_size=10),
)


def result(text: str, mode: str, given_list: object = None, *, may_be_empty: bool = True) -> Formatted | None:
    try:
        return formatted(text, mode, given_list, may_be_empty=may_be_empty)
    except MarkupError:
        return None


def assert_in_good_order(made: Formatted) -> None:
    length = units(made.text)
    assert made.entities == in_order(made.entities)
    boundaries = {units(made.text[:index]) for index in range(len(made.text) + 1)}
    for entity in made.entities:
        assert 0 <= entity.offset < entity.end <= length
        assert {entity.offset, entity.end} <= boundaries
    for index, outer in enumerate(made.entities):
        for inner in made.entities[index + 1 :]:
            assert_compatible(outer, inner)


def assert_compatible(outer: Entity, inner: Entity) -> None:
    if inner.offset >= outer.end:
        return
    both_styles = outer.type in SPLITTABLE and inner.type in SPLITTABLE
    assert both_styles or inner.end <= outer.end
    assert outer.type is not inner.type
    assert outer.type not in UNMIXABLE
    if inner.type not in SPLITTABLE:
        assert outer.type in BLOCKQUOTES
        assert inner.type not in BLOCKQUOTES


@given(texts, st.sampled_from(MODES), st.booleans())
def test_a_parser_raises_nothing_but_its_own_error(text: str, mode: str, may_be_empty: bool) -> None:
    made = result(text, mode, may_be_empty=may_be_empty)
    if made is not None:
        assert_in_good_order(made)
        assert may_be_empty or made.text


@given(marked, given_entities)
def test_entities_given_by_a_bot_end_in_good_order(text: str, given_list: object) -> None:
    made = result(text, "", given_list)
    if made is not None:
        assert_in_good_order(made)


@given(texts, given_entities)
def test_what_the_server_made_of_a_text_it_leaves_as_it_is(text: str, given_list: object) -> None:
    made = result(text, "", given_list)
    if made is not None and made.text:
        again = [entity.on_wire({"id": entity.user_id}) for entity in made.entities]
        assert result(made.text, "", json.dumps(again)) == made


@given(st.text("ab é😀*_", min_size=1, max_size=20))
def test_escaping_every_character_gives_the_text_back(text: str) -> None:
    escaped = "".join(f"\\{c}" if c in "_*[]()~`>#+-=|{}.!\\" else c for c in text)
    plain = result(text, "")
    made = result(escaped, "MarkdownV2")
    assert made == plain
