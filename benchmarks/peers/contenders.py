"""Decides how a peer is run beside Vestnik: its rows and jobs put in place, its worker started, its far side watched.

It has never heard of any peer's library; a peer is a module that is run in the peers' own virtualenv.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.client import ask, get
from benchmarks.figures import Sample
from benchmarks.processes import ROOT, Failed, Meter, Program, every, find_server
from benchmarks.scenarios.rounds import Contender
from benchmarks.vestnik import stubbing

PYTHON: Final = ROOT / ".venv" / "peers" / "bin" / "python"
_BOUND: Final = 180.0
_WORKER: Final = "worker"


@dataclass(frozen=True, slots=True)
class Peer:
    """A module of this folder, and the servers that it leans on, by the names of their processes."""

    module: str
    servers: Mapping[str, str]


_POSTGRES: Final = {"PostgreSQL": "postgres"}
_RABBITMQ: Final = {"RabbitMQ": "beam.smp"}
PEERS: Final[Mapping[str, Peer]] = {
    "Celery + RabbitMQ": Peer("celery_rabbitmq", _POSTGRES | _RABBITMQ),
    "Dramatiq + RabbitMQ": Peer("dramatiq_rabbitmq", _POSTGRES | _RABBITMQ),
    "Procrastinate": Peer("procrastinate_postgres", _POSTGRES),
    "PgQueuer": Peer("pgqueuer_postgres", _POSTGRES),
    "Huey on SQLite": Peer("huey_sqlite", {}),
}


def contenders(chosen: str, count: int) -> tuple[dict[str, Contender], dict[str, str]]:
    """Those that can run here, and why the others cannot; `chosen` is all, none, or words that names hold."""
    running: dict[str, Contender] = {}
    left_out: dict[str, str] = {}
    for name, peer in PEERS.items():
        if chosen != "all" and not any(word and word in name.lower() for word in chosen.lower().split(",")):
            left_out[name] = "peers are run by `make bench`, or named with --peers"
        elif missing := _missing(peer):
            left_out[name] = missing
        else:
            running[name] = _contender(peer, count)
    return running, left_out


def _missing(peer: Peer) -> str:
    if not PYTHON.exists():
        return "the peers' virtualenv is not there; `make bench` makes it"
    for title, process in peer.servers.items():
        if find_server(process) is None:
            return f"{title} does not run here"
    if "RabbitMQ" in peer.servers and shutil.which("rabbitmqctl") is None:
        return "rabbitmqctl, which makes a virtual host for it, is not here"
    return ""


def _contender(peer: Peer, count: int) -> Contender:
    def run(folder: Path) -> Sample:
        with stubbing(folder) as far:
            settings = {"BENCH_FAR": far.said, "BENCH_FOLDER": str(folder)}
            try:
                _do(peer, settings, "prepare", str(count))
                with Program(_command(peer, "work"), folder / "log", settings=settings) as worker:
                    return _watched(peer, worker, far.said, settings, count)
            finally:
                _do(peer, settings, "clean")

    return run


def _watched(peer: Peer, worker: Program, far: str, settings: Mapping[str, str], count: int) -> Sample:
    """From the first arrival to the last: what it took to start the worker is not counted."""
    pids = {_WORKER: worker.pid} | {title: pid for title, name in peer.servers.items() if (pid := find_server(name))}
    meter: Meter | None = None
    for _ in every(0.02, _BOUND):
        stats = ask(far, get("/stats")).json()
        if meter is None and stats["count"]:
            meter, before = Meter(pids), stats["count"]
        if stats["recipients"] >= count:
            break
        if not worker.alive:
            raise Failed(f"the worker ended: {worker.output()}")
    else:
        raise Failed(f"after {_BOUND:g} s {stats['recipients']} of {count} had arrived: {worker.output()}")
    if meter is None:
        raise Failed("everything arrived at once")
    cpu, memory = meter.cpu(), {_WORKER: meter.memory()[_WORKER]}
    for _ in every(0.2, 10.0):
        left = int(_do(peer, settings, "left"))
        if not left:
            break
    doubled = ask(far, get("/stats")).json()["count"] - count
    notes = [f"{doubled} came twice"] if doubled else []
    notes += [f"{left} rows were never marked as sent"] if left else []
    rate = count / (stats["last_at"] - stats["first_at"])
    return Sample({"rate": rate}, count - before, cpu, memory, ", ".join(notes))


def _command(peer: Peer, *arguments: str) -> Sequence[str]:
    return [str(PYTHON), "-m", "benchmarks.peers", peer.module, *arguments]


def _do(peer: Peer, settings: Mapping[str, str], *arguments: str) -> str:
    """What one of the peer's own commands says."""
    done = subprocess.run(  # noqa: S603 - the commands are the benchmark's own
        _command(peer, *arguments),
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=_BOUND,
        check=False,
    )
    if done.returncode:
        raise Failed(f"{peer.module} {arguments[0]}: {done.stderr[-1500:]}")
    return done.stdout.strip()
