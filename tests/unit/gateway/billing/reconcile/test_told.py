from __future__ import annotations

import csv
import io

from gateway.billing.reconcile.records import NO_PRICE, Cause, Class, Verdict
from gateway.billing.reconcile.row_reader import BadRow
from gateway.billing.reconcile.told import BAD_COLUMNS, COLUMNS, bad_line, line_of
from tests.support.two_sides import AT, ours, theirs


def cells(verdict: Verdict) -> dict[str, str]:
    cls, at_us, line = line_of(verdict)
    assert cls is verdict.cls
    assert at_us == AT
    assert line.endswith(b"\r\n")
    [row] = csv.reader(io.StringIO(line.decode(), newline=""))
    return dict(zip(COLUMNS, row, strict=True))


def test_a_message_of_ours_alone_owes_all_of_it() -> None:
    told = cells(Verdict(Class.ONLY_OURS, Cause.UNKNOWN, ours(refs="aa"), None, rows=0))
    assert told["question_id"] == "1"
    assert (told["ours_tiyn"], told["theirs_tiyn"], told["difference_tiyn"]) == (
        "1500",
        "",
        "-1500",
    )
    assert told["our_time"] == "2026-11-20T05:00:00.000000+00:00"
    assert (told["their_time"], told["row"], told["message_id"]) == ("", "", "aa")


def test_a_row_of_theirs_alone_names_its_place_and_its_counterpart() -> None:
    other = ours(question_id=9)
    told = cells(Verdict(Class.ONLY_THEIRS, Cause.DUPLICATE, None, theirs(row=12), other))
    assert (told["question_id"], told["counterpart"], told["row"]) == ("", "9", "12")
    assert told["difference_tiyn"] == "1500"


def test_a_differing_message_tells_both_sides() -> None:
    told = cells(Verdict(Class.DIFFERING, Cause.PRICE, ours(), theirs(price_tiyn=1600, code="7")))
    assert (told["ours_tiyn"], told["theirs_tiyn"], told["difference_tiyn"]) == (
        "1500", "1600", "100",
    )  # fmt: skip
    assert told["short_code"] == "7"


def test_a_difference_without_a_price_is_not_known() -> None:
    row = theirs(price_tiyn=NO_PRICE)
    assert cells(Verdict(Class.DIFFERING, Cause.PARTS, ours(), row))["difference_tiyn"] == ""
    assert cells(Verdict(Class.ONLY_THEIRS, Cause.UNKNOWN, None, row))["difference_tiyn"] == ""


def test_a_cell_that_a_spreadsheet_would_run_is_defused() -> None:
    told = cells(Verdict(Class.ONLY_THEIRS, Cause.UNKNOWN_NUMBER, None, theirs(msisdn="=A1")))
    assert told["msisdn"] == "'=A1"
    assert bad_line(BadRow(3, "+x", "@y")) == b"3,'+x,'@y\r\n"
    assert len(BAD_COLUMNS) == len(BadRow._fields)
