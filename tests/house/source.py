"""Decides what of the repository the house tests read, and how: files as text, modules as syntax trees.

It has never heard of any rule; those are the tests' affair.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "vestnik"


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to its root and has slashes, for instance `store/sqlite.py`."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, self.path)

    @property
    def docstring(self) -> str | None:
        """What a Python file says of itself at its top."""
        return ast.get_docstring(self.tree)

    def at(self, node: ast.AST, what: str) -> str:
        """A finding that names its place."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


@cache
def package() -> tuple[Source, ...]:
    """Every Python and SQL file of the package."""
    return tuple(_files(PACKAGE, PACKAGE, (".py", ".sql")))


@cache
def python() -> tuple[Source, ...]:
    """Every Python file of the package, the tests and the benchmarks, with paths relative to the repository."""
    return tuple(
        source
        for folder in ("src", "tests", "benchmarks")
        if (ROOT / folder).is_dir()
        for source in _files(ROOT / folder, ROOT, (".py",))
    )


def modules() -> Iterator[Source]:
    """The Python files of the package."""
    return (source for source in package() if source.path.endswith(".py"))


def _files(folder: Path, root: Path, endings: tuple[str, ...]) -> Iterator[Source]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in endings and "vendor" not in path.parts and path.is_file():
            yield Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every import with the dotted name of what it imports, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module or ''}.{alias.name}") for alias in node.names)
