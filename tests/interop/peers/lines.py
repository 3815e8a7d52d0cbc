"""A line of JSON a thing: events go out by stdout, orders come in by stdin. As npm/lines.js."""

from __future__ import annotations

import json
import sys
from typing import Any


def say(event: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def order(line: str | bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(line)
    return read


def text_of(octets: bytes, data_coding: int) -> str:
    """As a program that knows two codings reads it."""
    return octets.decode("utf-16-be" if data_coding == 8 else "latin-1")
