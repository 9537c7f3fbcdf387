"""Decides which entities may overlap, and how those that may not are merged, cut or dropped.

It has never heard of the text that they belong to. Rules: td MessageEntity.cpp, fix_entities and what it calls.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from vestnik.messengers.telegram.markup.entity import BLOCKQUOTES, SPLITTABLE, UNMIXABLE, Entity, Kind, in_order

_STYLES: Final = (Kind.BOLD, Kind.ITALIC, Kind.UNDERLINE, Kind.STRIKETHROUGH, Kind.SPOILER)
_END: Final = 2**31 - 1


def nested(entities: list[Entity]) -> list[Entity]:
    """The entities in order and in proper nesting.

    Of entities that may not overlap the first one stays; block quotations hold others whole; styles are merged and cut.
    """
    return _arranged(entities, [])


def with_found(entities: list[Entity], found: list[Entity]) -> list[Entity]:
    """Nested entities with those that were found in the text by themselves, where these overlap nothing given."""
    return _arranged(entities, found) if found else entities


def _arranged(entities: list[Entity], found: list[Entity]) -> list[Entity]:
    entities = in_order(entities)
    styles = [entity for entity in entities if entity.type in SPLITTABLE]
    quotations = apart(entity for entity in entities if entity.type in BLOCKQUOTES)
    others = apart(entity for entity in entities if entity.type not in SPLITTABLE and entity.type not in BLOCKQUOTES)
    others = _fitting(others, quotations)
    others = in_order(others + _between(_fitting(found, quotations), others) + quotations)
    return in_order(others + list(_cut(styles, others))) if styles else others


def apart(entities: Iterable[Entity]) -> list[Entity]:
    """Those of entities in order that begin where the one kept before has ended."""
    kept: list[Entity] = []
    for entity in entities:
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
    return kept


def _between(found: list[Entity], others: list[Entity]) -> list[Entity]:
    """Those of the found that overlap none of the others; both are in order and apart."""
    ends = [other.end for other in others]
    begins = [*(other.offset for other in others), _END]
    return [entity for entity in found if entity.end <= begins[bisect_right(ends, entity.offset)]]


def _fitting(entities: list[Entity], quotations: list[Entity]) -> list[Entity]:
    """Those of entities in order that lie inside or outside every quotation, not across its border."""
    fitting, waiting = [], deque(quotations)
    for entity in entities:
        while waiting and waiting[0].end <= entity.offset:
            waiting.popleft()
        outside = not waiting or entity.end <= waiting[0].offset
        if outside or (waiting[0].offset <= entity.offset and entity.end <= waiting[0].end):
            fitting.append(entity)
    return fitting


def _cut(styles: list[Entity], others: list[Entity]) -> Iterator[Entity]:
    """The styles merged where they touch, cut at the borders of the others, and taken out of what holds no style."""
    waiting, runs = deque(styles), _Runs()
    for border, ends_unmixable in _borders(others):
        pieces = list(runs.until(border, waiting))
        if not ends_unmixable:
            yield from pieces


def _borders(others: list[Entity]) -> Iterator[tuple[int, bool]]:
    """Where the others begin and end, in order, and whether what ends there may hold no style."""
    inside: list[Entity] = []
    for other in others:
        while inside and inside[-1].end <= other.offset:
            ended = inside.pop()
            yield ended.end, ended.type in UNMIXABLE
        yield other.offset, False
        inside.append(other)
    for ended in reversed(inside):
        yield ended.end, ended.type in UNMIXABLE
    yield _END, False


class _Runs:
    """Where each style that has begun will end; a piece of it is cut off wherever another style or entity begins."""

    def __init__(self) -> None:
        self._runs: dict[Kind, tuple[int, int]] = {}

    def until(self, border: int, waiting: deque[Entity]) -> Iterator[Entity]:
        """Takes the styles that begin before the border; the pieces that lie before it."""
        while waiting and waiting[0].offset < border:
            style = waiting.popleft()
            begin, end = self._runs.get(style.type, (0, -1))
            if style.offset <= end:
                self._runs[style.type] = begin, max(end, style.end)
                continue
            yield from self._pieces(style.offset)
            self._runs[style.type] = style.offset, style.end
        yield from self._pieces(border)

    def _pieces(self, border: int) -> Iterator[Entity]:
        for kind in _STYLES if self._runs else ():
            begin, end = self._runs.get(kind, (border, border))
            if begin >= border:
                continue
            yield Entity(begin, min(end, border) - begin, kind)
            if end <= border:
                del self._runs[kind]
            else:
                self._runs[kind] = border, end
