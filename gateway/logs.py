"""Structured logs: JSON lines (or a console's), past facts as event names, nothing personal.

Masking is the last processor before the renderer, so that whatever slips into an event - a
message of a library, a traceback - leaves no phone, ticket number or IIN behind.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

VALUE_SIZE_MAX = 256  # characters of one value; a traceback may have sixteen times as many

# Whatever stands beside it: people write "ticket0612...", and exceptions b"\\x007701...".
_DIGITS = re.compile(r"\+?\d(?:[ \-]?\d){6,}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PLAIN = frozenset({"event", "level", "timestamp", "link", "result", "language", "kind", "channel"})


def configure(level: str, form: str, mask: Callable[[str], str], out: TextIO | None = None) -> None:
    """Set up structlog for the process. `mask` is a keyed hash (gateway.keys.Keys.log)."""
    stream = out or sys.stderr
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if form == "console"
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Masking(mask),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, Libraries)]:
        root.removeHandler(handler)
    root.addHandler(Libraries(logging.WARNING))


class Libraries(logging.Handler):
    """What libraries tell the standard logger (a bad HTTP request, a task that failed) goes the
    same way as our own events, so that it is masked too."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(
                record.levelno,
                "library_warned",
                library=record.name,
                detail=record.getMessage(),
                exc_info=record.exc_info,
            )
        except (OSError, ValueError):  # our stream is gone: whoever logs goes on all the same
            self.handleError(record)


class Masking:
    """Replaces long digit runs by the last four and a keyed hash; escapes what bends a terminal."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        for key, value in event.items():
            if key not in _PLAIN and not isinstance(value, (int, float, bool, type(None))):
                event[key] = self._clean(str(value), 16 if key == "exception" else 1)
        return event

    def _clean(self, value: str, times: int) -> str:
        masked = _DIGITS.sub(self._masked, value[: VALUE_SIZE_MAX * times])
        return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", masked)

    def _masked(self, found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found[0])
        return f"*{digits[-4:]}~{self._mask(digits)}"


def _json(event: EventDict, **_: object) -> str:
    return msgspec.json.encode(event).decode()
