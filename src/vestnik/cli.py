"""Decides which commands and options there are and what `--help` says of them.

It has never heard of how anything is done: arguments become settings or plain values and go to the room concerned.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from vestnik import commands, config, wiring
from vestnik.domain.errors import BadSetting, VestnikError

_SERVE_EPILOG: Final = """\
Every option has an environment variable, such as VESTNIK_PORT for --port; an option wins over it.
More settings are environment variables only, here with their defaults; spans are seconds:

{settings}
"""
_SEND_EPILOG: Final = """\
examples:
  vestnik send --sender acme --on telegram --to john "Your parcel is here"
  vestnik send --sender acme --on telegram,whatsapp --to telegram=1001,whatsapp=+79161234567 "Hello"
  vestnik send --sender acme --on viber --file people.csv --at 2026-12-31T23:59:00+03:00 "Happy new year"

people.csv has a header: a column `account` with ids of accounts, or a column for each messenger with identifiers.
Recipients go in requests of 1,000; sending the same again repeats nothing.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; its exit status: 0, 1 if it failed, 2 if it was asked for wrongly, 130 if it was interrupted."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except BadSetting as reason:
        return _say(reason, 2)
    except VestnikError as reason:
        return _say(reason, 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _say(reason: VestnikError, status: int) -> int:
    print(f"vestnik: {reason}", file=sys.stderr)  # noqa: T201 - the one line that a person is told
    return status


def _settings(parsed: argparse.Namespace, *names: str) -> config.Settings:
    return config.read(wiring.messenger_options(), {name: getattr(parsed, name, None) for name in names})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vestnik",
        description="Takes messages over an HTTP API and sends them to Telegram, Viber and WhatsApp, all emulated.",
    )
    parser.add_argument("--version", action="version", version=f"vestnik {commands.version()}")
    groups = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(groups)
    _add_emulate(groups)
    _add_relay(groups)
    _add_worker(groups)
    _add_migrate(groups)
    _add_send(groups)
    _add_status(groups)
    _add_keys(groups)
    _add_backup(groups)
    _add_check(groups)
    _add_copy(groups)
    return parser


def _command(groups: Any, name: str, help_text: str, **more: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = groups.add_parser(
        name,
        help=help_text,
        description=f"{help_text[0].upper()}{help_text[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        **more,
    )
    return command


def _add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", help="address to serve on (default 127.0.0.1); others need a key or --insecure")
    command.add_argument("--port", help="port to serve on (default 8080); 0 takes a free one")
    command.add_argument("--insecure", action="store_true", default=None, help="serve beyond loopback without a key")
    _add_data(command)
    command.add_argument("--strict", action="store_true", default=None, help="emulators know only what was registered")
    command.add_argument("--limits", help="'real' applies the vendors' published limits (default off)")


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", help="folder of the databases (default ./vestnik-data)")


_ADDRESS: Final = ("host", "port", "data", "insecure", "strict", "limits")


def _add_serve(groups: Any) -> None:
    names = (*_ADDRESS, "database_url", "demo", "test_clock", "no_emulators", "no_dispatch")
    epilog = _SERVE_EPILOG.format(settings=_described_settings(names))
    command = _command(groups, "serve", "run the API, the dispatcher and the emulators", epilog=epilog)
    _add_address(command)
    command.add_argument(
        "--database-url", help="database in place of the one in the data folder: sqlite:///PATH or postgresql://…"
    )
    command.add_argument("--demo", action="store_true", default=None, help="put sample accounts into an empty database")
    command.add_argument("--test-clock", action="store_true", default=None, help="let /api/clock move the time")
    command.add_argument("--no-emulators", action="store_true", default=None, help="serve no emulators")
    command.add_argument(
        "--no-dispatch", action="store_true", default=None, help="the API alone: `vestnik relay` and workers send"
    )
    command.set_defaults(run=lambda parsed: commands.serve(_settings(parsed, *names)))


def _described_settings(options: Sequence[str]) -> str:
    """A line or two for each setting that is no option of the command."""
    taken = {config.variable(name) for name in options}
    rows = [row for row in config.described(wiring.messenger_options()) if row[0] not in taken]
    return "\n".join(f"  {name}={default}\n      {text}" for name, default, text in rows)


def _add_emulate(groups: Any) -> None:
    command = _command(groups, "emulate", "run the emulators and their control API alone")
    _add_address(command)
    command.add_argument(
        "--proxy-port", help="be a proxy there for clients with the vendors' own hosts written into them; 0: a free one"
    )
    command.set_defaults(run=lambda parsed: commands.emulate(_settings(parsed, *_ADDRESS, "proxy_port")))


def _add_relay(groups: Any) -> None:
    command = _command(groups, "relay", "tell workers what is due; of several one is active and the others stand by")
    _add_cluster(command)
    command.set_defaults(run=lambda parsed: commands.relay(_settings(parsed, *_CLUSTER)))


def _add_worker(groups: Any) -> None:
    epilog = "What stands after -- goes to Celery, as in: vestnik worker -- -n second@%h -Q vestnik.viber"
    command = _command(
        groups, "worker", "send what the relay says is due, as `celery -A vestnik.cluster worker` does", epilog=epilog
    )
    _add_cluster(command)
    command.add_argument("celery", nargs="*", metavar="-- OPTION", help="options of `celery worker`")
    command.set_defaults(run=lambda parsed: commands.worker(_settings(parsed, *_CLUSTER), parsed.celery))


def _add_cluster(command: argparse.ArgumentParser) -> None:
    command.add_argument("--database-url", help="the database that all processes share: postgresql://…")
    command.add_argument("--broker-url", help="RabbitMQ: amqp://USER:PASSWORD@HOST:PORT/VHOST")
    command.add_argument("--host", help="address of the probes (default 127.0.0.1)")
    command.add_argument("--probe-port", help="port of /livez, /readyz and /metrics (default none); 0 takes a free one")


_CLUSTER: Final = ("database_url", "broker_url", "host", "probe_port")


def _add_migrate(groups: Any) -> None:
    command = _command(groups, "migrate", "bring the database to this version's schema, creating it if need be")
    _add_database(command)
    command.set_defaults(run=lambda parsed: commands.migrate(_settings(parsed, "data", "database_url")))


def _add_database(command: argparse.ArgumentParser) -> None:
    _add_data(command)
    command.add_argument("--database-url", help="database in place of the one in the data folder")


def _add_backup(groups: Any) -> None:
    command = _command(groups, "backup", "copy the databases to one file, also while a service works with them")
    command.add_argument("file", type=Path, metavar="FILE", help="tar file to make; .gz or .tgz makes it compressed")
    _add_database(command)
    command.set_defaults(run=lambda parsed: commands.backup(_settings(parsed, "data", "database_url"), parsed.file))


def _add_check(groups: Any) -> None:
    command = _command(groups, "check", "examine a backup or a data folder; exits 1 if it is not sound")
    what = "backup or data folder (default the folder of --data)"
    command.add_argument("what", type=Path, nargs="?", metavar="FILE", help=what)
    _add_database(command)
    command.set_defaults(run=lambda parsed: commands.check(_settings(parsed, "data", "database_url"), parsed.what))


def _add_copy(groups: Any) -> None:
    command = _command(
        groups, "copy", "move a service's rows to another database, which then takes the place of this one"
    )
    command.add_argument("--from", dest="source", metavar="URL", help="sqlite:PATH (default the one in --data)")
    command.add_argument("--to", dest="target", metavar="URL", help="postgresql://… (default VESTNIK_DATABASE_URL)")
    ahead = "copy what there is by now, while the service works; the last run is then a short one"
    command.add_argument("--ahead", action="store_true", help=ahead)
    _add_data(command)
    command.set_defaults(
        run=lambda parsed: commands.copy(_settings(parsed, "data"), parsed.source, parsed.target, ahead=parsed.ahead)
    )


def _add_client(command: argparse.ArgumentParser) -> None:
    command.add_argument("--url", help="where the service is (default http://127.0.0.1:8080)")
    command.add_argument("--key-file", metavar="FILE", help="file with the API key, if keys are in force")


def _add_send(groups: Any) -> None:
    command = _command(groups, "send", "send a message through a running service", epilog=_SEND_EPILOG)
    command.add_argument("text", help="what to say; - reads it from standard input")
    command.add_argument("--sender", required=True, help="account that speaks; created on first use")
    command.add_argument("--on", required=True, metavar="MESSENGER,…", help="messengers to use")
    command.add_argument("--to", action="append", default=[], metavar="WHOM", help="account, or messenger=identifier,…")
    command.add_argument("--file", type=Path, metavar="PEOPLE.csv", help="recipients from a CSV file")
    command.add_argument("--at", metavar="TIME", help="when to send: RFC 3339 with an offset")
    command.add_argument("--priority", choices=("high", "normal", "bulk"))
    command.add_argument("--max-attempts", type=int, metavar="N")
    command.add_argument("--dedupe-key", help="what makes this content the same as another; default the text")
    command.add_argument(
        "--allow-duplicate", action="store_true", default=None, help="send although it was sent before"
    )
    _add_client(command)
    command.set_defaults(run=lambda parsed: commands.send(_settings(parsed, "url", "key_file"), parsed))


def _add_status(groups: Any) -> None:
    command = _command(groups, "status", "show how far a message has come; exits 1 if any of it failed")
    command.add_argument("id", help="the message's id")
    command.add_argument("--watch", action="store_true", help="keep showing it until nothing is left to do")
    _add_client(command)
    command.set_defaults(run=lambda parsed: commands.status(_settings(parsed, "url", "key_file"), parsed))


def _add_keys(groups: Any) -> None:
    keys = _command(groups, "keys", "create, list and revoke API keys")
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = _command(actions, "create", "create a key and print it, once; only a hash of it is kept")
    create.add_argument("name", help="what the key is called, for the list and for revoking it")
    create.add_argument(
        "--sender", action="append", default=[], help="account it may speak for (default any); repeatable"
    )
    listing = _command(actions, "list", "list the keys")
    revoke = _command(actions, "revoke", "put a key out of force")
    revoke.add_argument("name", help="the key's name")
    for command, run in ((create, commands.create_key), (listing, commands.list_keys), (revoke, commands.revoke_key)):
        _add_database(command)
        command.set_defaults(
            run=lambda parsed, run=run: run(_settings(parsed, "data", "database_url"), parsed),
        )
