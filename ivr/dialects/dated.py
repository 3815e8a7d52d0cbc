"""Requests that are dated: a signature is HMAC-SHA256 over `timestamp.body`, in hex. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from ivr.dialects.contract import Refusal

WINDOW_S = 300  # a request older, or dated later, is not believed
SIGNATURES_MAX = 4  # in one header, while secrets are changed
_DATE_DIGITS_MAX = 12


def mac_of(secret: str, timestamp: str, body: bytes) -> str:
    """What the holder of `secret` signs with."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify(
    timestamp: str, given: Sequence[str], body: bytes, secrets: Sequence[str], now_s: int
) -> Refusal | None:
    """None where one of `given` is what one of `secrets` makes of date and body, in time."""
    plain = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _DATE_DIGITS_MAX
    if not plain or not 0 < len(given) <= SIGNATURES_MAX:
        return Refusal("malformed")
    if abs(now_s - int(timestamp)) > WINDOW_S:
        return Refusal("stale")
    right = False
    for secret in secrets:
        expected = mac_of(secret, timestamp, body).encode()
        for signature in given:
            right |= hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
    return None if right else Refusal("mismatch")


def text_of(told: Mapping[str, Any], name: str) -> str:
    """A member of a JSON object that is a string; "" for any other."""
    value = told.get(name)
    return value if isinstance(value, str) else ""
