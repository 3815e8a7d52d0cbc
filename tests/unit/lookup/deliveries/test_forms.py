from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lookup.deliveries.forms import Form, ParseLine, Reader, form_of
from lookup.feed.file import FeedFile
from lookup.feed.lines import Problem
from lookup.feed.row import Row
from lookup.foreign.mapping import FieldMap
from lookup.status import Body
from tests.support.feed import hash_phone

MAP = """
[fields]
number = ["рег.номер"]
status = "состояние"
status_at = "дата"
body_id = "орган"
"fine.amount" = "сумма"
[values.status]
"Не оплачен" = "unpaid"
[formats]
patterns = ["dd.mm.yyyy"]
"""
BODY = Body("tax-shymkent", "550001", True, "", None, {}, {}, {})


def find_body(key: str) -> Body | None:
    return BODY if key in {BODY.id, BODY.code} else None


def reader(written: str | None = MAP, kind: str | None = "fine") -> Reader:
    return Reader(FieldMap.from_toml(written, "map.toml") if written else None, kind, find_body)


def parser(read: ParseLine | Problem) -> Callable[[bytes], Row | Problem]:
    assert not isinstance(read, Problem), read
    return lambda line: read(line, hash_phone)


def of_sheet(of: Reader, told: Mapping[str, object]) -> Row | Problem:
    columns = [*told, *({"kind", "number", "status"} - set(told))]
    return parser(of.of_sheet(columns))(json.dumps(told).encode())


def row(parsed: Row | Problem) -> Row:
    assert isinstance(parsed, Row), parsed
    return parsed


def problem(parsed: object) -> Problem:
    assert isinstance(parsed, Problem), parsed
    return parsed


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", Form.CSV),
        ("A.CSV", Form.CSV),
        ("a.b.ndjson", Form.NDJSON),
        ("a.jsonl", Form.NDJSON),
        ("a.xlsx", Form.XLSX),
        ("a.XLSM", Form.XLSX),
        ("bodies.json", Form.BODIES),
        ("Bodies-2026.JSON", Form.BODIES),
        ("a.json", None),
        ("a.xls", None),
        ("a.csv.gz", None),
        ("csv", None),
    ],
)
def test_the_name_tells_the_form(name: str, form: Form | None) -> None:
    assert form_of(name) is form


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_foreign_csv_is_read_by_its_map(tmp_path: Path, delimiter: str) -> None:
    header = delimiter.join(("рег.номер", "состояние", "дата", "орган", "сумма"))
    line = delimiter.join(("197500000431233", "не оплачен", "02.11.2026", "550001", "19 660"))
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{line}\n", encoding="utf-8")
    feed = FeedFile(path)
    feed.close()
    parse = parser(reader().of_feed(feed))
    ticket = row(parse(line.encode())).ticket
    assert (ticket.kind, ticket.number, ticket.status) == ("fine", "197500000431233", "unpaid")
    assert (ticket.status_at, ticket.body_id) == ("2026-11-02", "tax-shymkent")
    assert json.loads(ticket.fine or "")["amount"] == 19660
    assert problem(parse(b"1")).reason.startswith("has 1 cells")
    assert problem(parse(b"\xff")).field == "line"
    assert problem(parse(line.replace("не оплачен", "Утерян").encode())).field == "status"


def test_a_foreign_ndjson_is_read_by_its_map(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"")
    feed = FeedFile(path)
    feed.close()
    parse = parser(reader().of_feed(feed))
    theirs = {"рег.номер": "1", "состояние": "НЕ ОПЛАЧЕН", "сумма": 500}
    assert row(parse(json.dumps(theirs).encode())).ticket.number == "1"
    assert problem(parse(b"[]")).field == "line"
    assert problem(parse(b"{")).field == "line"


@pytest.mark.parametrize("header", [b"a,b,a", b",".join(b"c%d" % n for n in range(201)), b'a"b,"c'])
def test_a_foreign_header_must_be_clear(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(header + b"\n")
    feed = FeedFile(path)
    feed.close()
    assert problem(reader().of_feed(feed)).field == "line"


def test_a_sheet_of_the_feed_is_read_as_its_csv_would_be() -> None:
    told = {
        "kind": "fine",
        "number": "012",
        "status": "unpaid",
        "status_at": {"at": "2026-11-02T10:00:00"},
        "due_on": {"at": "2026-12-01"},
        "forward_count": 2,
        "owner_phones": 77010000014,
        "fine.amount": 19660,
        "fine.conflict": True,
        "other_bodies": "a b",
        "room": 12,
    }
    parsed = row(of_sheet(reader(None), told))
    ticket = parsed.ticket
    assert (ticket.number, ticket.forward_count) == ("012", 2)
    assert (ticket.status_at, ticket.due_on) == ("2026-11-02T10:00:00+05:00", "2026-12-01")
    assert ticket.owner_hashes == hash_phone("77010000014")
    fine = json.loads(ticket.fine or "")
    assert (fine["amount"], fine["conflict"]) == (19660, True)
    assert parsed.unknown_fields == ("room",)


@pytest.mark.parametrize("column", ["number", "body_id", "parent_id", "status_at", "due_on"])
def test_a_number_where_a_text_belongs_is_refused_by_its_column(column: str) -> None:
    told = {"kind": "fine", "number": "012", "status": "unpaid", column: 12}
    refused = problem(of_sheet(reader(None), told))
    assert refused.field == column
    assert "make the column text" in refused.reason


def test_a_line_break_in_a_cell_is_refused_by_its_column() -> None:
    told = {"kind": "fine", "number": "012", "status": "unpaid", "number_shown": 'a\n"b,c'}
    assert problem(of_sheet(reader(None), told)).field == "number_shown"


def test_what_the_sheet_refused_stays_refused() -> None:
    parse = parser(reader(None).of_sheet(["kind", "number", "status"]))
    assert parse(b'["number", "is wrong"]') == Problem("number", "is wrong")


def test_a_sheet_without_the_columns_of_the_feed_is_refused() -> None:
    assert "status" in problem(reader(None).of_sheet(["kind", "number"])).reason


def test_a_foreign_sheet_is_read_by_its_map() -> None:
    told = {
        "рег.номер": "012",
        "состояние": "Не оплачен",
        "дата": {"at": "2026-11-02T10:00:00"},
        "сумма": 196.5,
    }
    ticket = row(of_sheet(reader(), told)).ticket
    assert (ticket.number, ticket.status_at) == ("012", "2026-11-02T10:00:00+05:00")
    assert json.loads(ticket.fine or "")["amount"] == 197


def test_the_number_of_a_foreign_sheet_must_be_a_text() -> None:
    told: dict[str, object] = {"рег.номер": 12, "состояние": "Не оплачен"}
    refused = problem(of_sheet(reader(), told))
    assert refused.field == "number"
    assert "make the column text" in refused.reason
    del told["рег.номер"]
    assert problem(of_sheet(reader(), told)) == Problem("number", "is missing")


def test_bodies_are_named_by_their_codes_in_the_steps_too() -> None:
    written = (
        MAP + '[events]\npath = "ход"\n[events.fields]\nat = "а"\nstage = "б"\nto_body = "в"\n'
    )
    theirs = {
        "рег.номер": "1",
        "состояние": "Не оплачен",
        "ход": [{"а": "02.11.2026", "б": "passed", "в": "550001"}],
    }
    parse = reader(written)._ndjson
    (event,) = row(parse(json.dumps(theirs).encode(), hash_phone)).events
    assert event.to_body == "tax-shymkent"
