"""Decides what each command does, in the order in which it does it.

It has never heard of arguments; it is given settings or plain values and calls the rooms.
"""

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from importlib.metadata import version as installed_version
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import structlog
import uvloop
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vestnik import config, logs, moving, opening, safekeeping, serving, wiring
from vestnik.clock import SystemClock
from vestnik.domain.account import ACCOUNT_ID, KEY_BYTES, Key, key_digest, new_key
from vestnik.domain.errors import BadSetting, NotFound
from vestnik.domain.moment import to_rfc3339
from vestnik.ports import Store
from vestnik.snapshots import Inspection
from vestnik.terminal import people, sending, watching
from vestnik.terminal.service import Service, service

T = TypeVar("T")
log = structlog.get_logger()


def version() -> str:
    """This version's number."""
    return installed_version("vestnik")


def serve(settings: config.Settings) -> int:
    """Serves everything until told to stop."""
    return _serve(settings, lambda address: wiring.service(settings, address))


def emulate(settings: config.Settings) -> int:
    """Serves the emulators alone until told to stop, and says how clients come to them by proxy."""

    @asynccontextmanager
    async def build(address: str) -> AsyncIterator[serving.Service]:
        async with wiring.emulators(settings, address) as emulating, AsyncExitStack() as stack:
            if settings.proxy_port is not None:
                listening = stack.enter_context(serving.listen(settings.host, settings.proxy_port))
                for name, value in (await stack.enter_async_context(emulating.proxy(listening))).items():
                    print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201 - to be pasted
            yield emulating

    return _serve(settings, build)


def relay(settings: config.Settings) -> int:
    """Stands by and leads until told to stop."""
    _speak_up(settings)
    clustering = _clustering()

    async def work() -> None:
        async with clustering.relay(settings) as built:
            print("vestnik relay ready", flush=True)  # noqa: T201 - programs wait for this line
            await serving.until_told_to_stop(built.run())

    uvloop.run(work())
    return 0


def worker(settings: config.Settings, options: Sequence[str]) -> int:
    """Is a Celery worker until told to stop."""
    _speak_up(settings)
    app = _clustering().worker_app(settings)
    # Two of one name on one machine would be in each other's way; a name that is given comes later and wins.
    name = f"vestnik-{os.getpid()}@%h"
    return int(app.worker_main(["worker", "--loglevel", settings.log_level, "--hostname", name, *options]) or 0)


def _speak_up(settings: config.Settings) -> None:
    """Sets up the log and begins it with what looks like a setting and is none, because that is usually mistyped."""
    logs.set_up(settings.log_format, settings.log_level)
    for name in settings.unknown:
        log.warning("there is no such setting", name=name)


def _clustering() -> ModuleType:
    try:
        return import_module("vestnik.clustering")
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("vestnik"):
            raise
        raise BadSetting(f"{missing.name} is not installed: pip install 'vestnik[cluster]'") from None


def _serve(settings: config.Settings, build: Callable[[str], AbstractAsyncContextManager[serving.Service]]) -> int:
    _speak_up(settings)
    serving.share_the_interpreter()
    with opening.sole_owner(settings.data):
        uvloop.run(_serve_on_socket(settings, build))
    return 0


async def _serve_on_socket(
    settings: config.Settings, build: Callable[[str], AbstractAsyncContextManager[serving.Service]]
) -> None:
    await opening.check_exposure(settings)
    with serving.listen(settings.host, settings.port) as listening:
        await serving.serve(listening, build, _ready, settings.stop_grace)


def _ready(address: str) -> None:
    serving.spare_the_collector()
    print(f"vestnik ready on {address}", flush=True)  # noqa: T201 - programs wait for this line


def migrate(settings: config.Settings) -> int:
    """Brings the database up to date."""
    logs.set_up(settings.log_format, settings.log_level)

    async def nothing_more(_store: Store) -> None:
        """Opening a store brings it up to date."""

    _with_store(settings, nothing_more)
    Console().print(f"{opening.database_name(settings)} is up to date", highlight=False, soft_wrap=True)
    return 0


def send(settings: config.Settings, given: argparse.Namespace) -> int:
    """Sends through a running service."""
    text = _text(given.text)
    recipients = [people.person(to) for to in given.to]
    if given.file is not None:
        recipients += people.people(given.file)
    if not recipients:
        raise BadSetting("give recipients with --to or --file")
    optional = {
        "send_at": given.at,
        "priority": given.priority,
        "max_attempts": given.max_attempts,
        "dedupe_key": given.dedupe_key,
        "allow_duplicate": given.allow_duplicate,
    }
    more = {name: value for name, value in optional.items() if value is not None}
    messengers = [word.strip() for word in given.on.split(",") if word.strip()]
    order = sending.Sending(given.sender, text, messengers, recipients, more)
    _with_service(settings, lambda far: sending.send(far, order, Console()))
    return 0


def _text(given: str) -> str:
    """What to say: bytes that are no text come as lone surrogates, from the command line and from a pipe alike."""
    text = sys.stdin.read() if given == "-" else given
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadSetting("the text is not in UTF-8") from None
    return text


def status(settings: config.Settings, given: argparse.Namespace) -> int:
    """Shows a message's progress; 1 if any of it failed."""
    went_well = _with_service(settings, lambda far: watching.show(far, given.id, Console(), watch=given.watch))
    return 0 if went_well else 1


def create_key(settings: config.Settings, given: argparse.Namespace) -> int:
    """Makes a key and prints it."""
    if not given.name:
        raise BadSetting("a key needs a name, for the list and for revoking it")
    for sender in given.sender:
        if not ACCOUNT_ID.fullmatch(sender):
            raise BadSetting(f"--sender: {sender!r} is not an account's id")
    secret = new_key(os.urandom(KEY_BYTES))

    async def keep(store: Store) -> None:
        now = SystemClock().now()
        await store.add_key(Key(given.name, key_digest(secret), tuple(given.sender), now))

    _with_store(settings, keep)
    print(secret)  # noqa: T201 - the one time that the key is shown
    return 0


def list_keys(settings: config.Settings, _given: argparse.Namespace) -> int:
    """Prints the keys."""
    table = Table("name", "may speak for", "created", "revoked", box=None, pad_edge=False)
    for key in _with_store(settings, lambda store: store.keys()):
        revoked = "" if key.revoked_at is None else to_rfc3339(key.revoked_at)
        senders = ", ".join(key.senders) or "anybody"
        table.add_row(Text(key.name), Text(senders), to_rfc3339(key.created_at), revoked)
    Console().print(table)
    return 0


def revoke_key(settings: config.Settings, given: argparse.Namespace) -> int:
    """Puts a key out of force."""
    if not _with_store(settings, lambda store: store.revoke_key(given.name, SystemClock().now())):
        raise NotFound(f"no key in force is called {given.name!r}")
    return 0


def backup(settings: config.Settings, file: Path) -> int:
    """Copies the databases to a file."""
    _tell(safekeeping.back_up(settings, file))
    return 0


def check(settings: config.Settings, what: Path | None) -> int:
    """Examines databases; 1 if any of them is not sound."""
    found = safekeeping.check(settings, what)
    _tell(found)
    return 1 if any(inspection.faults for inspection in found) else 0


def copy(settings: config.Settings, source: str | None, target: str | None, *, ahead: bool) -> int:
    """Moves the service's rows from one database to another."""
    logs.set_up(settings.log_format, settings.log_level)
    asyncio.run(moving.copy(settings, source, target, ahead=ahead, console=Console()))
    return 0


def _tell(found: Sequence[Inspection]) -> None:
    """A line for each database that is sound, and one for each kind of fault in the others."""
    for inspection in found:
        contents = ", ".join(f"{what} {count}" for what, count in inspection.contents.items())
        for line in inspection.faults or [f"sound ({contents})"]:
            Console().print(f"{inspection.name}: {line}", highlight=False, markup=False, soft_wrap=True)


def _with_store(settings: config.Settings, work: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with opening.open_store(settings) as store:
            return await work(store)

    return asyncio.run(run())


def _with_service(settings: config.Settings, work: Callable[[Service], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with service(settings.url, _key(settings.key_file)) as far:
            return await work(far)

    return asyncio.run(run())


def _key(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as reason:
        why = reason.strerror if isinstance(reason, OSError) else "it is no text"
        raise BadSetting(f"--key-file: {file} cannot be read: {why}") from None
