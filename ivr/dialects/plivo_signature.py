"""X-Plivo-Signature-V3: HMAC-SHA256 over the URL, its query, the posted fields and a nonce. Pure.

Signed is the URL without its query; a question mark and the query's `name=value` sorted and joined
by `&`, not percent-encoded; a dot and the posted `namevalue` sorted with nothing between; a dot and
the nonce. With posted fields and no query the question mark stays and the first dot falls away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

SIGNATURES_MAX = 8  # in one header: one for each active token of the account


def sign(
    secret: str,
    url: str,
    query: Sequence[tuple[str, str]],
    fields: Sequence[tuple[str, str]],
    nonce: str,
) -> str:
    """The signature in base64. `url` with or without its query, which is given decoded in `query`;
    `fields` are the posted ones, none for a GET."""
    signed = url.partition("#")[0].partition("?")[0]
    if query or fields:
        signed += "?" + "&".join(f"{name}={value}" for name, value in sorted(query))
    if query and fields:
        signed += "."
    signed += "".join(name + value for name, value in sorted(fields))
    message = f"{signed}.{nonce}".encode("utf-8", "surrogateescape")
    return base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode("ascii")


def is_among(expected: str, given: Sequence[str]) -> bool:
    """Whether one of the signatures given is the expected one."""
    right = False
    for signature in given:
        right |= hmac.compare_digest(
            expected.encode(), signature.strip().encode("utf-8", "replace")
        )
    return right
