"""Decides whether what is written about the service is still what the service is.

It has never heard of how well it is written.
"""

import re
from typing import Final

import pytest

from tests.house import lifecycle_doc
from tests.house.source import ROOT
from vestnik.domain.lifecycle import TRANSITIONS

DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_picture_of_a_deliverys_life_is_the_one_in_the_domain() -> None:
    assert lifecycle_doc.PATH.read_text(encoding="utf-8") == lifecycle_doc.render(), "run `make docs`"


def test_the_picture_has_an_arrow_for_every_step() -> None:
    page = lifecycle_doc.render()
    for (before, event), after in TRANSITIONS.items():
        assert re.search(rf"^    {before} --> {after}: .*\b{event}\b", page, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_that_a_document_links_to_exists(document: object) -> None:
    path = next(path for path in DOCUMENTS if path == document)
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_test_that_a_document_names_exists() -> None:
    named = {
        name
        for path in DOCUMENTS
        for name in re.findall(r"\btests/[\w/]+(?:\.py\b)?", path.read_text(encoding="utf-8"))
    }
    assert "tests/hostile/test_service.py" in named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
