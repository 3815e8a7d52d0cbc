from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing import export as exporting
from gateway.billing.book import Book
from gateway.billing.export import COLUMNS, ExportError, export
from gateway.billing.forms import Format, defused
from gateway.core.call_records import RESTATED, CallTrace
from gateway.core.cdr import EntryKind
from gateway.core.ledger import kept_tiyn, open_chain
from gateway.core.records import Chain, QuestionState
from gateway.core.tariff import Rated
from tests.support.chains import (
    AT_US,
    DAY,
    FREE,
    MO,
    MO_CREDITED,
    MT,
    chain,
    question,
    reply,
)
from tests.support.legs import leg, record


def rated_chain(number: int, rated: Rated, result: str = "status", **changes: Any) -> Chain:
    asked = question(id=number)
    entries = open_chain(asked, rated, result, AT_US)
    return chain(question_id=number, entries=entries, result=result, **changes)


CHAINS = (
    rated_chain(1, MO, replies=(reply(id=11, segs=2), reply(id=12, seg=2, segs=2))),
    rated_chain(2, MO_CREDITED, "not_found", operator="south", duplicates=2),
    rated_chain(3, FREE, channel="ivr", msisdn=None),
    rated_chain(4, MT, channel="web"),
    chain(question_id=5, state=QuestionState.ACCEPTED, result=None, answered_us=None),
)


async def stream(chains: Iterable[Chain]) -> AsyncIterator[Chain]:
    for each in chains:
        yield each


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def rows_of_csv(path: Path, chains: Iterable[Chain]) -> list[dict[str, str]]:
    await export(stream(chains), path, "csv")
    return read_csv(path)


async def test_a_question_and_each_reply_segment_have_a_row(tmp_path: Path) -> None:
    rows = await rows_of_csv(tmp_path / "day.csv", CHAINS)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["record_type"], row["record_id"], row["exchange_id"]) for row in rows] == [
        ("mo", "1", "1"),
        ("mt", "11", "1"),
        ("mt", "12", "1"),
        ("mo", "2", "2"),
        ("call_question", "3", "3"),
        ("web", "4", "4"),
        ("mo", "5", "5"),
        ("trailer", "", ""),
    ]
    assert [row["seq"] for row in rows[:-1]] == ["1", "2", "3", "1", "4", "5", "6"]


async def test_the_row_of_a_question_holds_its_money(tmp_path: Path) -> None:
    rows = await rows_of_csv(tmp_path / "day.csv", CHAINS)
    credited = rows[3]
    assert credited["msisdn"] == "77010000001"
    assert credited["day"] == "2026-11-20"
    assert credited["received_at"] == "2026-11-20T05:00:00.000000+00:00"
    assert credited["done_at"] == "2026-11-20T05:00:00.003000+00:00"
    assert credited["duplicates"] == "2"
    money = {key: credited[key] for key in COLUMNS if key.endswith("_tiyn")}
    assert money == {
        "gross_tiyn": "1500",
        "charged_tiyn": "1500",
        "credited_tiyn": "-1500",
        "adjusted_tiyn": "0",
        "vat_tiyn": "",
        "payer_tiyn": "",
        "payer_vat_tiyn": "",
    }
    assert credited["charge_state"] == "charged"
    assert credited["charge_point"] == "mo"
    assert credited["price_rule_id"] == "sms-15"
    assert credited["vat_rate_bp"] == "1600"
    assert (credited["credit_reason"], credited["corrects"]) == ("not_found", "settled:2")
    assert rows[0]["credit_reason"] == rows[0]["corrects"] == ""
    assert rows[4]["charge_state"] == "free"
    assert rows[4]["msisdn"] == ""
    assert rows[5]["charge_state"] == "rated"
    assert (rows[6]["charge_state"], rows[6]["outcome"]) == ("new", "accepted")


async def test_the_row_of_a_reply_holds_its_fate_and_no_money(tmp_path: Path) -> None:
    row = (await rows_of_csv(tmp_path / "day.csv", CHAINS))[2]
    assert (row["part_no"], row["parts"], row["reply_no"]) == ("2", "2", "0")
    assert (row["smsc_message_id"], row["status"], row["error_code"]) == ("a1b2", "DELIVRD", "000")
    assert (row["submit_status"], row["receipt_requested"]) == ("0", "1")
    assert row["submitted_at"] == "2026-11-20T05:00:00.005000+00:00"
    assert row["outcome"] == "delivered"
    assert {row[key] for key in COLUMNS if key.endswith("_tiyn")} == {""}


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
async def test_the_trailer_counts_and_sums_what_the_entries_say(
    tmp_path: Path, file_format: Format
) -> None:
    path = tmp_path / "day"
    report = await export(stream(CHAINS), path, file_format)
    assert report[:6] == (7, 4500, 3000, -1500, 0, 207)
    entries = [entry for each in CHAINS for entry in each.entries]
    assert report.charged_tiyn + report.credited_tiyn + report.adjusted_tiyn == kept_tiyn(entries)
    trailer: dict[str, Any]
    if file_format == "csv":
        trailer = read_csv(path)[-1]
    else:
        trailer = json.loads(path.read_bytes().splitlines()[-1])
    sums = {key: str(trailer[key]) for key in COLUMNS if trailer[key] not in (None, "")}
    assert sums == {
        "record_type": "trailer",
        "seq": "7",
        "mo_parts": "5",
        "duplicates": "2",
        "gross_tiyn": "4500",
        "charged_tiyn": "3000",
        "credited_tiyn": "-1500",
        "adjusted_tiyn": "0",
        "currency": "KZT",
        "vat_tiyn": "207",
        "billable_s": "0",
        "payer_tiyn": "0",
        "payer_vat_tiyn": "0",
    }


async def test_vat_is_taken_out_of_the_sum_of_each_rate(tmp_path: Path) -> None:
    old = MO._replace(vat_bp=1200)
    chains = [rated_chain(n, MO) for n in range(100)]
    chains += [rated_chain(n, old) for n in range(100, 200)]
    report = await export(stream(chains), tmp_path / "day", "csv")
    assert report.vat_tiyn == 20_690 + 16_071  # row by row it would be 20 700 + 16 100


async def test_the_checksum_beside_the_file_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    report = await export(stream(CHAINS), path, "csv")
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (tmp_path / "day.csv.sha256").read_text() == f"{report.sha256}  day.csv\n"
    assert names(tmp_path) == ["day.csv", "day.csv.sha256"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
async def test_a_second_run_gives_the_same_octets(tmp_path: Path, file_format: Format) -> None:
    first = await export(stream(CHAINS), tmp_path / "a", file_format)
    (tmp_path / "b.part").write_text("left behind by a crash")
    second = await export(stream(CHAINS), tmp_path / "b", file_format)
    assert first == second
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


async def test_batches_are_bounded_and_leave_no_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await export(stream(CHAINS), tmp_path / "a", "csv")
    sizes = []
    add = Book.add

    def counted(self: Book, chains: Sequence[Chain]) -> None:
        sizes.append(len(chains))
        add(self, chains)

    monkeypatch.setattr(Book, "add", counted)
    monkeypatch.setattr(exporting, "BATCH_MAX", 2)
    assert await export(stream(CHAINS), tmp_path / "b", "csv") == whole
    assert sizes == [2, 2, 1]


async def test_what_reconciliation_adjusts_is_kept_and_taxed(tmp_path: Path) -> None:
    paid = rated_chain(1, MO)
    adjusted = paid.entries[1]._replace(
        key="adjusted:1:act-11",
        kind=EntryKind.ADJUSTED,
        amount_tiyn=1500,
        reason="act-11",
        corrects="settled:1",
    )
    path = tmp_path / "a"
    report = await export(stream([paid._replace(entries=(*paid.entries, adjusted))]), path, "csv")
    assert (report.charged_tiyn, report.adjusted_tiyn, report.vat_tiyn) == (1500, 1500, 414)
    row = read_csv(path)[0]
    assert (row["adjusted_tiyn"], row["credit_reason"]) == ("1500", "act-11")


# -- calls

LATE = record(leg(2), 2, number=RESTATED, platform_s=50, billable_s=50, amount_tiyn=500)
LEGS = (
    CallTrace(leg(1), (record(leg(1)),)),
    CallTrace(leg(2), (record(leg(2)), LATE)),
    CallTrace(leg(3), ()),
    CallTrace(
        leg(4, leg="operator", msisdn="", call_id="=cmd|x"),
        (record(leg(4), vat_bp=1200, amount_tiyn=9000, payer="state"),),
    ),
)


async def of_calls() -> AsyncIterator[CallTrace]:
    for each in LEGS:
        yield each


async def test_each_leg_of_a_call_has_a_row_with_what_its_payer_owes(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    await export(stream(()), path, "csv", of_calls())
    first, *_ = rows = read_csv(path)
    assert [row["record_type"] for row in rows] == ["call"] * 5 + ["trailer"]
    assert [row["seq"] for row in rows[:-1]] == ["1", "2", "3", "4", "5"]
    assert (first["operator"], first["bind_id"], first["short_code"]) == ("1414", "1414", "1414")
    assert (first["leg"], first["direction"], first["platform_call_id"]) == (
        "caller", "in", "CA0001",
    )  # fmt: skip
    assert (first["msisdn"], first["day"]) == ("77010000001", "2026-11-20")
    assert first["received_at"] == first["answered_at"] == "2026-11-20T05:00:01.000000+00:00"
    assert first["done_at"] == "2026-11-20T05:01:01.000000+00:00"
    assert (first["outcome"], first["closed_by"]) == ("completed", "hangup")
    assert (first["platform_s"], first["measured_s"], first["billable_s"]) == ("", "60", "60")
    assert (first["gross_tiyn"], first["payer"], first["payer_tiyn"]) == ("0", "owner", "600")
    assert (first["price_rule_id"], first["vat_rate_bp"]) == ("call-1414", "1600")


async def test_a_restated_leg_has_a_second_row_with_the_difference(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    await export(stream(()), path, "csv", of_calls())
    first, second = read_csv(path)[1:3]
    assert first["exchange_id"] == second["exchange_id"] == str(leg(2).id)
    assert (second["platform_s"], second["billable_s"], second["payer_tiyn"]) == (
        "50", "-10", "-100",
    )  # fmt: skip
    assert (second["corrects"], second["credit_reason"]) == (
        first["record_id"], "platform_seconds",
    )  # fmt: skip


async def test_an_open_leg_and_a_hidden_caller_show_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    await export(stream(()), path, "csv", of_calls())
    open_, hidden = read_csv(path)[3:5]
    assert (open_["outcome"], open_["done_at"], open_["payer_tiyn"]) == ("open", "", "")
    assert (hidden["msisdn"], hidden["direction"]) == ("", "out")
    assert hidden["platform_call_id"] == "'=cmd|x"  # as a platform may call it


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
async def test_the_trailer_sums_what_the_payers_owe(tmp_path: Path, file_format: Format) -> None:
    path = tmp_path / "day"
    report = await export(stream(CHAINS), path, file_format, of_calls())
    assert report.rows == 7 + 5
    assert report.payer_tiyn == 600 + 500 + 9000
    assert report.payer_vat_tiyn == 152 + 964  # of 1,100 at 16 %, of 9,000 at 12 %
    assert (report.gross_tiyn, report.vat_tiyn) == (4500, 207)  # the citizens' sums stay
    rows = read_csv(path) if file_format == "csv" else [
        json.loads(line) for line in path.read_bytes().splitlines()
    ]  # fmt: skip
    owed = [int(row["payer_tiyn"]) for row in rows[:-1] if row["payer_tiyn"] not in ("", None)]
    assert sum(owed) == int(rows[-1]["payer_tiyn"]) == report.payer_tiyn


async def test_calls_in_another_currency_are_not_summed(tmp_path: Path) -> None:
    async def foreign() -> AsyncIterator[CallTrace]:
        yield CallTrace(leg(), (record(leg(), currency="USD"),))

    with pytest.raises(ExportError, match="call record 1001 is in USD, those before it in KZT"):
        await export(stream(CHAINS), tmp_path / "a", "csv", foreign())
    assert names(tmp_path) == []


async def test_no_questions_make_a_file_with_a_trailer(tmp_path: Path) -> None:
    report = await export(stream(()), tmp_path / "a", "ndjson")
    assert report[:6] == (0, 0, 0, 0, 0, 0)
    assert json.loads((tmp_path / "a").read_text())["record_type"] == "trailer"


async def test_nothing_of_the_text_or_the_ticket_goes_out(tmp_path: Path) -> None:
    await export(stream(CHAINS), tmp_path / "a", "ndjson")
    text = (tmp_path / "a").read_text()
    for secret in ("061200000012345678", "5678", "crime_report", "appeal.in_review"):
        assert secret not in text


async def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    await export(stream(CHAINS), path, "csv")
    before = path.read_bytes()

    async def broken() -> AsyncIterator[Chain]:
        yield CHAINS[0]
        raise ConnectionError("the store went away")

    with pytest.raises(ConnectionError):
        await export(broken(), path, "csv")
    assert path.read_bytes() == before
    assert names(tmp_path) == ["day.csv", "day.csv.sha256"]


async def test_two_currencies_are_not_summed(tmp_path: Path) -> None:
    chains = [rated_chain(1, MO), rated_chain(2, MO._replace(currency="USD"))]
    with pytest.raises(ExportError, match="question 2 is in USD, those before it in KZT"):
        await export(stream(chains), tmp_path / "a", "csv")
    assert names(tmp_path) == []


async def test_a_cell_from_outside_is_not_run_by_a_spreadsheet(tmp_path: Path) -> None:
    evil = reply(message_id="=HYPERLINK(1)", stat="+1\r\n=2", error='@"x",y')
    rows = await rows_of_csv(tmp_path / "a", [rated_chain(1, MO, replies=(evil,))])
    assert rows[1]["smsc_message_id"] == "'=HYPERLINK(1)"
    assert rows[1]["status"] == "'+1\r\n=2"
    assert rows[1]["error_code"] == '\'@"x",y'


@given(st.text() | st.integers() | st.none())
def test_no_cell_begins_like_a_formula(cell: str | int | None) -> None:
    safe = defused(cell)
    if isinstance(cell, str):
        assert isinstance(safe, str)
        assert safe[:1] not in set("=+-@\t\r\n＝＋－＠")
        assert safe.removeprefix("'") == cell or safe == cell
    else:
        assert safe is cell


def test_the_day_of_the_sample_is_the_day_of_its_time() -> None:
    assert (DAY, AT_US % 86_400_000_000) == (20261120, 5 * 3_600_000_000)
