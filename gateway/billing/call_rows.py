"""The legs of calls as rows of the billing file. No I/O.

A leg costs its caller nothing; what its payer owes stands in columns of its own. A restated leg is
two rows, and the second holds the difference, so that every column can be summed.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.billing.rows import Row, iso_day, iso_time
from gateway.core.call_records import CALLER, CallLeg, CallRecord, CallTrace

CALL_TYPE = "call"
OPEN = "open"
IN, OUT = "in", "out"
RESTATED_BY = "platform_seconds"

_NOTHING: dict[str, None] = dict.fromkeys(Row._fields)


def rows_of_leg(trace: CallTrace) -> Iterator[Row]:
    """One row for a leg, open or closed, and one for what restates it; `seq` is still 0."""
    row = _leg_row(trace.leg)
    if not trace.records:
        yield row._replace(outcome=OPEN)
        return
    first, *restated = trace.records
    yield _closed(row, first)
    for record in restated:
        yield _closed(row, record)._replace(
            billable_s=record.billable_s - first.billable_s,
            payer_tiyn=record.amount_tiyn - first.amount_tiyn,
            credit_reason=RESTATED_BY,
            corrects=str(first.id),
        )


def _leg_row(leg: CallLeg) -> Row:
    fields: dict[str, object] = _NOTHING | {
        "record_type": CALL_TYPE,
        "record_id": leg.id,
        "exchange_id": leg.id,
        "seq": 0,
        "operator": leg.link,
        "day": iso_day(leg.day),
        "bind_id": leg.link,
        "msisdn": leg.msisdn or None,
        "party": leg.party,
        "short_code": leg.called,
        "received_at": iso_time(leg.started_us),
        "leg": leg.leg,
        "direction": IN if leg.leg == CALLER else OUT,
        "platform_call_id": leg.call_id,
    }
    return Row._make(map(fields.get, Row._fields))


def _closed(row: Row, record: CallRecord) -> Row:
    return row._replace(
        record_id=record.id,
        done_at=iso_time(record.ended_us),
        outcome=record.outcome,
        price_rule_id=record.tariff,
        gross_tiyn=0,
        charged_tiyn=0,
        credited_tiyn=0,
        adjusted_tiyn=0,
        currency=record.currency,
        vat_rate_bp=record.vat_bp,
        answered_at=iso_time(record.answered_us),
        closed_by=record.closed_by,
        platform_s=record.platform_s,
        measured_s=record.measured_s,
        billable_s=record.billable_s,
        payer=record.payer,
        payer_tiyn=record.amount_tiyn,
    )
