from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.billing.field_names import LAYOUTS, OWN, Layout
from gateway.billing.forms import Csv, Ndjson, defused, restored
from gateway.billing.rows import NUMBERS, TEXTS, Row

NOTHING = Row._make([None] * len(Row._fields))
EVIL = "=HYPERLINK(1)"


class Kept:
    """A sink in memory."""

    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> int:
        self.octets += octets
        return len(octets)


def csv_of(row: Row, layout: Layout = OWN) -> dict[str, str]:
    sink = Kept()
    Csv(sink, layout).rows([row])
    text = io.StringIO(sink.octets.decode(), newline="")
    (found,) = csv.DictReader(text)
    return found


def ndjson_of(*rows: Row, layout: Layout = OWN) -> list[dict[str, object]]:
    sink = Kept()
    Ndjson(sink, layout).rows(rows)
    return [json.loads(line) for line in sink.octets.decode().split("\n")[:-1]]


def test_a_field_holds_a_number_a_time_or_text() -> None:
    times = {name for name in Row._fields if name == "day" or name.endswith("_at")}
    assert NUMBERS | TEXTS | times == set(Row._fields)
    assert not NUMBERS & TEXTS
    assert not TEXTS & times


@pytest.mark.parametrize("naming", list(LAYOUTS))
@pytest.mark.parametrize("field", sorted(TEXTS - {"record_type"}))
def test_no_text_is_run_by_a_spreadsheet(naming: str, field: str) -> None:
    layout = next(each for name, each in LAYOUTS.items() if name == naming)
    row = Row(**{**NOTHING._asdict(), "record_type": "mo", field: EVIL})
    shown = [
        column for column, of in zip(layout.columns, layout.fields, strict=True) if of == field
    ]
    cells = csv_of(row, layout)
    assert f"'{EVIL}" in [cells[column] for column in shown]
    assert EVIL not in cells.values()


def test_an_amount_below_zero_stays_a_number_beside_a_text_that_is_defused() -> None:
    row = NOTHING._replace(credited_tiyn=-1500, error_code="-1")
    cells = csv_of(row)
    assert (cells["credited_tiyn"], cells["error_code"]) == ("-1500", "'-1")


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("=1")
@example("'=1")
@example("''+7")
@example("'")
def test_a_text_comes_back_from_either_form(text: str) -> None:
    row = NOTHING._replace(seq=1, error_code=text)
    assert csv_of(row)["error_code"] == defused(text)
    assert restored(csv_of(row)["error_code"]) == text
    assert ndjson_of(row) == [row._asdict()]


def test_a_line_holds_every_column_of_its_row() -> None:
    rows = [NOTHING._replace(seq=seq, record_type="mt", msisdn="77010000001") for seq in (1, 2)]
    for layout in LAYOUTS.values():
        lines = ndjson_of(*rows, layout=layout)
        assert [tuple(line) for line in lines] == [layout.columns] * 2
        assert [tuple(line.values()) for line in lines] == [tuple(layout.cells(r)) for r in rows]
