"""Figures of acts with everything filled in, and with nothing."""

from __future__ import annotations

from gateway.billing.figures import Carried, Figures, Payer, Reason, Settled, Terms, Waiting
from gateway.billing.months import Month
from gateway.billing.reconciled import CauseLine, ClassLine, Side, Summary
from gateway.billing.totals import Line, PayerLine, Taxed
from tests.support.months import at_us

NOVEMBER = Month(2026, 11)
LINE = Line(3, 4, 4500, 4500, -1500, 0)
TERMS = Terms("north-40", "operator", 4000, None)
ROW = Carried(42, 20261020, "credited", "not_found", -1500, at_us("2026-11-05 02:00"), "k")
FULL = Figures(
    operator="north",
    month=NOVEMBER,
    currency="KZT",
    by_result=(("status", LINE),),
    by_channel=(("sms", LINE),),
    by_day=tuple((day, LINE) for day in NOVEMBER.days()),
    duplicates=7,
    out=(("delivered", 3), ("submitted-after-resend", 1)),
    voided=Waiting(2, 3000),
    provisional=Waiting(1, 1500),
    reasons=(Reason("credited", "not_found", 1, -1500), Reason("credited", "decision", 1, -700)),
    settled=(
        Settled(NOVEMBER, 2, (Taxed(1600, 3_000_000, 413_793),), TERMS, 1_034_483, 1_551_724),
        Settled(Month(2026, 10), -1, (Taxed(1600, -1500, -207),), TERMS, -517, -776),
    ),
    carried=(ROW,),
    carried_count=1,
    calls=(Payer("owner", PayerLine(5, 1, 300, 6000), (Taxed(1600, 6000, 828),)),),
    calls_carried_tiyn=-100,
    reconciled=Summary(
        format=1,
        operator="north",
        month="2026-11",
        file="north-11.csv",
        sha256="ab" * 32,
        ours=Side(3, 4, 4500),
        theirs=Side(4, 4, None),
        classes={
            "matched": ClassLine(2, 3000, None),
            "differing": ClassLine(0, 0, None),
            "only_ours": ClassLine(1, 1500, None),
            "only_theirs": ClassLine(2, 0, None),
        },
        causes=(CauseLine("only_ours", "month_border", 1, 1500, None, False),),
        disputed_rows=2,
        difference_bp=102,
        net_rows=1,
        net_tiyn=None,
        band="hold",
    ),
)
EMPTY = FULL._replace(
    by_result=(),
    by_channel=(),
    out=(),
    duplicates=0,
    voided=Waiting(0, 0),
    provisional=Waiting(0, 0),
    reasons=(),
    settled=(Settled(NOVEMBER, 0, (), TERMS, 0, 0),),
    carried=(),
    carried_count=0,
    calls=(),
    calls_carried_tiyn=0,
    reconciled=None,
)
