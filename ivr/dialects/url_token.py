"""What makes a request believed where the platform can sign nothing: a token in each URL. Pure.

The token is a keyed hash of the webhook's path: the secret itself stands in no URL and in no access
log, and the token of one `[[ivr]]` table opens no other.
"""

from __future__ import annotations

import hmac

_PURPOSE = b"jauap ivr url\n"


def url_token(secret: str, url: str) -> str:
    """The token for the path of an absolute `url`, in hex: host and query do not count."""
    bare = url.partition("#")[0].partition("?")[0]
    path = "/" + bare.partition("://")[2].partition("/")[2]
    signed = _PURPOSE + path.encode("utf-8", "surrogateescape")
    return hmac.new(secret.encode(), signed, "sha256").hexdigest()


def opens(given: str, secret: str, url: str) -> bool:
    """Whether `given` is the token of `url`."""
    expected = url_token(secret, url).encode()
    return hmac.compare_digest(expected, given.encode("utf-8", "replace"))
