"""Decides how a test gets a disk that fails: one so small that it fills up, and one that forgets what was not synced.

It has never heard of databases.
"""

import filecmp
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
    mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", at=path)
    try:
        yield SmallDisk(path, megabytes * 2**20)
    finally:
        unmount(path)


class FragileDisk:
    """A file system at `path` whose power can be cut.

    It lies in an image file, which holds what a real disk would: all that was synced, and of the rest only what the
    kernel has written back so far.
    """

    def __init__(self, path: Path, image: Path) -> None:
        self.path = path
        self._image = image
        self._after = image.with_suffix(".after")

    def cut(self) -> None:
        """Takes down what would be found after a power cut at this moment; nobody may write meanwhile."""
        while True:
            _copy(self._image, self._after)
            if filecmp.cmp(self._image, self._after, shallow=False):
                return

    def come_back(self) -> None:
        """Mounts what was found after the cut; no process may use the disk."""
        unmount(self.path)
        self._after.replace(self._image)
        _mount_image(self._image, self.path)


@contextmanager
def fragile_disk(path: Path, image: Path, megabytes: int) -> Iterator[FragileDisk]:
    """An ext4 of that size, gone at the end; skips the test where none may be mounted."""
    with image.open("wb") as file:
        file.truncate(megabytes * 2**20)
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("needs mkfs.ext4: apt-get install e2fsprogs")
    subprocess.run(("mkfs.ext4", "-q", "-F", str(image)), timeout=30, check=True)
    _mount_image(image, path)
    try:
        yield FragileDisk(path, image)
    finally:
        unmount(path)
        image.unlink()


def _mount_image(image: Path, at: Path) -> None:
    # The journal is written as late as it may be, so that what was not synced is really not there.
    mount("-o", "loop,commit=300", str(image), at=at)


def mount(*what: str, at: Path) -> None:
    """Mounts it, making the folder; skips the test where that is not allowed."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs to mount a small file system: run as root on Linux")
    at.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(("mount", *what, str(at)), capture_output=True, text=True, timeout=30, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"needs to mount a small file system, and mount says: {mounted.stderr.strip()}")


def unmount(at: Path) -> None:
    """Unmounts it, also where something still looks at it."""
    subprocess.run(("umount", "--lazy", str(at)), timeout=30, check=True)


def _copy(image: Path, to: Path) -> None:
    subprocess.run(("cp", "--sparse=always", str(image), str(to)), timeout=60, check=True)
