"""Decides whether the locks are what the project depends on: all of it, with hashes, and from no particular place.

It has never heard of how they are made.
"""

import json
import re
import tomllib
from itertools import chain
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT

LOCKS: Final = ("requirements.lock", "locks/runtime.lock", "locks/build.lock")
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_ENTRY: Final = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?P<rest>.*(?:\n    .*)*)", re.MULTILINE)


def read(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes of every package in a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {
        found["name"]: (found["version"], frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", found["rest"])))
        for found in _ENTRY.finditer(text)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"^    --hash=.*$", "", text, flags=re.MULTILINE), re.MULTILINE)
    packages = read(lock)
    assert len(packages) == len(re.findall(r"^\S+==", text, re.MULTILINE))
    assert [name for name, (_, hashes) in packages.items() if not hashes] == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (
            "requirements.lock",
            [*chain(PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values())],
        ),
        ("locks/runtime.lock", PROJECT["project"]["dependencies"]),
        ("locks/build.lock", PROJECT["build-system"]["requires"]),
    ],
    ids=LOCKS,
)
def test_every_dependency_is_locked_at_a_version_that_it_allows(lock: str, wanted: list[str]) -> None:
    packages = read(lock)
    requirements = [Requirement(text) for text in wanted]
    unfit = [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(packages.get(canonicalize_name(requirement.name), ("0a0.dev0",))[0])
    ]
    assert requirements
    assert unfit == [], "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_the_image_gets_exactly_the_packages_that_the_tests_ran_with(lock: str) -> None:
    everything = read(LOCKS[0])
    assert {name: entry for name, entry in read(lock).items() if everything.get(name) != entry} == {}


@pytest.mark.parametrize("folder", ["tests/witness/node", "benchmarks/peers/node"])
def test_every_locked_package_of_node_has_its_hash_and_no_address(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    packages: dict[str, dict[str, Any]] = json.loads(text)["packages"]
    wanted: dict[str, str] = json.loads((ROOT / folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert "://" not in text, "take `resolved` and `funding` out of the lock"
    assert [name for name, one in packages.items() if name and "integrity" not in one] == []
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
