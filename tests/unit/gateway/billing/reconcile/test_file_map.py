from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.billing.reconcile.file_map import (
    BANDS,
    Bands,
    Encoding,
    LeftAs,
    Record,
    RowIs,
    read_map,
)
from gateway.core.tariff_row import TariffError
from smpp.operators import MessageIdForm

ROOT = Path(__file__).parents[5]
PLAIN: dict[str, Any] = {
    "format": "csv",
    "time": "yyyy-mm-dd hh:mm:ss",
    "zone": "+05:00",
    "record": "mo",
    "columns": {"msisdn": "A", "short_code": "B", "at": "T"},
}


def made(**changes: Any) -> dict[str, Any]:
    table = deepcopy(PLAIN) | changes
    return {key: value for key, value in table.items() if value is not None}


def problem(**changes: Any) -> str:
    with pytest.raises(TariffError) as refusal:
        read_map(made(**changes))
    return str(refusal.value)


def test_the_least_map_has_the_defaults_of_the_page() -> None:
    read = read_map(made())
    assert (read.encoding, read.delimiter, read.header) == (Encoding.UTF_8, ";", True)
    assert (read.row_is, read.window_s, read.bands) == (RowIs.MESSAGE, 120, BANDS)
    assert read.compared == {Record.MO}
    assert read.month_zone is read.times.zone
    assert not read.has_references


@pytest.mark.parametrize("path", sorted((ROOT / "config/reconcile").glob("*.toml")), ids=str)
def test_every_shipped_map_can_be_read(path: Path) -> None:
    read_map(tomllib.loads(path.read_text(encoding="utf-8")))


def test_the_example_says_what_its_comment_shows() -> None:
    read = read_map(tomllib.loads((ROOT / "config/reconcile/example.toml").read_text("utf-8")))
    assert read.encoding is Encoding.CP1251
    assert read.decimal_comma
    assert [each.name for each in read.leave_out] == [LeftAs.RECEIPTS, LeftAs.NOT_CHARGED]
    assert read.trailer == ("ИТОГО", 2)


def test_records_may_be_told_by_a_column() -> None:
    columns = PLAIN["columns"] | {"record": "K"}
    read = read_map(made(record=None, columns=columns, records_mo=["I"], records_mt=["O", "P"]))
    assert read.compared == {Record.MO, Record.MT}
    assert read.records == {"I": Record.MO, "O": Record.MT, "P": Record.MT}
    assert "records_mo" in problem(record=None, columns=columns)


def test_columns_without_a_header_are_numbers() -> None:
    columns = {"msisdn": 2, "short_code": 3, "at": [4, 5]}
    read = read_map(made(header=False, columns=columns))
    assert read.columns == {"msisdn": 2, "short_code": 3}
    assert read.at == (4, 5)
    assert "the number of the column" in problem(header=False)


def test_columns_of_fixed_width_are_a_place_and_a_length() -> None:
    columns = {"msisdn": [1, 11], "short_code": [12, 4], "at": [[16, 8], [24, 6]]}
    read = read_map(made(format="fixed", columns=columns))
    assert read.at == ((16, 8), (24, 6))
    assert not read.header
    whole = read_map(made(format="fixed", columns=columns | {"at": [16, 14]}))
    assert whole.at == ((16, 14),)
    assert "[first position, length]" in problem(format="fixed")


def test_zones_may_be_named_or_fixed() -> None:
    read = read_map(made(month_zone="Europe/Moscow"))
    assert str(read.month_zone) == "Europe/Moscow"
    assert read.times.zone.utcoffset(None) == timedelta(hours=5)


def test_a_clock_without_seconds_is_known() -> None:
    assert read_map(made()).has_seconds
    assert not read_map(made(time="dd.mm.yyyy hh:mm")).has_seconds
    assert read_map(made(time="epoch_s")).has_seconds


def test_rows_are_left_out_by_value_or_by_any_other() -> None:
    rows = [
        {"as": "receipts", "column": "K", "values": ["DLR"]},
        {"as": "other", "column": "S", "unless": ["1012"]},
    ]
    receipts, other = read_map(made(leave_out=rows)).leave_out
    assert (receipts.takes("DLR"), receipts.takes("SMS")) == (True, False)
    assert (other.takes("1012"), other.takes("3040")) == (False, True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "pdf"}, "format = 'pdf', expected one of csv, fixed, xlsx"),
        ({"encoding": "utf8"}, "encoding = 'utf8', expected one of utf-8"),
        ({"delimiter": ";;"}, "delimiter = ';;'"),
        ({"time": "tt.mm"}, "time = 'tt.mm'"),
        ({"zone": "Almaty"}, "zone = 'Almaty', expected a zone such as"),
        ({"month_zone": "+25:00"}, "month_zone = '+25:00'"),
        ({"window_s": 0}, "window_s = 0, expected a whole number from 1 to 3600"),
        ({"header": "yes"}, "header = 'yes'"),
        ({"format": "xlsx", "skip_rows": 1}, "a sheet's first row names its columns"),
        ({"message_id_form": "learn"}, "message_id_form = 'learn'"),
        ({"windows": 3}, "unknown key 'windows'; did you mean 'window_s'?"),
        ({"columns": {"msisdn": "A", "at": "T"}}, "columns: short_code = None"),
        ({"columns": {"msisdn": "A", "short_code": "B", "at": []}}, "columns: at"),
        ({"columns": PLAIN["columns"] | {"cost": "C"}}, "columns: unknown key 'cost'"),
        ({"short_codes": {"71012": 1012}}, "short_codes"),
        ({"leave_out": [{"as": "receipts", "column": "K"}]}, "leave_out 1: values"),
        ({"leave_out": [{"as": "spam", "column": "K", "values": ["x"]}]}, "leave_out 1: as"),
        ({"trailer": {"starts": "T", "count": 0}}, "trailer: count = 0"),
        ({"bands": {"accept_bp": 400}}, "bands: hold_bp = 1000, expected accept_bp <="),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_is_allowed(changes: dict[str, Any], told: str) -> None:
    assert told in problem(**changes)


def test_bands_and_ids_are_as_the_contract_says() -> None:
    read = read_map(made(bands={"hold_bp": 500}, message_id_form="hex_to_dec"))
    assert read.bands == Bands(50, 300, 500)
    assert read.message_id_form is MessageIdForm.HEX_TO_DEC
