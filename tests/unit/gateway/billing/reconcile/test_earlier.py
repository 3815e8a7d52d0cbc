"""Rows that come late, and what earlier months left over."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.months import Month
from gateway.billing.reconcile import earlier
from gateway.billing.reconcile.earlier import EarlierError, Leftovers, _theirs
from gateway.billing.reconcile.file_map import read_map
from gateway.billing.reconcile.reconciling import Job, reconcile
from gateway.billing.reconcile.records import (
    COUNTED_BEFORE,
    TOLD_EARLIER,
    Cause,
    Class,
    Theirs,
    Verdict,
)
from gateway.billing.reconcile.told import COLUMNS, line_of
from gateway.core.records import Chain
from gateway.keys import KEY_OCTETS, Keys
from tests.support.months import at_us
from tests.support.operator_files import PRICE, SECOND, Line, chain_of, map_of, write_csv
from tests.support.told_ledger import ToldLedger
from tests.support.two_sides import ours, theirs

KEYS = Keys(bytes(KEY_OCTETS))
OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)


class Sms(NamedTuple):
    """A message: as our ledger has it, and as the operator's file tells it."""

    chain: Chain
    line: Line


def sms(number: int, at: str) -> Sms:
    us, msisdn = at_us(at), f"7701{number:07}"
    return Sms(chain_of(number * 100, "north", msisdn, us, KEYS.party), Line(us, msisdn))


def month_of(month: Month, first: int) -> list[Sms]:
    """One each day from the 5th on, each from another phone."""
    return [sms(first + day, f"{month}-{day:02} 12:00") for day in range(5, 25)]


OCT, NOV, DEC = month_of(OCTOBER, 100), month_of(NOVEMBER, 200), month_of(DECEMBER, 300)
LATE = OCT[7]  # 12 October
EVERY = [*OCT, *NOV, *DEC]


class Desk:
    """Reconciles months of one ledger; the folder of each is named as the month is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = ToldLedger([each.chain for each in EVERY])

    def also(self, *more: Sms) -> None:
        self.ledger = ToldLedger([each.chain for each in (*EVERY, *more)])

    def job(self, month: Month, lines: Iterable[Line], *months: Month, **changes: Any) -> Job:
        path = write_csv(self.folder / f"{month}.csv", sorted(lines))
        layout = read_map(map_of("north", month_zone="Asia/Almaty", leave_out=[]))
        return Job(
            "north", month, path, layout, KEYS.party, "KZT", 1600, frozenset(),
            tuple(self.folder / str(each) for each in months),
        )._replace(**changes)  # fmt: skip

    async def run(
        self, month: Month, lines: Iterable[Line], *months: Month, **changes: Any
    ) -> dict[str, Any]:
        made = self.job(month, lines, *months, **changes)
        return await reconcile(made, self.ledger, self.folder / str(month))

    def rows(self, month: Month, cls: Class) -> list[dict[str, str]]:
        path = self.folder / str(month) / f"{cls}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def lines(messages: Iterable[Sms], *, without: Sms | None = None) -> list[Line]:
    return [each.line for each in messages if each is not without]


def causes(summary: dict[str, Any]) -> list[tuple[str, str, int, bool]]:
    return [(c["class"], c["cause"], c["rows"], c["disputed"]) for c in summary["causes"]]


OTHER_MONTH = ("only_theirs", "other_month", 1, True)


async def october(desk: Desk, *more: Line) -> None:
    """Reconciled with a file that lacks one row."""
    summary = await desk.run(OCTOBER, [*lines(OCT, without=LATE), *more])
    assert ("only_ours", "unknown") in [each[:2] for each in causes(summary)]


# -- late rows


async def test_a_late_row_is_settled_with_its_true_day(desk: Desk) -> None:
    await october(desk)
    file = [*lines(NOV), LATE.line]
    assert causes(await desk.run(NOVEMBER, file)) == [OTHER_MONTH]
    summary = await desk.run(NOVEMBER, file, OCTOBER)
    assert causes(summary) == []
    assert summary["disputed_rows"] == 0
    assert summary["earlier"] == ["2026-10"]
    assert summary["late"] == [
        {"day": 20261012, "rows": 1, "ours_tiyn": PRICE, "theirs_tiyn": PRICE}
    ]
    (row,) = desk.rows(NOVEMBER, Class.LATE)
    assert int(row["question_id"]) == LATE.chain.question_id
    assert row["our_time"] == "2026-10-12T07:00:00.000000+00:00"
    assert desk.rows(NOVEMBER, Class.ONLY_THEIRS) == []


async def test_a_late_row_is_in_neither_sides_count_of_the_month(desk: Desk) -> None:
    await october(desk)
    without = await desk.run(NOVEMBER, lines(NOV))
    summary = await desk.run(NOVEMBER, [*lines(NOV), LATE.line], OCTOBER)
    for side in ("ours", "theirs"):
        assert summary[side] == without[side]
    assert (summary["net_rows"], summary["net_tiyn"]) == (0, 0)
    assert summary["classes"]["late"] == {"rows": 1, "ours_tiyn": PRICE, "theirs_tiyn": PRICE}
    assert summary["rows"]["compared"] == len(NOV) + 1


async def test_a_late_row_of_another_price_is_disputed(desk: Desk) -> None:
    await october(desk)
    dear = LATE.line._replace(price_tiyn=2 * PRICE)
    summary = await desk.run(NOVEMBER, [*lines(NOV), dear], OCTOBER)
    assert causes(summary) == [("late", "price", 1, True)]
    assert summary["late"][0]["theirs_tiyn"] == 2 * PRICE
    assert summary["disputed_rows"] == 1


async def test_a_late_row_that_comes_twice_is_a_duplicate(desk: Desk) -> None:
    await october(desk)
    summary = await desk.run(NOVEMBER, [*lines(NOV), LATE.line, LATE.line], OCTOBER)
    assert summary["classes"]["late"]["rows"] == 1
    assert causes(summary) == [("only_theirs", "duplicate", 1, True)]
    (row,) = desk.rows(NOVEMBER, Class.ONLY_THEIRS)
    assert int(row["counterpart"]) == LATE.chain.question_id


async def test_what_came_late_once_is_not_left_over_any_more(desk: Desk) -> None:
    await october(desk)
    await desk.run(NOVEMBER, [*lines(NOV), LATE.line], OCTOBER)
    file = [*lines(DEC), LATE.line]
    assert (await desk.run(DECEMBER, file, OCTOBER))["classes"]["late"]["rows"] == 1
    summary = await desk.run(DECEMBER, file, NOVEMBER, OCTOBER)
    assert summary["earlier"] == ["2026-10", "2026-11"]
    assert causes(summary) == [OTHER_MONTH]


async def test_a_row_of_a_message_that_had_its_row_is_not_late(desk: Desk) -> None:
    await october(desk)
    summary = await desk.run(NOVEMBER, [*lines(NOV), OCT[3].line], OCTOBER)
    assert causes(summary) == [OTHER_MONTH]


async def test_a_message_left_over_that_has_no_row_now_either_is_not_told_again(
    desk: Desk,
) -> None:
    await october(desk)
    summary = await desk.run(NOVEMBER, lines(NOV), OCTOBER)
    assert causes(summary) == []
    assert summary["late"] == []


async def test_a_late_row_does_not_hide_that_the_file_begins_late(desk: Desk) -> None:
    await october(desk)
    early = sms(900, "2026-11-01 08:00")
    desk.also(early)
    summary = await desk.run(NOVEMBER, [*lines(NOV), LATE.line], OCTOBER)
    assert causes(summary) == [("only_ours", "not_covered", 1, True)]


async def test_what_is_left_over_and_not_in_the_ledger_is_told(desk: Desk) -> None:
    await october(desk)
    desk.ledger = ToldLedger([each.chain for each in NOV])
    summary = await desk.run(NOVEMBER, lines(NOV), OCTOBER)
    assert any("1 messages that earlier months left over" in each for each in summary["warnings"])


async def test_the_same_folders_give_the_same_octets(desk: Desk) -> None:
    await october(desk)
    seen = []
    for _ in range(2):
        await desk.run(NOVEMBER, [*lines(NOV), LATE.line], OCTOBER)
        seen.append({p.name: p.read_bytes() for p in (desk.folder / "2026-11").iterdir()})
    assert seen[0] == seen[1]


# -- rows that an earlier file had too many


async def test_a_message_that_an_earlier_file_has_is_of_the_months_border(desk: Desk) -> None:
    early = NOV[2]
    await october(desk, early.line)
    file = lines(NOV, without=early)
    assert causes(await desk.run(NOVEMBER, file)) == [("only_ours", "unknown", 1, True)]
    summary = await desk.run(NOVEMBER, file, OCTOBER)
    assert causes(summary) == [("only_ours", "month_border", 1, False)]


async def test_a_row_that_was_too_many_before_is_a_duplicate(desk: Desk) -> None:
    phantom = sms(901, "2026-10-20 03:00").line
    await october(desk, phantom)
    summary = await desk.run(NOVEMBER, [*lines(NOV), phantom], OCTOBER)
    assert causes(summary) == [("only_theirs", "duplicate", 1, True)]


# -- the last days of the month before


async def test_a_message_counted_in_the_month_before_is_counted_twice(desk: Desk) -> None:
    last = sms(902, "2026-10-31 15:00")
    desk.also(last)
    await october(desk, last.line)
    file = [*lines(NOV), last.line]
    assert causes(await desk.run(NOVEMBER, file)) == [("only_theirs", "month_border", 1, False)]
    summary = await desk.run(NOVEMBER, file, OCTOBER)
    assert causes(summary) == [("only_theirs", "duplicate", 1, True)]
    (row,) = desk.rows(NOVEMBER, Class.ONLY_THEIRS)
    assert int(row["counterpart"]) == last.chain.question_id


async def test_a_message_of_the_last_day_that_had_no_row_comes_late(desk: Desk) -> None:
    last, after = sms(903, "2026-10-30 15:00"), sms(904, "2026-10-31 15:00")
    desk.also(last, after)
    await october(desk, after.line)
    summary = await desk.run(NOVEMBER, [*lines(NOV), last.line], OCTOBER)
    assert causes(summary) == []
    assert [(each["day"], each["rows"]) for each in summary["late"]] == [(20261030, 1)]


async def test_a_message_left_over_is_not_read_as_its_neighbour_too(desk: Desk) -> None:
    """Else its row could be joined to either."""
    last = sms(906, "2026-10-31 15:00")
    desk.also(last)
    await october(desk)
    leftovers = Leftovers()
    leftovers.read([desk.folder / "2026-10"], "north", NOVEMBER)
    number = last.chain.question_id
    mine = ours(place=-1, question_id=number, record_id=number)
    assert leftovers.place(mine) is None
    assert leftovers.place(mine._replace(record="mt")) == COUNTED_BEFORE
    assert leftovers.place(mine._replace(place=1)) == 1


async def test_a_message_that_its_month_left_to_this_one_is_no_late_one(desk: Desk) -> None:
    last = sms(905, "2026-10-31 23:30")  # the operator's months begin in another zone
    desk.also(last)
    elsewhere = read_map(map_of("north", month_zone="Asia/Tokyo", leave_out=[]))
    await desk.run(OCTOBER, lines(OCT), layout=elsewhere)
    summary = await desk.run(NOVEMBER, [*lines(NOV), last.line], OCTOBER, layout=elsewhere)
    assert causes(summary) == [("only_theirs", "month_border", 1, False)]
    assert summary["late"] == []


async def test_a_message_that_neither_of_two_months_has_is_told(desk: Desk) -> None:
    last = sms(907, "2026-10-31 23:30")
    desk.also(last)
    elsewhere = read_map(map_of("north", month_zone="Asia/Tokyo", leave_out=[]))
    await desk.run(OCTOBER, lines(OCT), layout=elsewhere)
    told = "1 messages that 2026-10 left to this month's file have no row in it either"
    summary = await desk.run(NOVEMBER, lines(NOV), OCTOBER, layout=elsewhere)
    assert any(told in each for each in summary["warnings"])
    assert causes(summary) == []
    summary = await desk.run(NOVEMBER, [*lines(NOV), last.line], OCTOBER, layout=elsewhere)
    assert not any("no row in it either" in each for each in summary["warnings"])


async def test_the_months_border_is_no_excuse_where_the_month_before_is_known(desk: Desk) -> None:
    """The operator's November begins an hour later than ours: October's file would have it."""
    first = sms(908, "2026-11-01 00:30")
    desk.also(first)
    elsewhere = read_map(map_of("north", month_zone="Asia/Dubai", leave_out=[]))
    await desk.run(OCTOBER, lines(OCT), layout=elsewhere)
    summary = await desk.run(NOVEMBER, lines(NOV), layout=elsewhere)
    assert causes(summary) == [("only_ours", "month_border", 1, False)]
    summary = await desk.run(NOVEMBER, lines(NOV), OCTOBER, layout=elsewhere)
    assert [each[:2] for each in causes(summary)] == [("only_ours", "not_covered")]
    await desk.run(OCTOBER, [*lines(OCT), first.line], layout=elsewhere)
    summary = await desk.run(NOVEMBER, lines(NOV), OCTOBER, layout=elsewhere)
    assert causes(summary) == [("only_ours", "month_border", 1, False)]


async def test_a_test_phone_of_the_last_day_stays_out_of_the_count(desk: Desk) -> None:
    last = sms(909, "2026-10-31 15:00")
    desk.also(last)
    free = frozenset([last.line.msisdn])
    await desk.run(OCTOBER, lines(OCT), free_numbers=free)
    summary = await desk.run(NOVEMBER, [*lines(NOV), last.line], OCTOBER, free_numbers=free)
    assert causes(summary) == [("only_theirs", "month_border", 1, False)]


# -- folders


async def refused(desk: Desk, *months: Month, month: Month = NOVEMBER, **changes: Any) -> str:
    with pytest.raises(EarlierError) as refusal:
        await desk.run(month, lines(NOV), *months, **changes)
    assert not (desk.folder / f"{month}.part").exists()
    return str(refusal.value)


async def test_a_folder_that_does_not_fit_is_refused(desk: Desk) -> None:
    await october(desk)
    assert "2026-10 was given twice" in await refused(desk, OCTOBER, OCTOBER)
    assert "is of north, not of south" in await refused(desk, OCTOBER, operator="south")
    assert "which is not before 2026-10" in await refused(desk, OCTOBER, month=OCTOBER)
    assert "cannot be read" in await refused(desk, DECEMBER)


async def test_a_folder_of_an_open_month_is_refused(desk: Desk) -> None:
    await desk.run(OCTOBER, lines(OCT), draft=True)
    assert "made before 2026-10 was closed on 2026-11-11" in await refused(desk, OCTOBER)


@pytest.mark.parametrize(
    ("name", "octets", "told"),
    [
        ("only_ours.csv", b"", "the column cause is missing"),
        ("only_ours.csv", b"\xff", "only_ours.csv: "),
        ("only_ours.csv", b'a,"b', "only_ours.csv: "),
        ("only_theirs.csv", b"class\r\nx", "the column cause is missing"),
        ("only_ours.csv", ",".join(COLUMNS).encode() + b"\r\nonly_ours,unknown", "line 2: cut"),
        ("summary.json", b"{}", "name a folder of `ledger reconcile --out`"),
    ],
)
async def test_a_folder_that_was_touched_is_refused(
    desk: Desk, name: str, octets: bytes, told: str
) -> None:
    await october(desk)
    (desk.folder / "2026-10" / name).write_bytes(octets)
    sentence = await refused(desk, OCTOBER)
    assert told in sentence
    assert "2026-10" in sentence


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("cause", "rain"), ("question_id", "1,5"), ("record_id", ""), ("their_time", "01.10.2026"),
        ("their_time", "2026-10-20T03:00:00"), ("row", "9" * 20), ("theirs_tiyn", "9" * 20),
        ("theirs_tiyn", "-5"),
    ],
)  # fmt: skip
async def test_a_line_that_was_changed_is_named(desk: Desk, column: str, cell: str) -> None:
    await october(desk, sms(901, "2026-10-20 03:00").line)
    theirs_own = column in ("their_time", "row", "theirs_tiyn")
    cls = Class.ONLY_THEIRS if theirs_own else Class.ONLY_OURS
    path = desk.folder / "2026-10" / f"{cls}.csv"
    rows = desk.rows(OCTOBER, cls)
    rows[0][column] = cell
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    assert f"{cls}.csv: line 2: " in await refused(desk, OCTOBER)


async def test_more_than_any_month_leaves_over_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await october(desk)
    monkeypatch.setattr(earlier, "LEFT_OVER_MAX", 0)
    assert "leaves more than 0 messages over" in await refused(desk, OCTOBER)
    monkeypatch.setattr(earlier, "FOLDERS_MAX", 0)
    assert "more than 0 earlier folders" in await refused(desk, OCTOBER)


async def test_a_folder_of_a_release_without_late_rows_is_read(desk: Desk) -> None:
    await october(desk)
    folder = desk.folder / "2026-10"
    (folder / "late.csv").unlink()
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    for key in ("earlier", "late", "draft"):
        del summary[key]
    (folder / "summary.json").write_text(json.dumps(summary), "utf-8")
    summary = await desk.run(NOVEMBER, [*lines(NOV), LATE.line], OCTOBER)
    assert summary["classes"]["late"]["rows"] == 1


def test_without_folders_nothing_is_left_over() -> None:
    leftovers = Leftovers()
    leftovers.read((), "north", NOVEMBER)
    assert (leftovers.months, leftovers.messages) == ([], {})
    assert list(leftovers.rows(KEYS.party)) == []


texts = st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))).filter(
    lambda text: not text.startswith("'")
)


@given(
    st.builds(
        theirs,
        st.integers(-(10**6), 10**6),
        code=texts, msisdn=texts, ref=texts, our_ref=texts, row=st.integers(1, 10**9),
        record=st.sampled_from(["mo", "mt"]), price_tiyn=st.integers(-1, 10**9),
    )
)  # fmt: skip
def test_a_row_is_read_as_it_was_told(row: Theirs) -> None:
    _, _, line = line_of(Verdict(Class.ONLY_THEIRS, Cause.UNKNOWN, None, row))
    (cells,) = csv.DictReader([line.decode()], COLUMNS)
    party = KEYS.party(row.msisdn)
    expected = row._replace(party=bytes.fromhex(party), left_out=TOLD_EARLIER)
    assert _theirs(cells, KEYS.party) == expected


def test_times_are_read_to_the_microsecond() -> None:
    row = theirs(0)._replace(at_us=1_795_150_800 * SECOND + 1)
    _, _, line = line_of(Verdict(Class.ONLY_THEIRS, Cause.UNKNOWN, None, row))
    (cells,) = csv.DictReader([line.decode()], COLUMNS)
    assert _theirs(cells, KEYS.party).at_us == row.at_us
