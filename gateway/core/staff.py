"""The people who may decide about money, what each may do, and what is recorded of it. Pure.

A person proves who he is by a key: `jauap-staff-` + secret (52) + checksum (7), in the small
letters and digits of base32. The secret has 256 bits, so its keyed hash, kept under the key file,
needs no slowing down.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple
from zlib import crc32

KEY_PREFIX: Final = "jauap-staff-"
SECRET_OCTETS: Final = 32
PEOPLE_MAX: Final = 1_000  # names, those who left included
KEY_FILE: Final = "(key file)"  # who acts where nobody can: whoever may read the key file

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
_NAME_DIGITS_MAX = 6  # more might be a phone
_FORM = re.compile(rf"{KEY_PREFIX}[a-z2-7]{{52}}([a-z2-7]{{7}})")
_CHECKSUM_SIZE = 7  # characters


class Role(StrEnum):
    """What a person is here for."""

    ACCOUNTANT = "accountant"
    AUDITOR = "auditor"
    ENGINEER = "engineer"
    TIMER = "timer"  # no person: what runs daily by itself


class Action(StrEnum):
    """What is recorded, and needs a role."""

    CREDIT = "credit"
    CREDIT_FAILED = "credit-failed"
    ADJUST = "adjust"
    ACCEPT_LOSS = "accept-loss"
    STAFF_ADD = "staff-add"
    STAFF_DISABLE = "staff-disable"


ALLOWED: Final[Mapping[str, frozenset[Action]]] = MappingProxyType(
    {
        Role.ACCOUNTANT: frozenset((Action.CREDIT, Action.CREDIT_FAILED, Action.ADJUST)),
        Role.AUDITOR: frozenset(),  # looks, and changes nothing
        Role.ENGINEER: frozenset((Action.ACCEPT_LOSS, Action.STAFF_ADD, Action.STAFF_DISABLE)),
        Role.TIMER: frozenset((Action.CREDIT_FAILED,)),
    }
)


class Why(StrEnum):
    """Why somebody may not do it."""

    UNKNOWN = "unknown"
    DISABLED = "disabled"
    WRONG_KEY = "wrong_key"
    ROLE = "role"


class Outcome(StrEnum):
    """What became of it, where the action has no words of its own."""

    DONE = "done"
    REFUSED = "refused"
    NOTHING = "nothing"  # there was nothing to do, or somebody else was faster


class Person(NamedTuple):
    """How a person stands since `at_us`: the last row of a name counts, none is changed."""

    at_us: int
    name: str
    role: str  # one of Role; a newer program may know others
    key_hash: str  # keyed, hex; of no key once disabled
    enabled: bool
    changed_by: str
    id: int = 0  # the store's to give

    def may(self, action: Action) -> bool:
        return self.enabled and action in ALLOWED.get(self.role, frozenset())


class Acting(NamedTuple):
    """Somebody who has proved who he is, and may do what he is about to."""

    name: str
    role: str

    def record(
        self, at_us: int, action: Action, target: str, outcome: str, **detail: str | int
    ) -> AuditRecord:
        return AuditRecord(at_us, self.name, self.role, action, target, outcome, detail)


class AuditRecord(NamedTuple):
    """A row of the audit: who did what, when, with what outcome. Neither phone nor text nor number
    of a ticket belongs into it."""

    at_us: int
    who: str
    role: str  # "" where nobody of that name is known
    action: str
    target: str  # such as "question 912350402822144000"
    outcome: str
    detail: Mapping[str, str | int]
    id: int = 0  # the store's to give


def is_name(text: str) -> bool:
    """Whether somebody may be called so."""
    return (
        _NAME.fullmatch(text) is not None
        and sum(sign.isdigit() for sign in text) <= _NAME_DIGITS_MAX
    )


def make_key(secret: bytes) -> str:
    """The text of a key from SECRET_OCTETS of chance."""
    head = KEY_PREFIX + _letters(secret)
    return head + _checksum(head)


def is_key(text: str) -> bool:
    """Whether form and checksum are right: a typing error is told before anything is recorded."""
    match = _FORM.fullmatch(text)
    return match is not None and _checksum(text[:-_CHECKSUM_SIZE]) == match[1]


def engineers(people: Iterable[Person]) -> int:
    """How many may change the staff."""
    return sum(person.may(Action.STAFF_ADD) for person in people)


def _letters(octets: bytes) -> str:
    return b32encode(octets).decode("ascii").rstrip("=").lower()


def _checksum(head: str) -> str:
    return _letters(crc32(head.encode()).to_bytes(4))
