"""The records of calls: one for each leg, opened when it begins and closed once. Pure.

Nothing here is ever changed: a leg's row and its closing row are added, and so is the row that
restates a closing one. What an operator has been told of a caller who waits is another matter:
`KeptCallBack` moves from open to done.

Times are UTC microseconds (`*_us`), durations whole seconds (`*_s`), money whole tiyn; ids are
rising integers made by the caller.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

CALLER, OPERATOR = "caller", "operator"  # the legs of a call
CLOSING, RESTATED = 0, 1  # the numbers of a leg's records

US = 1_000_000


class CallLeg(NamedTuple):
    """A part of a call that has begun. (link, call_id, leg) identifies it."""

    id: int
    link: str  # the [[ivr]] table's name
    call_id: str  # the platform's
    leg: str  # caller, operator
    party: str  # keyed hash of the MSISDN, hex; of the call where no phone was shown
    msisdn: str  # "" where none was shown, or once erased
    called: str
    started_us: int
    day: int  # YYYYMMDD, Kazakhstan, of the start


class CallBegun(NamedTuple):
    """What came of opening a leg: `written` is False where it was known already. `facts` is what
    is remembered of its phone, None where nothing is (`gateway.core.memory_record`)."""

    written: bool
    facts: str | None


class CallRecord(NamedTuple):
    """How a leg ended and what it costs its payer; the caller pays nothing for a call.

    `platform_s` is None where the platform never said; `measured_s` runs from `answered_us`
    (None: nobody answered) to `ended_us`.
    """

    id: int
    leg: CallLeg
    number: int  # CLOSING; RESTATED where the platform's seconds came after that
    answered_us: int | None
    ended_us: int
    platform_s: int | None
    measured_s: int
    outcome: str  # completed, busy, failed, no-answer, canceled, transferred, reaped
    closed_by: str  # hangup, callback, reaper
    language: str
    tariff: str  # id of the [[call]] rule
    payer: str
    billable_s: int
    amount_tiyn: int
    currency: str
    vat_bp: int


class CallTrace(NamedTuple):
    """A leg with its records in the order of their numbers; none: it is open."""

    leg: CallLeg
    records: tuple[CallRecord, ...]

    @property
    def last(self) -> CallRecord | None:
        """What counts: the restated record where there is one."""
        return self.records[-1] if self.records else None


class CallBackState(IntEnum):
    OPEN = 0
    TAKEN = 1  # an operator is calling
    DONE = 2


class KeptCallBack(NamedTuple):
    """A caller who waits to be called by an operator."""

    id: int
    link: str
    call_id: str
    party: str
    msisdn: str
    language: str
    wish: str  # one of ivr.switch.Wish
    asked_us: int
    state: CallBackState = CallBackState.OPEN
    taken_us: int | None = None
    done_us: int | None = None
    note: str = ""  # how it came out, once it is done


def measured_s(answered_us: int | None, ended_us: int) -> int:
    """How long two people could speak, begun seconds counted whole; 0 where nobody answered."""
    if answered_us is None or ended_us <= answered_us:
        return 0
    return (ended_us - answered_us + US - 1) // US
