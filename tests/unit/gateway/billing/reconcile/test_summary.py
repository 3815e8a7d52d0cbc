from __future__ import annotations

import pytest

from gateway.billing.reconcile.file_map import BANDS, Bands
from gateway.billing.reconcile.records import NO_PRICE, Cause, Class, Verdict
from gateway.billing.reconcile.summary import Band, FileRows, Heading, Tally, band_of
from tests.support.two_sides import ours, theirs

HEADING = Heading("north", "2026-11", "month.csv", "ab" * 32, "KZT")


def tally(*verdicts: Verdict) -> Tally:
    made = Tally()
    for each in verdicts:
        made.add(each)
    return made


MATCHED = Verdict(Class.MATCHED, Cause.NONE, ours(parts=2), theirs(parts=2))
PRICE = Verdict(Class.DIFFERING, Cause.PRICE, ours(), theirs(price_tiyn=1600))
MISSING = Verdict(Class.ONLY_OURS, Cause.UNKNOWN, ours(), None, rows=0)
BORDER = Verdict(Class.ONLY_THEIRS, Cause.MONTH_BORDER, None, theirs())


def test_the_summary_sums_what_the_verdicts_say() -> None:
    made = tally(MATCHED, PRICE, MISSING, BORDER)
    told = made.summary(HEADING, FileRows(6, {"receipts": 2}, 1), BANDS, 4, ["a note"])
    assert told["rows"] == {"read": 6, "left_out": {"receipts": 2}, "bad": 1, "compared": 3}
    assert told["ours"] == {"messages": 3, "parts": 4, "gross_tiyn": 4500}
    assert told["theirs"] == {"messages": 3, "parts": 4, "gross_tiyn": 4600}
    assert told["classes"]["differing"] == {"rows": 1, "ours_tiyn": 1500, "theirs_tiyn": 1600}
    assert told["classes"]["only_ours"] == {"rows": 1, "ours_tiyn": 1500, "theirs_tiyn": 0}
    assert [(each["class"], each["cause"], each["disputed"]) for each in told["causes"]] == [
        ("differing", "price", True),
        ("only_ours", "unknown", True),
        ("only_theirs", "month_border", False),
    ]
    assert (told["net_rows"], told["net_tiyn"]) == (0, 100)
    assert told["disputed_rows"] == 3  # the price, the missing one, and the row that is unreadable
    assert told["difference_bp"] == 7_500
    assert told["band"] == "alarm"
    assert (told["skew_s"], told["warnings"]) == (4, ["a note"])


def test_late_rows_stand_apart_by_their_day() -> None:
    made = tally(MATCHED)
    for day, price_tiyn in ((20261012, 1500), (20261003, 1600), (20261012, 1500)):
        cause = Cause.NONE if price_tiyn == 1500 else Cause.PRICE
        row = theirs(price_tiyn=price_tiyn)
        made.add_late(Verdict(Class.LATE, cause, ours(), row), day)
    heading = HEADING._replace(earlier=("2026-10",), draft=True)
    told = made.summary(heading, FileRows(4, {}, 0), BANDS, 0, [])
    assert told["late"] == [
        {"day": 20261003, "rows": 1, "ours_tiyn": 1500, "theirs_tiyn": 1600},
        {"day": 20261012, "rows": 2, "ours_tiyn": 3000, "theirs_tiyn": 3000},
    ]
    assert told["classes"]["late"] == {"rows": 3, "ours_tiyn": 4500, "theirs_tiyn": 4600}
    assert [(each["class"], each["cause"]) for each in told["causes"]] == [("late", "price")]
    assert told["disputed_rows"] == 1
    assert told["rows"]["compared"] == 4
    for side in ("ours", "theirs"):
        assert told[side] == {"messages": 1, "parts": 2, "gross_tiyn": 1500}
    assert (told["earlier"], told["draft"]) == (["2026-10"], True)


def test_causes_of_all_classes_add_up_to_the_classes() -> None:
    told = tally(MATCHED, PRICE, MISSING, BORDER).summary(HEADING, FileRows(3, {}, 0), BANDS, 0, [])
    for name in ("differing", "only_ours", "only_theirs"):
        of_class = [each for each in told["causes"] if each["class"] == name]
        assert sum(each["rows"] for each in of_class) == told["classes"][name]["rows"]


def test_sums_of_a_file_without_prices_are_not_told() -> None:
    row = theirs(price_tiyn=NO_PRICE)
    made = tally(Verdict(Class.MATCHED, Cause.NONE, ours(), row))
    told = made.summary(HEADING, FileRows(1, {}, 0), BANDS, 0, [])
    assert told["theirs"]["gross_tiyn"] is None
    assert told["net_tiyn"] is None
    assert told["classes"]["matched"]["theirs_tiyn"] is None
    assert told["classes"]["matched"]["ours_tiyn"] == 1500


def test_segments_that_are_rows_are_counted_as_parts() -> None:
    made = tally(Verdict(Class.MATCHED, Cause.NONE, ours(parts=3), theirs(), rows=3))
    assert made.rows == 3
    told = made.summary(HEADING, FileRows(3, {}, 0), BANDS, 0, [])
    assert told["theirs"] == {"messages": 1, "parts": 3, "gross_tiyn": 1500}


def test_nothing_on_either_side_is_no_difference() -> None:
    told = tally().summary(HEADING, FileRows(0, {}, 0), BANDS, 0, [])
    assert (told["difference_bp"], told["band"]) == (0, "accept")


@pytest.mark.parametrize(
    ("disputed", "band"),
    [
        (0, Band.ACCEPT), (5, Band.ACCEPT), (6, Band.EXCHANGE), (30, Band.EXCHANGE),
        (31, Band.HOLD), (100, Band.HOLD), (101, Band.ALARM), (1_000, Band.ALARM),
    ],
)  # fmt: skip
def test_a_band_goes_up_to_its_limit_and_no_further(disputed: int, band: Band) -> None:
    assert band_of(disputed, 1_000, BANDS) is band


def test_bands_are_the_contracts() -> None:
    assert band_of(5, 1_000, Bands(0, 0, 0)) is Band.ALARM
    assert band_of(5, 1_000, Bands(50, 50, 50)) is Band.ACCEPT
