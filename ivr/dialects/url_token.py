"""What makes a request believed where the platform can sign nothing: a token in each URL. Pure.

The token is a keyed hash of the webhook's path: the secret itself stands in no URL and in no access
log, and the token of one `[[ivr]]` table opens no other.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

TABLES_KEPT = 64  # tokens of so many are not made anew for each document

_PURPOSE = b"jauap ivr url\n"


def url_token(secret: str, url: str) -> str:
    """The token for the path of an absolute `url`, in hex: host and query do not count."""
    bare = url.partition("#")[0].partition("?")[0]
    return _token(secret, "/" + bare.partition("://")[2].partition("/")[2])


@lru_cache(maxsize=TABLES_KEPT)  # a table has one path
def _token(secret: str, path: str) -> str:
    signed = _PURPOSE + path.encode("utf-8", "surrogateescape")
    return hmac.digest(secret.encode(), signed, "sha256").hex()


def opens(given: str, secret: str, url: str) -> bool:
    """Whether `given` is the token of `url`."""
    expected = url_token(secret, url).encode()
    return hmac.compare_digest(expected, given.encode("utf-8", "replace"))
