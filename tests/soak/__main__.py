"""Decides what `make soak` is told and what it tells; it exits with 1 where anything grew, was lost or was doubled.

It has never heard of how the service is kept busy.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.judgement import judge
from tests.soak.run import PEOPLE, PER_SECOND, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="A steady load with faults, watched.")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the load lasts (default 5)")
    minutes: float = parser.parse_args().minutes
    _tell(f"{PER_SECOND} requests a second, {PEOPLE} people on three messengers each, for {minutes:g} minutes ...")
    with TemporaryDirectory(prefix="vestnik-soak-") as folder:
        samples, result = soak(Path(folder), minutes)
    kept, lines = judge(samples)
    for line in (*lines, str(result)):
        _tell(line)
    return 0 if kept and result.faultless else 1


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the figures are what it is run for


if __name__ == "__main__":
    sys.exit(main())
