"""Decides which peer is told what, from the command line: MODULE prepare N, work, left or clean.

It has never heard of any of them by name. A peer's module is imported, never run: queues keep jobs by their modules.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.peers.commands import Commands


def main() -> None:
    """Does what the command line says."""
    module, *words = sys.argv[1:]
    commands: Commands = import_module(f"benchmarks.peers.{module}").COMMANDS
    match words:
        case ["prepare", count]:
            commands.prepare(int(count))
        case ["work"]:
            program = str(Path(sys.executable).parent / commands.worker[0])
            os.execv(program, [program, *commands.worker[1:]])  # noqa: S606 - the worker takes the place of this process
        case ["left"]:
            print(commands.left())  # noqa: T201 - the answer
        case ["clean"]:
            commands.clean()
        case _:
            sys.exit("say MODULE and one of: prepare N, work, left, clean")


if __name__ == "__main__":
    main()
