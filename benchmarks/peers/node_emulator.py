"""Decides how telegram-test-api is run, the emulator of Telegram from npm: installed as its lock says, in its folder.

It has never heard of what it is measured by.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.processes import Failed, Program

NAME: Final = "telegram-test-api"
HERE: Final = Path(__file__).parent / "node"
_INSTALL_WITHIN: Final = 300.0


def missing(chosen: str) -> str:
    """Why it cannot be run here; empty where it can."""
    if chosen != "all" and not any(word and word in NAME for word in chosen.lower().split(",")):
        return "peers are run by `make bench`, or named with --peers"
    gone = [program for program in ("node", "npm") if shutil.which(program) is None]
    return f"{' and '.join(gone)} cannot be found; it comes with Node.js 20 or newer" if gone else ""


@contextmanager
def serving(folder: Path) -> Iterator[Program]:
    """It at work; its `said` is the address."""
    _install()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [shutil.which("node") or "node", str(HERE / "serve.mjs"), str(port)]
    with Program(arguments, folder / "log", ready=rf"^{NAME} ready on (\S+)$") as program:
        yield program


def _install() -> None:
    done, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [shutil.which("npm") or "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=_INSTALL_WITHIN, check=True)  # noqa: S603 - the command is the benchmark's own
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as reason:
        raise Failed(f"npm ci in {HERE}: {getattr(reason, 'stderr', '') or reason}") from None
