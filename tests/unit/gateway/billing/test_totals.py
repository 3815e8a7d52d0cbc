from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.totals import (
    Currency,
    CurrencyError,
    Line,
    PayerLine,
    PayerTally,
    Tally,
    Taxed,
    taxed,
    total_of,
)
from gateway.core.call_records import CallTrace
from gateway.core.cdr import EntryKind
from gateway.core.ledger import kept_tiyn, open_chain, settle
from tests.support.chains import AT_US, MO, MO_CREDITED, MT, question
from tests.support.legs import leg, record

LINES = st.builds(Line, *[st.integers(-(10**12), 10**12)] * len(Line._fields))


def test_a_tally_counts_questions_and_sums_entries_by_kind() -> None:
    tally = Tally()
    for parts, rated in ((1, MO), (2, MO_CREDITED)):
        tally.question(parts)
        tally.book(open_chain(question(), rated, "status", AT_US))
    assert tally.line == Line(2, 3, 3000, 3000, -1500, 0)
    assert tally.line.kept_tiyn == 1500


def test_what_was_voided_is_not_kept() -> None:
    (rated,) = open_chain(question(), MT, "status", AT_US)
    tally = Tally()
    tally.book((rated, settle(rated, EntryKind.VOIDED, AT_US, "undelivered")))
    assert tally.line == Line(0, 0, 1500, 0, 0, 0)
    assert tally.line.kept_tiyn == kept_tiyn([rated])


@given(st.lists(LINES), st.lists(LINES))
def test_totals_of_parts_add_up_to_the_total(some: list[Line], others: list[Line]) -> None:
    assert total_of([total_of(some), total_of(others)]) == total_of(some + others)
    assert total_of(some).kept_tiyn == sum(line.kept_tiyn for line in some)


def test_vat_is_taken_out_of_the_sum_of_each_rate() -> None:
    assert taxed({1600: 150_000, 1200: 150_000}) == (
        Taxed(1200, 150_000, 16_071),
        Taxed(1600, 150_000, 20_690),
    )
    assert taxed({1600: -1500})[0].net_tiyn == -1293


def test_two_currencies_are_told_by_what_stands_in_them() -> None:
    currency = Currency()
    currency.agree("question 1", "KZT")
    currency.agree("question 2", "KZT")
    assert currency.code == "KZT"
    with pytest.raises(CurrencyError, match="question 3 is in USD, those before it in KZT"):
        currency.agree("question 3", "USD")


def test_a_payers_tally_knows_which_legs_are_open() -> None:
    tally = PayerTally()
    tally.leg(CallTrace(leg(), (record(leg()),)))
    tally.leg(CallTrace(leg(2), ()))
    tally.book(60, 600, 1600)
    tally.book(-10, -100, 1600)
    assert tally.line == PayerLine(2, 1, 50, 500)
    assert tally.by_vat == {1600: 500}
