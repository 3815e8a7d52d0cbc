"""API keys of feeds: their form, and what one may do. Pure.

A key is `jauap_` + id (8) + `_` + secret (52) + checksum (7), in the small letters and digits of
base32: found by scanners of source code, and told from a typing error before anything is looked
up. The secret has 256 bits. Stored is the SHA-256 of the whole key; the id is no secret.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from base64 import b32encode
from hashlib import sha256
from typing import Final, NamedTuple
from zlib import crc32

PREFIX: Final = "jauap_"
ID_OCTETS: Final = 5
SECRET_OCTETS: Final = 32
LIVE_MAX: Final = 2  # keys of one feed at a time: the old one holds while the new one is put in
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,47}")

READ: Final = "read"
WRITE: Final = "write"
BULK: Final = "bulk"
BESIDE: Final = "beside"
RIGHTS: Final = {
    READ: "GET of tickets that its bodies hold",
    WRITE: "PUT of one ticket",
    BULK: "batches of tickets",
    BESIDE: "tells its own view of tickets that other bodies hold, as a treasury does of fines",
}
ANY_KIND: Final = "*"

_FORM: Final = re.compile(rf"{PREFIX}([a-z2-7]{{8}})_[a-z2-7]{{52}}([a-z2-7]{{7}})")
_CHECKSUM_SIZE: Final = 7  # characters

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Scope(NamedTuple):
    """What a key may touch."""

    bodies: tuple[str, ...]  # ids of the directory
    subtree: bool = False  # and all bodies below them
    kinds: tuple[str, ...] = (ANY_KIND,)
    rights: tuple[str, ...] = (WRITE,)
    networks: tuple[str, ...] = ()  # it may come from; none: from anywhere
    numbers: tuple[str, ...] = ()  # how those begin that it may be the first to tell; none: any

    def allows_kind(self, kind: str) -> bool:
        return ANY_KIND in self.kinds or kind in self.kinds

    def allows_number(self, number: str) -> bool:
        return not self.numbers or number.startswith(self.numbers)

    def allowed_from(self) -> tuple[Network, ...]:
        return tuple(ipaddress.ip_network(network) for network in self.networks)


class FeedKey(NamedTuple):
    """A key as stored; times in UTC microseconds."""

    id: str
    feed: str
    digest: str
    scope: Scope
    created_us: int
    expires_us: int
    revoked_us: int | None = None
    used_us: int | None = None

    def live(self, now_us: int) -> bool:
        return self.revoked_us is None and now_us < self.expires_us

    def matches(self, key: str) -> bool:
        """Whether this is the key, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(self.digest.encode(), digest_of(key).encode())


def make_key(identity: bytes, secret: bytes) -> str:
    """The text of a key from ID_OCTETS and SECRET_OCTETS of chance."""
    head = f"{PREFIX}{_letters(identity)}_{_letters(secret)}"
    return head + _checksum(head)


def id_of(key: str) -> str | None:
    """The id in a key whose form and checksum are right."""
    match = _FORM.fullmatch(key)
    if match is None or _checksum(key[:-_CHECKSUM_SIZE]) != match[2]:
        return None
    return match[1]


def digest_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _letters(octets: bytes) -> str:
    return b32encode(octets).decode("ascii").rstrip("=").lower()


def _checksum(head: str) -> str:
    return _letters(crc32(head.encode()).to_bytes(4))
