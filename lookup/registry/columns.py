"""The columns of table `ticket`: how a ticket of one system is stored.

What a lookup tells stands in `told`, ready as JSON: to find it is one read and one decoding.
`kept` has what only staff and later updates need, `path` the steps. Lists without names, and
times cut at the day that `told` has already, keep millions of them small.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from lookup.feed.path import PathFacts
from lookup.registry.place import place_of, slot_of
from lookup.registry.wire import JOINED
from lookup.status import SECRET

DAY: Final = len("YYYY-MM-DD")

encode: Final = msgspec.json.Encoder().encode
_ENFORCED: Final = frozenset({"bailiff", "paid_but_enforced"})


class StoredRow(NamedTuple):
    """The columns, in their order."""

    id: int
    number: str
    kind: str
    source_system: str  # "" where the feed names none
    status: str
    status_us: int | None
    version: int | None
    deleted: int
    forward_count: int  # stated, or seen in its steps
    parent_place: int | None  # of the ticket it was opened for; thousands may be joined to one
    digest: int  # changes when anything but the key would
    told: str
    kept: str
    path: str | None


Group = tuple[str, str, str, int]  # kind, system, status, deleted: what tickets are counted by

group_of: Final = itemgetter(2, 3, 4, 7)
"""The Group of a StoredRow, which may be a plain tuple."""


class Kept(NamedTuple):
    """Column `kept`; each rest is what follows the day of a time. Parts missing at the end have
    their defaults."""

    status_rest: str = ""
    created_rest: str = ""
    first_filed_rest: str = ""
    sensitivity: str | None = None
    other_bodies: str | None = None  # JSON list
    paid_rest: str = ""
    payment_ref: str | None = None
    outcome: str | None = None  # JSON object
    extra: str | None = None  # JSON object


class Step(NamedTuple):
    """A step in column `path`. Its id is None where it is, as most are, "number-seq"."""

    source_event_id: str | None
    seq: int
    at: str
    stage: str
    from_body: str | None = None
    to_body: str | None = None
    actor_role: str | None = None
    note_code: str | None = None
    due_on_after: str | None = None
    extra: str | None = None


class FineParts(NamedTuple):
    """What of a fine stands where; days are texts."""

    facts: tuple[Any, ...]  # as lookup.status.FineFacts
    conflict: bool | None
    paid_rest: str
    payment_ref: str | None

    @property
    def suspicious(self) -> bool:
        return bool(self.conflict or self.facts[_BAILIFF_SINCE])


_BAILIFF_SINCE: Final = 5
_SENSITIVITY: Final = Kept._fields.index("sensitivity")


def columns(
    number: str,
    kind: str,
    system: str,
    status: str,
    *,
    status_us: int | None,
    version: int | None,
    deleted: bool,
    head: tuple[Any, ...],  # the parts of `told` before the parent
    created_us: int | None,
    parent: str | None,
    fine: FineParts | None,
    inspection: tuple[str | None, ...] | None,
    facts: PathFacts,
    kept: tuple[Any, ...],  # its first four parts
    kept_more: tuple[Any, ...] | None,  # other bodies, outcome, extra
    steps: list[tuple[Any, ...]],
) -> tuple[Any, ...]:
    """What a line says as a StoredRow, but a plain tuple; dates are texts, steps in order."""
    due_on, forwards = head[4], facts.forwards
    told = head
    secret = kept[_SENSITIVITY] == SECRET
    if due_on is None or parent or fine or inspection or forwards or secret:
        term = None if due_on is not None else (created_us, facts.extended_to, facts.pauses)
        told += (parent, fine and fine.facts, fine and fine.conflict, inspection, term, forwards)
        if secret:
            told += (True,)
        elif not forwards:
            told = told[: -1 if term else -2]
    if fine or kept_more:
        others, outcome, extra = kept_more or (None, None, None)
        paid_rest, payment_ref = (fine.paid_rest, fine.payment_ref) if fine else ("", None)
        kept += (others, paid_rest, payment_ref)
        if outcome or extra:
            kept += (outcome, extra)
    told_text, kept_text = encode(told), encode(kept)
    path_text = encode(steps) if steps else b""
    rest = encode((status, version, deleted)) if version or deleted else status.encode()
    digest = sha256(b"\n".join((rest, told_text, kept_text, path_text))).digest()
    return (
        place_of(number) + slot_of(kind, system),
        number,
        kind,
        system,
        status,
        status_us,
        version,
        int(deleted),
        max(head[8], len(forwards)),
        None if parent is None or status == JOINED else place_of(parent),
        int.from_bytes(digest[:8], signed=True),
        told_text.decode(),
        kept_text.decode(),
        path_text.decode() or None,
    )


def suspicious(kind: str, status: str, fine: FineParts | None) -> bool:
    """Whether it may contradict itself: a fine that bailiffs have, or that somebody disputes."""
    if kind != "fine":
        return False
    return status in _ENFORCED or (fine is not None and fine.suspicious)
