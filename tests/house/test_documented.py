"""Decides whether everything that can be seen from outside is written down: settings, routes, problems, faults, tools.

It has never heard of any of them by name; it reads the objects that the service itself works with.
"""

import re
import tomllib
from itertools import chain
from typing import Final

import pytest
from packaging.requirements import Requirement
from prometheus_client import CollectorRegistry

from tests.house.source import ROOT
from vestnik import config, wiring
from vestnik.api.app import all_operations
from vestnik.api.parts import ApiSettings, Door, Parts, Unheard
from vestnik.api.problems import KINDS
from vestnik.clock import SystemClock
from vestnik.domain.lifecycle import State
from vestnik.emulation.faults import Fault
from vestnik.messengers.registry import messengers
from vestnik.store.memory import MemoryStore

READMES: Final = ("README.md", "README.ru.md")
API: Final = "docs/http-api.md"


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@pytest.mark.parametrize("readme", READMES)
def test_every_setting_is_in_the_table_with_its_default(readme: str) -> None:
    rows = re.findall(r"^\| `(VESTNIK_\w+)` \|([^|]*)\|", text(readme), re.MULTILINE)
    documented = {name: default.strip("` ") for name, default in rows}
    assert documented == {name: default for name, default, _ in config.described(wiring.messenger_options())}


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {name for name, _, _ in config.described(wiring.messenger_options())}
    documents = ["Dockerfile", "compose.yaml", *READMES]
    documents += [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")]
    named = {(document, name) for document in documents for name in re.findall(r"VESTNIK_[A-Z_]*[A-Z]", text(document))}
    known |= {name + config.IN_A_FILE for name in known}
    assert {(document, name) for document, name in named if name not in known} == set()


@pytest.mark.parametrize("readme", READMES)
def test_every_tool_has_its_reason(readme: str) -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    wanted = {
        Requirement(line).name for line in chain(project["dependencies"], *project["optional-dependencies"].values())
    }
    rows = re.findall(r"^\|[^|]*\|([^|]*)\|[^|]{40,}\|$", text(readme), re.MULTILINE)
    assert wanted - {name.strip() for row in rows for name in row.split(",")} == set()


@pytest.mark.parametrize("readme", READMES)
def test_every_state_is_explained(readme: str) -> None:
    rows = "".join(re.findall(r"^\| (`[a-z`, ]+`) \|", text(readme), re.MULTILINE))
    assert {state for state in State if f"`{state}`" not in rows} == set()


def test_every_route_has_its_heading() -> None:
    headings = set(re.findall(r"^### ([A-Z]+ /\S+)$", text(API), re.MULTILINE))
    belongings = {"GET /", "GET /docs/openapi.json", "GET /docs/problems", "GET /docs/{asset}"}
    assert all(f"`{route}`" in text(API) for route in belongings)
    assert headings | belongings == {f"{operation.method} {operation.name}" for operation in all_operations(parts())}


def parts() -> Parts:
    """What routes are made of, as far as they need it to say what they are called."""
    rules = {name: messenger.rules for name, messenger in messengers().items()}
    clock = SystemClock()
    return Parts(
        MemoryStore(), clock, rules, {}, Unheard(), ApiSettings(), clock, lambda: None, Door(), CollectorRegistry()
    )


def test_every_type_of_problem_is_in_the_table_with_its_status() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", text(API), re.MULTILINE)
    assert set(rows) == {(kind.slug, str(kind.status)) for kind in KINDS}


def test_every_fault_is_in_the_table() -> None:
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", text(API), re.MULTILINE)
    assert {fault for fault in Fault if not any(f"`{fault}`" in row for row in rows)} == set()


@pytest.mark.parametrize("document", [*READMES, "docs/running.md", "docs/http-api.md"])
def test_whoever_reads_of_keys_reads_that_the_numbers_need_one(document: str) -> None:
    told = text(document)
    about = told.partition("### GET /metrics")[2] or re.split("\n## (?:Keys|Ключи)\n", told)[1]
    about = about.partition("\n### ")[0].partition("\n## ")[0]
    assert "`/metrics`" in about or "needs a\nkey" in about
