"""Messages as both sides count them, and what became of each. Pure.

Times are UTC microseconds; money is whole tiyn, VAT included.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

SECOND_US = 1_000_000
NO_PRICE = -1  # their file has no price

# Places of ours beyond those of the month's neighbours.
LEFT_OVER = -2  # of an earlier month, whose file had no row of it
COUNTED_BEFORE = -3  # of the month before, whose file has its row
TOLD_EARLIER = "earlier"  # in `left_out`: a row that an earlier month's file had too many


class Ours(NamedTuple):
    """A message of our ledger. The order is that of the scratch table."""

    party: bytes  # keyed hash of the MSISDN
    at_us: int
    record: str  # mo, mt
    code: str  # short code
    own: bool  # came by the operator's link; else it stands here to explain rows of theirs
    counted: bool  # False: submitted, and no answer ever came
    place: int  # -1 before the month, 0 within, 1 after it; or as above
    question_id: int
    record_id: int  # as in the billing file
    parts: int
    gross_tiyn: int
    msisdn: str  # empty once erased
    refs: str  # ids the operator gave its segments, canonical, parted by blanks
    reply_refs: str  # of a question: the ids of its replies
    duplicates: int  # redeliveries by the operator
    receipts_us: str  # when receipts for the replies came, parted by blanks


class Theirs(NamedTuple):
    """A row of the operator's file. The order is that of the scratch table."""

    party: bytes
    at_us: int
    record: str
    code: str  # as we spell it
    row: int  # line of the file, from 1
    part_no: int  # 0: not told
    parts: int  # 0: not told
    price_tiyn: int  # NO_PRICE: not told
    ref: str  # message id, canonical
    our_ref: str
    msisdn: str  # 7XXXXXXXXXX, else as written
    left_out: str  # LeftAs, TOLD_EARLIER, or empty
    moved: bool  # found by its reference under another phone


class Class(StrEnum):
    MATCHED = "matched"
    DIFFERING = "differing"  # one message, told differently
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    LATE = "late"  # their row of a message of an earlier month, whose file had none


class Cause(StrEnum):
    """Why two counts differ, where it can be told."""

    NONE = ""  # told alike
    MONTH_BORDER = "month_border"  # counted by the other side in the neighbouring month
    OTHER_MONTH = "other_month"  # their row of another month: for that one's act, or the next
    NOT_COVERED = "not_covered"  # the file begins later, or ends earlier: is it whole?
    PARTS = "parts"  # segments counted as messages, or other numbers of segments
    DUPLICATE = "duplicate"  # one message in several rows, or delivered to us again
    TEST_PHONE = "test_phone"
    RECEIPT = "receipt"  # a receipt counted as a message
    PORTED = "ported"  # by another operator's link; or a number of another's range
    UNKNOWN_NUMBER = "unknown_number"
    SHORT_CODE = "short_code"  # a code that is none of ours, or written unlike ours
    PRICE = "price"
    PHONE = "phone"  # one reference, two phones
    NOT_CHARGED = "not_charged"  # they passed it and took nothing: no money on the account
    LEFT_OUT = "left_out"  # their row of it is one that the map leaves out
    NOT_ACKNOWLEDGED = "not_acknowledged"  # sent, never answered: ours does not count it
    UNKNOWN = "unknown"


# What needs no settling: the other month's act has it, or both sides agreed not to count it.
_UNDISPUTED = frozenset(
    (
        (Class.ONLY_OURS, Cause.MONTH_BORDER),
        (Class.ONLY_THEIRS, Cause.MONTH_BORDER),
        (Class.ONLY_OURS, Cause.TEST_PHONE),
    )
)


class Verdict(NamedTuple):
    """What became of a message: both sides of it, or the side that has it."""

    cls: Class
    cause: Cause
    ours: Ours | None
    theirs: Theirs | None
    counterpart: Ours | None = None  # what a row of only_theirs seems to be about
    rows: int = 1  # of theirs


def is_disputed(cls: Class, cause: Cause) -> bool:
    if cls is Class.LATE:
        return cause is not Cause.NONE
    return cls is not Class.MATCHED and (cls, cause) not in _UNDISPUTED
