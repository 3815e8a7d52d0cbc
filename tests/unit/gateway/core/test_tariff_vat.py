from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.tariff_row import FIRST_DAY, TariffError
from gateway.core.tariff_vat import VatFrom, net_of, read_vat, told_tenge, vat_of, vat_on


def test_vat_rates_follow_each_other_from_the_first_day_on() -> None:
    rates = read_vat([{"rate_bp": 1200}, {"from": date(2026, 1, 1), "rate_bp": 1600}])
    assert rates == (VatFrom(FIRST_DAY, 1200), VatFrom(date(2026, 1, 1), 1600))
    assert read_vat([{"rate_bp": 0}]) == (VatFrom(FIRST_DAY, 0),)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ([], "every day has a rate"),
        ([{"from": date(2026, 1, 1), "rate_bp": 1600}], "every day has a rate"),
        ([{"rate_bp": 1200}, {"rate_bp": 1600}], "vat 2: `from` must lie after"),
        ([{"rate_bp": 10_001}], "vat 1: rate_bp = 10001"),
        ([{"rate": 12}], "rate_bp"),
        ([{"rate_bp": 1233.3}], "a basis point is the smallest part: 1 % is 100"),
    ],
)
def test_a_wrong_vat_table_is_refused(tables: list[object], says: str) -> None:
    with pytest.raises(TariffError) as refused:
        read_vat(tables)
    assert says in str(refused.value)


def test_a_rate_holds_until_the_day_of_the_next() -> None:
    rates = read_vat([{"rate_bp": 1200}, {"from": date(2026, 1, 1), "rate_bp": 1600}])
    assert vat_on(rates, date(2025, 12, 31)).rate_bp == 1200
    assert vat_on(rates, date(2026, 1, 1)).rate_bp == 1600
    assert vat_on(rates, FIRST_DAY).rate_bp == 1200


def test_each_rate_is_taken_out_of_its_own_sum() -> None:
    assert net_of({1200: 1_500_000, 1600: 3_000_000}) == 1_339_286 + 2_586_207
    assert net_of({}) == 0


def test_vat_is_taken_out_of_the_sum_and_not_of_each_message() -> None:
    assert vat_of(1500, 1200) == 161
    assert vat_of(1500, 1600) == 207
    assert vat_of(1_000_000 * 1500, 1600) == 206_896_552  # row by row: 207 000 000
    assert vat_of(0, 1600) == 0
    assert vat_of(1500, 0) == 0


def test_half_a_tiyn_goes_up_and_a_credit_mirrors_its_sum() -> None:
    assert vat_of(1, 10_000) == 1  # 0.5
    assert vat_of(3, 10_000) == 2  # 1.5
    assert vat_of(-1, 10_000) == -1


@given(st.integers(-(10**15), 10**15), st.integers(0, 10_000))
def test_vat_is_within_half_a_tiyn_of_the_true_share(sum_tiyn: int, vat_bp: int) -> None:
    vat = vat_of(sum_tiyn, vat_bp)
    assert abs(vat * (10_000 + vat_bp) - sum_tiyn * vat_bp) * 2 <= 10_000 + vat_bp
    assert vat_of(-sum_tiyn, vat_bp) == -vat


@pytest.mark.parametrize(
    ("tiyn", "tenge"), [(0, 0), (1, 1), (50, 1), (100, 1), (1_500, 15), (1_550, 16), (1_599, 16)]
)
def test_a_price_is_never_told_as_less_than_it_is(tiyn: int, tenge: int) -> None:
    assert told_tenge(tiyn) == tenge
