"""Legs of calls and their records with everything filled in: leg n has the id n * 1000."""

from __future__ import annotations

from typing import Any

from gateway.core.call_records import CLOSING, CallLeg, CallRecord, KeptCallBack
from tests.support.journal import AT, MINUTE, SECOND, TODAY


def leg(n: int = 1, **changes: Any) -> CallLeg:
    return CallLeg(
        id=n * 1000,
        link="1414",
        call_id=f"CA{n:04}",
        leg="caller",
        party=f"party{n}",
        msisdn=f"7701000{n:04}",
        called="1414",
        started_us=AT + n * SECOND,
        day=TODAY,
    )._replace(**changes)


def record(of: CallLeg, after: int = 1, **changes: Any) -> CallRecord:
    """`after`: what stands behind the leg's id in the record's."""
    return CallRecord(
        id=of.id + after,
        leg=of,
        number=CLOSING,
        answered_us=of.started_us,
        ended_us=of.started_us + MINUTE,
        platform_s=None,
        measured_s=60,
        outcome="completed",
        closed_by="hangup",
        language="kk",
        tariff="call-1414",
        payer="owner",
        billable_s=60,
        amount_tiyn=600,
        currency="KZT",
        vat_bp=1600,
    )._replace(**changes)


def waiting(n: int = 1, **changes: Any) -> KeptCallBack:
    return KeptCallBack(
        id=n * 1000,
        link="1414",
        call_id=f"CA{n:04}",
        party=f"party{n}",
        msisdn=f"7701000{n:04}",
        language="kk",
        wish="operator",
        asked_us=AT,
    )._replace(**changes)
