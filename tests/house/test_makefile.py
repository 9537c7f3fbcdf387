"""Decides whether the Makefile helps those who come new: it lists its targets and says what is missing.

It has never heard of what the targets are for.
"""

import re
import shutil
import subprocess
from pathlib import Path

from tests.house.source import ROOT


def make(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = None if path is None else {"PATH": str(path)}
    command = [shutil.which("make") or "make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_make_alone_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()
    assert re.findall(r"^  make ([\w-]+) +\S", make().stdout, re.MULTILINE) == phony


def test_an_old_python_is_named_in_one_line(tmp_path: Path) -> None:
    for program in ("sh", "cat", "cksum"):
        (tmp_path / program).symlink_to(shutil.which(program) or program)
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    done = make("setup", f"VENV={tmp_path / 'venv'}", path=tmp_path)
    assert done.returncode == 2
    first, *others = done.stderr.splitlines()
    assert first.startswith("Vestnik needs Python 3.11 or newer, and python3 is Python 3.9.2")
    assert all(line.startswith("make: ***") for line in others)
    assert not (tmp_path / "venv").exists()
