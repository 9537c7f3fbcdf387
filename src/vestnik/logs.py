"""Decides what a log line looks like: key=value for people, JSON for programs, and never a token or key in it.

It has never heard of what is logged; every room logs through structlog.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog

from vestnik.clock import wall_time

_SECRET_FIELDS: Final = re.compile(r"token|secret|authorization|api_?key|password", re.IGNORECASE)
_SECRET_IN_URL: Final = re.compile(r"/bot[^/\s]+")
_BEARER: Final = re.compile(r"\b(Bearer\s+|vk_)[A-Za-z0-9._~+/=-]+")
HIDDEN: Final = "***"


class Unfailing:
    """A file for log lines: what it does not take, for instance on a full disk, is lost and nothing else is."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def set_up(log_format: str, log_level: str) -> None:
    """Sends every line to standard error, in `text` or `json`, from the level on; the server's own lines too."""
    level = logging.getLevelNamesMapping()[log_level.upper()]
    lines = cast(TextIO, Unfailing(sys.stderr))
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.processors.KeyValueRenderer(
            key_order=["time", "level", "event"], repr_native_str=False, drop_missing=True
        )
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _add_time,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(lines),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _add_time(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["time"] = wall_time().isoformat(timespec="milliseconds")
    return event


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Puts `***` in place of values under secret-looking names, bot tokens in URLs and bearer keys in any text."""
    for name, value in event.items():
        if _SECRET_FIELDS.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _BEARER.sub(rf"\g<1>{HIDDEN}", _SECRET_IN_URL.sub(f"/bot{HIDDEN}", value))
    return event
