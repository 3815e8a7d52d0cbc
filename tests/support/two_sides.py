"""One phone as both sides have it: rows with everything filled in."""

from __future__ import annotations

from gateway.billing.reconcile.causes import Known
from gateway.billing.reconcile.phone import Terms
from gateway.billing.reconcile.records import SECOND_US, Ours, Theirs

AT = 1_795_150_800 * SECOND_US
PHONE = "77010000001"
WINDOW = 120 * SECOND_US
DAY = 86_400 * SECOND_US
MONTH = (AT - 19 * DAY, AT + 11 * DAY)
TERMS = Terms(window_us=WINDOW)
KNOWN = Known(
    month_us=MONTH,
    their_month_us=MONTH,
    covered_us=MONTH,
    short_codes=frozenset(("1012",)),
    test_numbers=frozenset(("77070000000",)),
)


def ours(at_s: int = 0, **changes: object) -> Ours:
    plain = Ours(
        party=b"p", at_us=AT + at_s * SECOND_US, record="mo", code="1012", own=True, counted=True,
        place=0, question_id=1, record_id=1, parts=1, gross_tiyn=1500, msisdn=PHONE, refs="",
        reply_refs="", duplicates=0, receipts_us="",
    )  # fmt: skip
    return plain._replace(**changes)


def theirs(at_s: int = 0, **changes: object) -> Theirs:
    plain = Theirs(
        party=b"p", at_us=AT + at_s * SECOND_US, record="mo", code="1012", row=2, part_no=0,
        parts=0, price_tiyn=1500, ref="", our_ref="", msisdn=PHONE, left_out="", moved=False,
    )  # fmt: skip
    return plain._replace(**changes)
