"""Decides what the settings are: one frozen object, read from the environment and overridden by the command line.

It has never heard of the parts that the settings are for; it is the sole reader of the environment.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from vestnik.domain.errors import BadSetting
from vestnik.domain.judge import OnUnclear

PREFIX: Final = "VESTNIK_"
IN_A_FILE: Final = "_FILE"
"""Behind a variable's name: the value stands in the file that it names."""
_LONGEST_FILE: Final = 64 * 1024


class MessengerOption(Protocol):
    """What a messenger declares of one of its settings."""

    @property
    def name(self) -> str: ...
    @property
    def default(self) -> str: ...
    @property
    def help(self) -> str: ...


COMMON_OPTIONS: Final = {
    "base_url": "where the messenger is; empty: the built-in emulator",
    "honours_key": "1 if it honours Idempotency-Key; empty: yes for the built-in emulator, no elsewhere",
}
"""Options that every messenger has without declaring them, all empty by default."""


def _setting(default: Any, parse: Callable[[str], Any], help_text: str) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text})


def _flag(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("give 1 or 0")
    return words[text.lower()]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(f"give a whole number from {least} to {most}")
        return int(text)

    return parse


def _port_or_none(text: str) -> int | None:
    return _whole(0, 65535)(text) if text else None


def _span(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise ValueError(f"give seconds from {least:g} to {most:g}")
        return value

    return parse


def _span_or_forever(text: str) -> float | None:
    return _span(1, 10 * 366 * 86400)(text) if text else None


def _broker(text: str) -> str:
    if text and not text.startswith(("amqp://", "amqps://")):
        raise ValueError("give amqp://USER:PASSWORD@HOST:PORT/VHOST")
    return text


def _choice(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"give {' or '.join(words)}")
        return text

    return parse


def _on_unclear(text: str) -> OnUnclear:
    return OnUnclear(_choice(*OnUnclear)(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; spans are seconds. The name in the environment is `VESTNIK_` and the field's name."""

    host: str = _setting("127.0.0.1", str, "The address to serve on; any but loopback needs a key or --insecure.")
    port: int = _setting(8080, _whole(0, 65535), "The port to serve on; 0 takes a free one.")
    proxy_port: int | None = _setting(
        None, _port_or_none, "Where `vestnik emulate` is a proxy for the vendors' own hosts; 0 takes a free port."
    )
    data: Path = _setting(Path("vestnik-data"), Path, "The folder of vestnik.db and emulator.db.")
    database_url: str = _setting(
        "", str, "In place of vestnik.db: sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
    )
    demo: bool = _setting(False, _flag, "Put sample accounts into an empty database.")
    test_clock: bool = _setting(False, _flag, "Let /api/clock move the service's time.")
    no_dispatch: bool = _setting(
        False, _flag, "Serve the API alone; `vestnik relay` and workers send. Needs PostgreSQL."
    )
    broker_url: str = _setting("", _broker, "RabbitMQ for relay and workers: amqp://USER:PASSWORD@HOST:PORT/VHOST.")
    task_size: int = _setting(100, _whole(1, 500), "The most deliveries in one task of a worker.")
    relay_ahead: int = _setting(
        2000, _whole(10, 50_000), "The most deliveries of a messenger that are published and not taken."
    )
    probe_port: int | None = _setting(
        None, _port_or_none, "The port of /livez, /readyz and /metrics of a relay or a worker; 0 takes a free one."
    )
    repeat_after: float = _setting(5.0, _span(0.2, 3600), "When the relay publishes again what no worker has taken.")
    public_url: str = _setting("", str, "Where messengers reach the API for receipts; empty: its own address.")
    no_emulators: bool = _setting(False, _flag, "Serve no emulators; every messenger then needs its BASE_URL.")
    insecure: bool = _setting(False, _flag, "Serve beyond loopback although no key exists.")
    strict: bool = _setting(False, _flag, "Emulators know only registered bots and phones.")
    limits: str = _setting("off", _choice("off", "real"), "The vendors' published limits, in emulators and lanes.")
    max_attempts: int = _setting(5, _whole(1, 100), "Attempts per delivery where the message does not say.")
    retry_base: float = _setting(2.0, _span(0.001, 86400), "The longest first wait before another attempt.")
    retry_cap: float = _setting(300.0, _span(0.001, 86400), "The longest wait before another attempt.")
    send_timeout: float = _setting(10.0, _span(0.05, 600), "How long one attempt may take.")
    lease: float = _setting(60.0, _span(1, 3600), "How long a delivery belongs to the process that attempts it.")
    patience: float = _setting(0.5, _span(0.01, 60), "How long an attempt may hold one of its lane's slots.")
    slots: int = _setting(64, _whole(1, 10_000), "Attempts under way at once on each messenger.")
    dedupe_window: float | None = _setting(
        None, _span_or_forever, "How long a content blocks its repetition; empty: ever."
    )
    retention: float | None = _setting(
        None, _span_or_forever, "How long a finished message keeps its text and history; empty: ever."
    )
    on_unclear: OnUnclear = _setting(OnUnclear.RESEND, _on_unclear, "After a lost reply: resend or hold.")
    stop_grace: float = _setting(10.0, _span(0, 600), "How long attempts under way may take when the service stops.")
    body_limit: int = _setting(8 * 2**20, _whole(1024, 2**30), "The largest request body in bytes.")
    log_format: str = _setting("text", _choice("text", "json"), "Log lines for people (text) or programs (json).")
    log_level: str = _setting("info", _choice("debug", "info", "warning", "error"), "The least important line shown.")
    url: str = _setting("http://127.0.0.1:8080", str, "Where `vestnik send` and `vestnik status` find the service.")
    key_file: Path | None = _setting(None, Path, "A file with the API key that these two use.")
    messengers: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """The options of each messenger, by its name: what it declares, `base_url` and `honours_key`."""
    unknown: tuple[str, ...] = ()
    """Variables that look like settings and are none."""


def variable(name: str) -> str:
    """The environment variable of a setting, for instance `VESTNIK_RETRY_BASE`."""
    return PREFIX + name.upper()


def described(options: Mapping[str, Sequence[MessengerOption]]) -> list[tuple[str, str, str]]:
    """Every setting: its variable, its default as it would be written, and its meaning; the messengers' own last."""
    general = [
        (variable(item.name), _written(item.default), item.metadata["help"])
        for item in fields(Settings)
        if item.metadata
    ]
    own = [
        (variable(f"{messenger}_{name}"), default, f"{messenger}: {meaning}.")
        for messenger, declared in options.items()
        for name, default, meaning in (
            *((name, "", meaning) for name, meaning in COMMON_OPTIONS.items()),
            *((option.name, option.default, option.help) for option in declared),
        )
    ]
    return general + own


def _written(default: Any) -> str:
    if default is None:
        return ""
    return (
        str(int(default))
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def read(
    options: Mapping[str, Sequence[MessengerOption]],
    overrides: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force; BadSetting names the one that cannot be used.

    `options` are the declared options of each messenger. `overrides` come from the command line, those that are None
    were not given.
    """
    environment = os.environ if environment is None else environment
    known = {variable(item.name): item for item in fields(Settings) if item.metadata}
    values: dict[str, Any] = {}
    for name, item in known.items():
        if (given := _given(name, environment)) is not None:
            values[item.name] = _parse(name, item.metadata["parse"], given)
    for name, value in (overrides or {}).items():
        if value is not None:
            item = known[variable(name)]
            values[name] = _parse(f"--{name.replace('_', '-')}", item.metadata["parse"], str(value))
    messengers = {name: _messenger_options(name, declared, environment) for name, declared in options.items()}
    names = {*known, *(variable(f"{name}_{key}") for name, own in messengers.items() for key in own)}
    names |= {name + IN_A_FILE for name in names}
    unknown = tuple(sorted(name for name in environment if name.startswith(PREFIX) and name not in names))
    return _checked(replace(Settings(**values), messengers=MappingProxyType(messengers), unknown=unknown))


def _given(name: str, environment: Mapping[str, str]) -> str | None:
    """What the environment says of a setting, itself or in the file that it names: so come secrets into a container."""
    if (path := environment.get(name + IN_A_FILE)) is None:
        return environment.get(name)
    if name in environment:
        raise BadSetting(f"{name}: give it or {name}{IN_A_FILE}, not both")
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_LONGEST_FILE + 1).rstrip("\r\n")
    except (OSError, ValueError) as reason:
        why = reason.strerror if isinstance(reason, OSError) else "it is no text"
        raise BadSetting(f"{name}{IN_A_FILE}: {path} cannot be read: {why}") from None
    if not text or len(text) > _LONGEST_FILE:
        raise BadSetting(f"{name}{IN_A_FILE}: {path} is {'too long' if text else 'empty'}")
    return text


def _parse(name: str, parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError as reason:
        shown = text.rpartition("@")[2] if "://" in text else text  # What stands before it may be a password.
        raise BadSetting(f"{name}: {shown!r} cannot be used, {reason}") from None


def _messenger_options(
    messenger: str, declared: Sequence[MessengerOption], environment: Mapping[str, str]
) -> Mapping[str, str]:
    defaults = {option.name: option.default for option in declared} | dict.fromkeys(COMMON_OPTIONS, "")
    return MappingProxyType(
        {
            key: default if (given := _given(variable(f"{messenger}_{key}"), environment)) is None else given
            for key, default in defaults.items()
        }
    )


def _checked(settings: Settings) -> Settings:
    if settings.lease < 2 * settings.send_timeout:
        raise BadSetting(
            f"{variable('lease')}: {settings.lease:g} is too short, give at least twice {variable('send_timeout')}"
            f" ({settings.send_timeout:g})"
        )
    if settings.retry_cap < settings.retry_base:
        raise BadSetting(f"{variable('retry_cap')}: {settings.retry_cap:g} is below {variable('retry_base')}")
    return settings
