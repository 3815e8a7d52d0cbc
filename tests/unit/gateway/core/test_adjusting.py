"""What the operator's count changes in a chain: named, bounded, legal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.adjusting import adjust, key_of
from gateway.core.cdr import Entry, EntryKind
from gateway.core.ledger import Finding, check_entries, kept_tiyn, open_chain, settle
from gateway.core.tariff import Rated
from tests.support.chains import AT_US, DAY, FREE, MO, MO_CREDITED, MT, question


def chain(rated: Rated) -> tuple[Entry, ...]:
    return open_chain(question(), rated, "status", AT_US)


def adjusted(entries: tuple[Entry, ...], amount_tiyn: int) -> Entry | Finding:
    return adjust(entries, "2026-11", "aigul", amount_tiyn=amount_tiyn, day=DAY + 20, at_us=AT_US)


def test_an_adjustment_names_the_month_the_charge_and_who() -> None:
    new = adjusted(chain(MO), -1500)
    assert isinstance(new, Entry)
    assert (new.key, new.corrects, new.reason) == (
        "adjusted:42:reconciled:2026-11", "settled:42", "reconciled 2026-11 (aigul)",
    )  # fmt: skip
    assert (new.kind, new.amount_tiyn, new.day) == (EntryKind.ADJUSTED, -1500, DAY + 20)
    assert new.key == key_of(42, "2026-11")


def test_what_was_never_charged_is_adjusted_upwards() -> None:
    mt = chain(MT)
    voided = (*mt, settle(mt[0], EntryKind.VOIDED, AT_US, "failed"))
    for entries, corrects in ((voided, "settled:42"), (chain(FREE), "rated:42")):
        new = adjusted(entries, 1500)
        assert isinstance(new, Entry)
        assert new.corrects == corrects
        assert check_entries((*entries, new)) == []


@pytest.mark.parametrize(
    ("entries", "amount", "code"),
    [
        ((), 100, "illegal_move"),
        (chain(MT), 100, "illegal_move"),  # its reply will charge or void it
        (chain(MO), 0, "amount"),
        (chain(MO), -1501, "overcredited"),
        (chain(MO_CREDITED), -1500, "overcredited"),  # given back already
    ],
)
def test_what_the_ledger_forbids_is_no_adjustment(
    entries: tuple[Entry, ...], amount: int, code: str
) -> None:
    refused = adjusted(entries, amount)
    assert isinstance(refused, Finding)
    assert refused.code == code


def test_a_month_is_adjusted_once() -> None:
    once = adjusted(chain(MO), -500)
    assert isinstance(once, Entry)
    twice = adjusted((*chain(MO), once), -500)
    assert isinstance(twice, Finding)
    assert twice.code == "booked_twice"


@given(st.integers(-5_000, 5_000))
def test_no_adjustment_makes_a_chain_cost_less_than_nothing(amount: int) -> None:
    new = adjusted(chain(MO), amount)
    assert isinstance(new, Entry) == (amount != 0 and amount >= -1500)
    if isinstance(new, Entry):
        assert kept_tiyn((*chain(MO), new)) == 1500 + amount
