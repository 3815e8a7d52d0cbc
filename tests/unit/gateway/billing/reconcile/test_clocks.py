from __future__ import annotations

from gateway.billing.reconcile.clocks import END_US, skew_us, their_month_us, zone_error_s
from gateway.billing.reconcile.records import SECOND_US

WINDOW = 120 * SECOND_US
HOUR = 3_600 * SECOND_US
MONTH = (0, 720 * HOUR)


def seconds(*values: int) -> list[int]:
    return [each * SECOND_US for each in values]


def test_the_clock_is_off_by_the_middle_delay() -> None:
    assert skew_us(seconds(*[4] * 15, *[5] * 10, *[900] * 5), WINDOW) == 4 * SECOND_US


def test_too_few_delays_say_nothing_of_a_clock() -> None:
    assert skew_us(seconds(*[4] * 19), WINDOW) == 0
    assert zone_error_s(seconds(*[3_600] * 19), WINDOW) == 0


def test_delays_that_are_mostly_elsewhere_say_nothing_of_a_clock() -> None:
    assert skew_us(seconds(*[4] * 20, *[3_600] * 21), WINDOW) == 0


def test_delays_of_whole_hours_are_a_wrong_zone() -> None:
    assert zone_error_s(seconds(*[3_603] * 30, *[5] * 10), WINDOW) == 3_600
    assert zone_error_s(seconds(*[-18_003] * 30), WINDOW) == -18_000
    assert zone_error_s(seconds(*[19_800] * 30), WINDOW) == 19_800


def test_a_slow_clock_is_no_wrong_zone() -> None:
    assert zone_error_s(seconds(*[31] * 30), WINDOW) == 0


def test_delays_of_all_kinds_are_no_wrong_zone() -> None:
    assert zone_error_s(seconds(*range(3_000, 4_200, 7)), 30 * SECOND_US) == 0


def test_the_operators_month_is_as_the_map_says() -> None:
    told = (2 * HOUR, 722 * HOUR)
    assert their_month_us(told, MONTH, (3 * HOUR, 719 * HOUR)) == told


def test_a_file_shifted_at_both_ends_is_of_a_month_cut_elsewhere() -> None:
    late = (3 * HOUR, 723 * HOUR)
    assert their_month_us(MONTH, MONTH, late) == (late[0], late[1] + 1)
    early = (-3 * HOUR, 717 * HOUR)
    assert their_month_us(MONTH, MONTH, early) == (early[0], early[1] + 1)


def test_a_file_short_at_one_end_is_of_this_month() -> None:
    assert their_month_us(MONTH, MONTH, (3 * HOUR, 719 * HOUR)) == MONTH
    assert their_month_us(MONTH, MONTH, (END_US - 1, 720 * HOUR + END_US)) == MONTH
