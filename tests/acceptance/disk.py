"""Decides how a test gets a disk so small that it fills up: a tmpfs of a few megabytes and a file that takes the rest.

It has never heard of databases.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

_BLOCK: Final = bytes(64 * 1024)
_PAGE: Final = 4096


class SmallDisk:
    """A mounted file system of `size` bytes at `path`."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Leaves not one free page, whatever is there already."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for block in (_BLOCK, _BLOCK[:_PAGE], _BLOCK[:1]):
                with suppress(OSError):
                    while ballast.write(block) == len(block):
                        pass
        assert shutil.disk_usage(self.path).free < _PAGE

    def empty(self) -> None:
        """Takes the ballast away."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A tmpfs of that size, gone at the end; skips the test where none may be mounted."""
    path.mkdir(parents=True, exist_ok=True)
    mounting = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(path))
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs to mount a small tmpfs: run as root on Linux")
    mounted = subprocess.run(mounting, capture_output=True, text=True, timeout=10, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"needs to mount a small tmpfs, and mount says: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(path, megabytes * 2**20)
    finally:
        subprocess.run(("umount", "--lazy", str(path)), timeout=10, check=True)
