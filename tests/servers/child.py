"""Decides how a server that the tests start lives: in a folder of its own, under an ordinary user, no longer than they.

It has never heard of what the server does.
"""

import atexit
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.acceptance.process import DIES_WITH_US

_PREFIX: Final = "vestnik-server-"
_AS_SOMEBODY: Final = (
    "import ctypes, os, sys; uid, gid = map(int, sys.argv[1:3]); sys.argv[1:3] = [];"
    " uid and (os.setgroups([]), os.setgid(gid), os.setuid(uid)); "
)
"""Imports first: the user may not reach them. The wish to die with us last: a change of user makes Linux forget it."""


def folder_for(name: str) -> Path:
    """A new folder, gone when this process ends; what a killed one left behind goes now."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        owner = re.match(rf"{_PREFIX}[a-z]+-(\d+)-", left.name)
        if owner is not None and not Path(f"/proc/{owner[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-{os.getpid()}-", dir=place))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def somebody(*names: str) -> str | None:
    """Whom to run a server as that refuses to be run by root, the first of the names that is one here."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in (*names, "nobody") if name in known), None)


def start(
    command: Sequence[str], log: Path, environment: Mapping[str, str], *, user: str | None = None
) -> "subprocess.Popen[bytes]":
    """A process that dies with this one; everything that it says is appended to `log`."""
    entry = pwd.getpwnam(user) if user else None
    ids = (str(entry.pw_uid), str(entry.pw_gid)) if entry else ("0", "0")
    with log.open("ab") as output:
        child: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-S", "-c", _AS_SOMEBODY + DIES_WITH_US, *ids, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=dict(environment),
            start_new_session=True,
        )
    return child


def run(command: Sequence[str], environment: Mapping[str, str], *, user: str | None = None, within: float = 60) -> Any:
    """What a command says that runs to its end; CalledProcessError if it fails, TimeoutExpired if it is late."""
    done = subprocess.run(
        command,
        user=user,
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within,
        cwd="/",
        env=dict(environment),
    )
    return done.stdout
