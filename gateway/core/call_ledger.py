"""What must hold of the records of a call's leg. Pure."""

from __future__ import annotations

from gateway.core.call_records import CLOSING, RESTATED, CallRecord, CallTrace, measured_s
from gateway.core.ledger import Finding


def verify_leg(trace: CallTrace) -> list[Finding]:
    """Everything wrong with a leg; the findings name its id where a question's stands."""
    leg, records = trace
    findings = [Finding(leg.id, *problem) for record in records if (problem := _problem(record))]
    numbers = [record.number for record in records]
    if numbers not in ([], [CLOSING], [CLOSING, RESTATED]):
        findings.append(
            Finding(leg.id, "call_twice", f"its records are numbered {numbers}: closed twice")
        )
    elif len(records) > 1:
        first, second = records
        if first.platform_s is not None or second.platform_s is None:
            sentence = "restated, though not by the platform's first word of its seconds"
            findings.append(Finding(leg.id, "call_restated", sentence))
        elif (first.answered_us, first.ended_us, first.currency, first.vat_bp) != (
            second.answered_us, second.ended_us, second.currency, second.vat_bp,
        ):  # fmt: skip
            sentence = "restated with other times, another currency or VAT"
            findings.append(Finding(leg.id, "call_facts", sentence))
    return findings


def _problem(record: CallRecord) -> tuple[str, str] | None:
    problem = None
    if record.ended_us < record.leg.started_us:
        problem = "call_times", "ended before it began"
    elif record.measured_s != measured_s(record.answered_us, record.ended_us):
        problem = "call_times", f"measured {record.measured_s} s, its times say otherwise"
    elif record.amount_tiyn and not record.billable_s:
        problem = "call_amount", f"{record.amount_tiyn} tiyn for no second"
    elif record.amount_tiyn < 0 or record.billable_s < 0:
        problem = "call_amount", f"{record.amount_tiyn} tiyn for {record.billable_s} s"
    return problem
