"""Lines of a feed that are good, of every sort, for properties."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from tests.support.feed import PHONE, appeal

NUMBER = appeal()["number"]
TEXTS = st.none() | st.text('abЖ-"\\é ', min_size=1, max_size=6)
DAYS = st.none() | st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(str)
TIMES = DAYS | st.datetimes().filter(lambda at: 1900 <= at.year <= 2998).map(
    lambda at: at.isoformat() + "+06:00"
)
CODES = st.none() | st.sampled_from(["in_review", "forwarded", "suspended", "extended", "a-1"])
COUNTS = st.none() | st.integers(0, 1_000_000)
EVENTS = st.fixed_dictionaries(
    {
        "source_event_id": st.sampled_from([f"{NUMBER}-1", f"{NUMBER}-2", "x", "ж"]),
        "seq": st.integers(0, 3),
        "at": TIMES.filter(bool),
        "stage": CODES.filter(bool),
    },
    optional={
        "from_body": TEXTS,
        "to_body": TEXTS,
        "actor_role": CODES,
        "note_code": CODES,
        "due_on_after": DAYS,
        "room": st.integers(),
    },
)
LINES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["appeal", "fine"]),
        "number": st.sampled_from([NUMBER, "ЖТ-2026-00431220"]),
        "status": CODES.filter(bool),
    },
    optional={
        "number_shown": TEXTS,
        "source_system": TEXTS,
        "status_at": TIMES,
        "created_at": TIMES,
        "first_filed_at": TIMES,
        "body_id": TEXTS,
        "other_bodies": st.lists(TEXTS.filter(bool), max_size=3),
        "due_on": DAYS,
        "due_basis": CODES,
        "forward_count": COUNTS,
        "extended_count": COUNTS,
        "parent_id": TEXTS,
        "owner_phones": st.lists(st.sampled_from([PHONE, "no", "87010000015"]), max_size=3),
        "owner_lang": st.sampled_from(["kk", "ru", "en", None]),
        "intake": CODES,
        "answer_via": CODES,
        "sensitivity": CODES,
        "version": COUNTS,
        "clerk": TEXTS,
        "fine": st.fixed_dictionaries(
            {},
            optional={
                "amount": COUNTS,
                "half_until": DAYS,
                "pay_by": DAYS,
                "paid_amount": COUNTS,
                "paid_at": TIMES,
                "payment_ref": TEXTS,
                "bailiff_since": DAYS,
                "bailiff_office": TEXTS,
                "conflict": st.none() | st.booleans(),
                "points": st.integers(),
            },
        ),
        "inspection": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("registered_on", "starts_on", "extended_to"), DAYS)
        ),
        "outcome": st.fixed_dictionaries(
            {}, optional={"code": CODES, "at": TIMES, "answer_ref": TEXTS, "object_until": DAYS}
        ),
        "events": st.lists(EVENTS, max_size=4, unique_by=lambda each: each["source_event_id"]),
    },
)
