"""Decides which webhook calls the emulators can make, as their own code has it: the list that the witnesses must fill.

It has never heard of any library.
"""

import ast
import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from vestnik.clock import SystemClock
from vestnik.emulation.far import Emulation
from vestnik.emulation.plan import FAILED
from vestnik.emulation.world import EmulationSettings
from vestnik.messengers.registry import messengers
from vestnik.messengers.telegram import emulator as telegram
from vestnik.messengers.telegram.emulator.updates import KINDS
from vestnik.transport import SocketTransport

TELEGRAM: Final = Path(telegram.__file__).parent


class Emitted(NamedTuple):
    """What people can do on a messenger, by name, and what becomes of a bot's message, report by report."""

    deeds: frozenset[str]
    reports: frozenset[str]


def emitted(folder: Path) -> Mapping[str, Emitted]:
    """By messenger."""

    async def ask() -> Mapping[str, Emitted]:
        transport = SocketTransport()
        emulation = await Emulation.open(
            folder / "emitted.db",
            clock=SystemClock(),
            transport=transport,
            makers={name: one.emulator for name, one in messengers().items()},
            settings=EmulationSettings(),
        )
        try:
            world = emulation.world
            return {
                name: Emitted(frozenset(deeds), frozenset({*world.lines[name]._ways.kinds, FAILED}))
                for name, deeds in world.deeds.items()
            }
        finally:
            await emulation.close()
            await transport.close()

    return asyncio.run(ask())


def updates() -> set[str]:
    """The kinds of updates that the emulated Bot API tells: those that its functions which tell something name."""
    return {kind for path in TELEGRAM.glob("*.py") for kind in _told(ast.parse(path.read_text(encoding="utf-8")))}


def _told(module: ast.Module) -> Iterator[str]:
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _tells(node)]
            named = [node.value for node in ast.walk(function) if isinstance(node, ast.Assign) and _kind(node)]
            places = [*(argument for call in calls for argument in call.args), *(named if calls else [])]
            for place in places:
                yield from (
                    node.value for node in ast.walk(place) if isinstance(node, ast.Constant) and node.value in KINDS
                )


def _tells(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "tell"


def _kind(assignment: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "kind" for target in assignment.targets)
