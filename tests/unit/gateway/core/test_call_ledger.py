from __future__ import annotations

from typing import Any

import pytest

from gateway.core.call_ledger import verify_leg
from gateway.core.call_records import RESTATED, CallTrace
from tests.support.journal import MINUTE, SECOND
from tests.support.legs import leg, record

LATE = record(leg(), 2, number=RESTATED, platform_s=58, amount_tiyn=580)


def codes(*records: Any) -> list[str]:
    return [finding.code for finding in verify_leg(CallTrace(leg(), records))]


@pytest.mark.parametrize(
    "records",
    [
        (),  # open
        (record(leg()),),
        (record(leg(), platform_s=58),),
        (record(leg()), LATE),
        (record(leg(), answered_us=None, measured_s=0, billable_s=0, amount_tiyn=0),),
        (record(leg(), ended_us=leg().started_us, measured_s=0, billable_s=0, amount_tiyn=0),),
    ],
)
def test_a_sound_leg_has_nothing_wrong(records: tuple[Any, ...]) -> None:
    assert codes(*records) == []


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ((record(leg()), record(leg(), 2)), "call_twice"),
        ((LATE,), "call_twice"),  # restated, never closed
        ((record(leg()), LATE, LATE), "call_twice"),
        ((record(leg(), platform_s=1), LATE), "call_restated"),
        ((record(leg()), LATE._replace(platform_s=None)), "call_restated"),
        ((record(leg()), LATE._replace(ended_us=LATE.ended_us - SECOND, measured_s=59)),
         "call_facts"),
        ((record(leg()), LATE._replace(vat_bp=1200)), "call_facts"),
        ((record(leg(), measured_s=61),), "call_times"),
        ((record(leg(), ended_us=leg().started_us - MINUTE, measured_s=0),), "call_times"),
        ((record(leg(), billable_s=0),), "call_amount"),
        ((record(leg(), amount_tiyn=-1),), "call_amount"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_code(records: tuple[Any, ...], code: str) -> None:
    assert codes(*records) == [code]


def test_a_finding_names_the_leg() -> None:
    (finding,) = verify_leg(CallTrace(leg(7), (record(leg(7), measured_s=1),)))
    assert (finding.question_id, finding.code) == (leg(7).id, "call_times")
