"""Questions, replies and chains with everything filled in, for tests of money."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.core.cdr import ChargePoint
from gateway.core.records import Chain, Question, QuestionState, ReplyState, ReplyTrace
from gateway.core.tariff import Rated, Trigger

DAY = 20261120
ON = date(2026, 11, 20)
AT_US = 1_795_150_800_000_000  # 2026-11-20 10:00 in Almaty

MO = Rated("sms-15", 1500, "KZT", 1600, ChargePoint.MO, None, None)
MO_CREDITED = MO._replace(credit_cause="not_found")
MT = Rated("reply-15", 1500, "KZT", 1600, ChargePoint.MT, Trigger.DELIVERED, None)
FREE = Rated("call-free", 0, "KZT", 1600, ChargePoint.NONE, None, None)


def question(**changes: Any) -> Question:
    plain = Question(
        id=42,
        link="north",
        operator="north",
        session=1,
        fingerprint="f1",
        party="p1",
        msisdn="77010000001",
        short_code="1012",
        channel="sms",
        received_us=AT_US,
        day=DAY,
        intent="lookup",
        text="061200000012345678",
        parts=1,
    )
    return plain._replace(**changes)


def reply(**changes: Any) -> ReplyTrace:
    plain = ReplyTrace(
        id=7,
        ordinal=0,
        seg=1,
        segs=1,
        text_id="appeal.in_review",
        state=ReplyState.DELIVERED,
        attempts=0,
        maybe_sent=False,
        message_id="a1b2",
        status=0,
        submitted_us=AT_US + 5_000,
        done_us=AT_US + 900_000,
        receipt=True,
        stat="DELIVRD",
        error="000",
    )
    return plain._replace(**changes)


def chain(**changes: Any) -> Chain:
    asked = question()
    plain = Chain(
        question_id=asked.id,
        link=asked.link,
        operator=asked.operator,
        channel=asked.channel,
        party=asked.party,
        msisdn=asked.msisdn,
        short_code=asked.short_code,
        received_us=asked.received_us,
        day=asked.day,
        intent=asked.intent,
        state=QuestionState.ANSWERED,
        language="ru",
        result="status",
        ticket_kind="crime_report",
        parts=1,
        duplicates=0,
        answered_us=AT_US + 3_000,
        replies=(),
        entries=(),
    )
    return plain._replace(**changes)
