"""The calls of a busy month (tests.support.busy_month): legs and how they ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from gateway.core.call_records import CallLeg, CallRecord
from tests.support.busy_month import TARIFFS, Event
from tests.support.operator_files import SECOND

CALL_EVERY: Final = 30  # one event of so many has a call besides; of the calls, one of so many
OPEN_EVERY, RESTATED_EVERY, HANDED_EVERY = 40, 50, 10  # is open, restated, has a second leg
NUMBERS: Final = (("line", "1414"), ("tollfree", "88000807777"))  # a link and what it is called by
BEHIND: Final = 200  # ids of a call stand so far behind that of its moment's question


class Call(NamedTuple):
    leg: CallLeg
    records: tuple[CallRecord, ...]


def calls_at(event: Event) -> Iterator[Call]:
    """The legs of the call at that moment, mostly none, each with its records."""
    if event.number % CALL_EVERY or not event.chains:
        return
    chain, turn = event.chains[0], event.number // CALL_EVERY
    link, number = NUMBERS[turn % len(NUMBERS)]
    legs = ("caller", "operator") if turn % HANDED_EVERY == 0 else ("caller",)
    for place, name in enumerate(legs):
        id_ = chain.question_id + BEHIND + 10 * place
        leg = CallLeg(
            id_, link, f"CA{event.number:08}", name, chain.party, chain.msisdn or "", number,
            chain.received_us + place * 30 * SECOND, chain.day,
        )  # fmt: skip
        if turn % OPEN_EVERY == 7:
            yield Call(leg, ())
            continue
        measured = 20 + turn % 200
        restated = (None, measured + 2) if turn % RESTATED_EVERY == 3 else (measured + 1,)
        yield Call(
            leg,
            tuple(
                _record(leg, number, seconds, measured) for number, seconds in enumerate(restated)
            ),
        )


def _record(leg: CallLeg, number: int, platform_s: int | None, measured_s: int) -> CallRecord:
    rated = TARIFFS.calls.rate(
        link=leg.link, number=leg.called, leg=leg.leg,
        on=date(leg.day // 10_000, leg.day // 100 % 100, leg.day % 100),
        platform_s=platform_s, measured_s=measured_s,
    )  # fmt: skip
    return CallRecord(
        leg.id + 1 + number, leg, number, leg.started_us, leg.started_us + measured_s * SECOND,
        platform_s, measured_s, "completed", "hangup", "kk", rated.rule_id, rated.payer,
        rated.billable_s, rated.amount_tiyn, TARIFFS.currency, rated.vat_bp,
    )  # fmt: skip
