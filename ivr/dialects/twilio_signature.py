"""X-Twilio-Signature: HMAC over the URL and the posted fields. Pure.

The string signed is the whole URL and then each field's name and value, names sorted, nothing
between them. A field that comes several times is signed with its values sorted, each value once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qs

Digest = Literal["sha1", "sha256"]

SECRETS_KEPT = 64  # of tables: one each, two while the platform learns a new one
_DEFAULT_PORTS = {"https": "443", "http": "80"}


def sign(secret: str, url: str, fields: Iterable[tuple[str, str]], digest: Digest) -> str:
    """The signature in base64. `fields` as decoded from the form, none for GET and JSON."""
    return _mac(secret, url, _joined(fields), digest).decode("ascii")


def is_signed(
    given: str, secret: str, url: str, fields: Iterable[tuple[str, str]], digest: Digest
) -> bool:
    """Whether `given` signs the URL as it is, without its port, or with the scheme's own port."""
    joined = _joined(fields)
    known = given.encode("utf-8", "replace")
    for spelling in spellings(url):
        if hmac.compare_digest(_mac(secret, spelling, joined, digest), known):
            return True
    return False


def _joined(fields: Iterable[tuple[str, str]]) -> str:
    return "".join([name + value for name, value in sorted(set(fields))])


def _mac(secret: str, url: str, joined: str, digest: Digest) -> bytes:
    mac = _keyed(secret, digest).copy()  # cheaper than keying anew
    mac.update((url + joined).encode("utf-8", "surrogateescape"))
    return base64.b64encode(mac.digest())


@lru_cache(maxsize=SECRETS_KEPT)
def _keyed(secret: str, digest: Digest) -> hmac.HMAC:
    return hmac.new(secret.encode(), digestmod=digest)


def body_matches(url: str, body: bytes) -> bool:
    """Whether the query's bodySHA256 is the hash of `body`: how a JSON body is signed."""
    given = parse_qs(url.partition("?")[2]).get("bodySHA256", [""])
    digest = hashlib.sha256(body).hexdigest()
    return len(given) == 1 and hmac.compare_digest(
        digest.encode(), given[0].encode("utf-8", "replace")
    )


def spellings(url: str) -> Iterator[str]:
    """Platforms disagree whether the port belongs to what they sign."""
    yield url
    scheme, colon, rest = url.partition("://")
    end = min((at for at in (rest.find(sign) for sign in "/?#") if at >= 0), default=len(rest))
    netloc, tail = rest[:end], rest[end:]
    host, port_colon, port = netloc.rpartition(":")
    if port_colon and port.isdigit():
        yield f"{scheme}{colon}{host}{tail}"
    elif scheme.lower() in _DEFAULT_PORTS:
        yield f"{scheme}{colon}{netloc}:{_DEFAULT_PORTS[scheme.lower()]}{tail}"
