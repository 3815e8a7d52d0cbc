"""Deliveries that are wrong: the rest of the file survives, and the report names line and field."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lookup.deliveries import taking
from lookup.feed.lines import LINE_OCTETS_MAX
from lookup.files import DeliveryReport, DeliveryState
from lookup.foreign.mapping import FieldMap
from lookup.status import Wanted
from tests.support.deliveries import STAMP, Box, delivering
from tests.support.feed import BODIES, PHONE, appeal, body, event, fine, line, write_feed
from tests.support.sheets import text_row, write_foreign_sheet, write_sheet, write_ticket_sheet
from tests.support.tickets import write_tickets
from tests.support.tickets_as import cells_of, write_csv

ROOT = Path(__file__).parents[2]
START = 750100000000000000
MANY = 2_500

FIRST, SECOND, THIRD = (appeal(number=f"75010000000043121{n}", events=[]) for n in (5, 6, 7))


def places(rejects: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(reject["line"], reject["field"]) for reject in rejects]


def counts(report: DeliveryReport) -> tuple[str, int, int, int]:
    return (report.state, report.lines, report.added, report.rejected)


async def survives(box: Box, *places_: tuple[int, str], good: int = 2) -> list[dict[str, Any]]:
    """The delivery is done but for the places named; its rejects are returned."""
    report = await box.one()
    assert counts(report) == ("done", good + len(places_), good, len(places_)), report
    rejects = box.rejects(report)
    assert places(rejects) == list(places_)
    assert await box.tickets() == good
    return rejects


async def refused(box: Box) -> str:
    report = await box.one()
    assert report.state == "refused"
    assert report.kept_in == f"refused/{STAMP}-{report.delivery}"
    kept = box.folder / report.kept_in
    assert (kept / report.delivery).exists()
    told = json.loads((kept / f"{report.delivery}.refused.json").read_text(encoding="utf-8"))
    assert told["report"]["reason"] == report.reason
    assert await box.tickets() == 0
    return report.reason


# Half a file


async def test_the_last_line_of_half_an_ndjson_file_is_told(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        whole = b"\n".join(map(line, (FIRST, SECOND, THIRD)))
        (box.folder / "a.ndjson").write_bytes(whole[:-10])
        await survives(box, (3, "line"))


@pytest.mark.parametrize("cut", [1, 2, 3, 9])
async def test_the_last_line_of_half_a_csv_is_told_even_when_all_its_cells_are_there(
    tmp_path: Path, cut: int
) -> None:
    async with delivering(tmp_path) as box:
        rows = "".join(f"appeal,registered,{one['number']}\n" for one in (FIRST, SECOND, THIRD))
        (box.folder / "a.csv").write_bytes(("kind,status,number\n" + rows).encode()[:-cut])
        (reject,) = await survives(box, (4, "line"))
        assert "cut" in reject["reason"]


async def test_half_a_sheet_is_refused(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        path = write_ticket_sheet(box.folder / "a.xlsx", FIRST, SECOND)
        path.write_bytes(path.read_bytes()[:-100])
        assert "not a whole XLSX" in await refused(box)


async def test_a_delivery_that_belies_its_marker_is_refused(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        for name, marker in (("a.ndjson", "size: 1"), ("b.ndjson", "sha256: " + "0" * 64)):
            write_feed(box.folder / name, FIRST)
            (box.folder / f"{name}.ok").write_text(marker, encoding="utf-8")
        first, second = await box.take()
        assert "its marker says 1" in first.reason
        assert "SHA-256" in second.reason
        assert await box.tickets() == 0
        assert not list(box.folder.glob("*.ok"))


# Wrong encoding, another kind of file


@pytest.mark.parametrize("code", ["utf-16", "utf-16-be", "cp1251"])
@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
async def test_another_code_is_refused_as_a_whole_and_nothing_garbled_is_stored(
    tmp_path: Path, code: str, suffix: str
) -> None:
    number = "ЖТ-2026-0043122"
    async with delivering(tmp_path) as box:
        path = box.folder / f"a.{suffix}"
        if suffix == "csv":
            write_csv(path, *(appeal(number=f"{number}{n}", events=[]) for n in range(3)))
        else:
            write_feed(path, *(appeal(number=f"{number}{n}", events=[]) for n in range(3)))
        path.write_bytes(path.read_text(encoding="utf-8").encode(code))
        assert (await refused(box)).endswith("save it as UTF-8")


async def test_one_line_in_another_code_is_told_and_the_rest_survives(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        garbled = line(appeal(number="ЖТ-1")).decode().encode("cp1251")
        write_feed(box.folder / "a.ndjson", FIRST, garbled, SECOND)
        (reject,) = await survives(box, (2, "line"))
        assert "UTF-8" in reject["reason"]


async def test_marks_and_line_ends_of_all_programs_are_no_matter(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        for name, mark, end in (("1", "\ufeff", "\r\n"), ("2", "", "\r"), ("3", "\ufeff", "\r")):
            path = write_csv(box.folder / f"{name}.csv", FIRST, SECOND)
            text = mark + path.read_bytes().decode().replace("\r\n", end)
            path.write_bytes(text.encode())
        reports = await box.take()
        assert [(report.lines, report.rejected) for report in reports] == [(2, 0)] * 3
        assert await box.tickets() == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"%PDF-1.7\n", "PDF"),
        ("a.csv", b"PK\x03\x04rest", "ZIP"),
        ("a.ndjson", b"<html><body>502 Bad Gateway</body></html>", "HTML"),
        ("a.xlsx", b"kind,number,status\n", "not a whole XLSX"),
        ("a.csv", b"", "empty"),
        ("a.pdf", b"%PDF-1.7\n", "no form"),
        ("a.csv", b"a,b\n1,2\n", "header without kind, number, status"),
        ("a.ndjson", b"[\n{}\n]\n", "no line that could be stored"),
        ("bodies.json", b"{", "is not JSON"),
        ("bodies.json", b'{"bodies": []}', "no good body"),
    ],
)
async def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    async with delivering(tmp_path) as box:
        (box.folder / name).write_bytes(content)
        assert said in await refused(box)


# Lines


async def test_a_line_of_10_mb_is_told_and_the_rest_survives(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        long = b'{"kind": "' + b"x" * 10_000_000 + b'"}'
        write_feed(box.folder / "a.ndjson", FIRST, long, SECOND)
        (reject,) = await survives(box, (2, "line"))
        assert str(LINE_OCTETS_MAX) in reject["reason"]


async def test_nul_octets_are_told_and_the_rest_survives(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        hole = b"\0" * 200  # what a file system leaves of a write that was cut off
        write_feed(box.folder / "a.ndjson", FIRST, line(THIRD)[:200] + hole, SECOND)
        (reject,) = await survives(box, (2, "line"))
        assert "NUL" in reject["reason"]


async def test_cells_too_many_and_too_few_are_told(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        rows = ["kind,number,status", "appeal,1,a", "appeal,2", "appeal,3,a,b", "appeal,4,a", ""]
        (box.folder / "a.csv").write_text("\n".join(rows), encoding="utf-8")
        await survives(box, (3, "line"), (4, "line"))


async def test_a_reject_never_repeats_what_the_line_holds(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", fine(number=None), fine(owner_lang=PHONE), FIRST)
        report = await box.one()
        kept = box.folder / report.kept_in
        for path in kept.iterdir():
            if path.name != "a.ndjson":
                assert b"7010000014" not in path.read_bytes()
        assert (kept / "a.ndjson.rejected.ndjson").stat().st_mode & 0o077 == 0


# Facts


@pytest.mark.parametrize("field", ["status_at", "created_at", "due_on"])
@pytest.mark.parametrize(
    ("on", "good"),
    [
        ("1900-01-01", True),
        ("2999-12-31", True),
        ("1899-12-31", False),
        ("3000-01-01", False),
        ("2026-02-30", False),
    ],
)
async def test_dates_of_1900_and_2999_are_dates_and_those_beyond_are_told(
    tmp_path: Path, field: str, on: str, good: bool
) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST, THIRD | {field: on}, SECOND)
        if good:
            await survives(box, good=3)
            ticket = await box.shown(THIRD["number"])
            assert date.fromisoformat(on) in {
                ticket.record.status_on, ticket.record.created_on, ticket.record.due_on,
            }  # fmt: skip
        else:
            await survives(box, (2, field))


async def test_what_no_text_and_no_calendar_can_hold_is_told(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        half = json.dumps(THIRD | {"clerk": "\ud83d"}).encode()  # of a letter
        no_day = "2026-02-30T12:00:00+05:00"  # told twice, as the last step repeats the ticket's
        write_feed(
            box.folder / "a.ndjson",
            FIRST,
            THIRD | {"created_at": "2999-12-31T23:59:59Z"},  # already 3000 here
            half,
            THIRD | {"first_filed_at": "1900-01-01T00:00:00+14:00"},
            THIRD | {"status_at": no_day, "events": [event(1, no_day, "forwarded")]},
            SECOND,
        )
        rejects = await survives(
            box, (2, "created_at"), (3, "clerk"), (4, "first_filed_at"), (5, "status_at")
        )
        assert "half of a pair of surrogates" in rejects[1]["reason"]


async def test_events_twice_and_out_of_order_are_one_path(tmp_path: Path) -> None:
    first, second, third = (
        event(n, f"2026-10-{n:02d}T12:00:00+05:00", stage, None, "tax-shymkent")
        for n, stage in ((1, "registered"), (2, "forwarded"), (3, "in_review"))
    )
    async with delivering(tmp_path) as box:
        write_feed(
            box.folder / "a.ndjson",
            FIRST | {"events": [third, first]},
            FIRST | {"events": [second, third]},
            SECOND | {"events": [first, first]},
        )
        write_feed(box.folder / "b.ndjson", FIRST | {"events": [first, second, third]})
        a, b = await box.take()
        assert (a.lines, a.rejected, b.rejected) == (3, 1, 0)
        assert places(box.rejects(a)) == [(3, "events[1].source_event_id")]
        shown = await box.shown(FIRST["number"])
        assert [step.stage for step in shown.events] == ["registered", "forwarded", "in_review"]


async def test_an_older_delivery_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    newer = FIRST | {"status": "satisfied", "status_at": "2026-11-01T09:00:00+05:00"}
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "1.ndjson", newer)
        write_feed(box.folder / "2.ndjson", FIRST)
        _, second = await box.take()
        assert (second.stale, second.updated) == (1, 0)
        assert (await box.shown(FIRST["number"])).record.status == "satisfied"


async def test_a_status_and_a_body_that_nobody_knows_are_stored(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST | {"status": "lost", "body_id": "nowhere"})
        await survives(box, good=1)
        ticket = await box.shown(FIRST["number"])
        assert (ticket.record.status, ticket.body_id, ticket.record.body) == (
            "lost", "nowhere", None,
        )  # fmt: skip


async def test_a_body_without_a_name_is_told_and_the_others_survive(tmp_path: Path) -> None:
    nameless = body("x", sms_name={"kk": "a", "ru": "", "en": "b"})
    async with delivering(tmp_path) as box:
        (box.folder / "bodies-2026.json").write_text(
            json.dumps({"bodies": [BODIES[0], nameless, BODIES[1]]}), encoding="utf-8"
        )
        report = await box.one()
        assert counts(report) == ("done", 3, 2, 1)
        (reject,) = box.rejects(report)
        assert (reject["body"], reject["field"]) == ("x", "sms_name.ru")
        assert (await box.source.registry.stats()).bodies == 2
        assert box.source.fed_us is None  # no ticket came


# Sheets


async def test_the_cells_of_a_sheet_are_told_by_row_and_column(tmp_path: Path) -> None:
    columns = ("kind", "number", "status", "due_on", "fine.amount")
    async with delivering(tmp_path) as box:
        write_sheet(
            box.folder / "a.xlsx",
            columns,
            ("fine", "075", "unpaid", date(2026, 12, 1), 19660),
            ("fine", 7.50100000000431e17, "unpaid"),
            ("fine", 75, "unpaid"),
            (),
            ("fine", "076", "unpaid", None, "#DIV/0!"),
            ("fine", "077", "unpaid", "tomorrow"),
            ("fine", "078", "unpaid", date(1900, 3, 1)),
            ("fine", "079", "unpaid", None, "=SUM(E1:E9)"),
            others=["Архив"],
        )
        rejects = await survives(
            box,
            (3, "number"), (4, "number"), (6, "fine.amount"), (7, "due_on"), (9, "fine.amount"),
        )  # fmt: skip
        assert "15 digits" in rejects[0]["reason"]
        assert "make the column text" in rejects[1]["reason"]
        assert "was not saved" in rejects[4]["reason"]
        assert box.told[-1].sheets_left_out == ("Архив",)
        kept = {path.name for path in (box.folder / box.told[-1].kept_in).iterdir()}
        assert kept == {".name", "a.xlsx", "a.xlsx.done.json", "a.xlsx.rejected.ndjson"}
        amount = (await box.shown("075")).record.fine
        assert amount is not None
        assert amount.amount == 19660
        without = (await box.shown("078")).record
        assert (without.due_on, without.fine) == (date(1900, 3, 1), None)


async def test_a_foreign_sheet_goes_through_its_map(tmp_path: Path) -> None:
    fields = FieldMap.from_table(
        {
            "fields": {"number": "Номер", "status": "Состояние", "status_at": "Когда"},
            "values": {"status": {"не оплачен": "unpaid"}},
        },
        "map.toml",
    )
    async with delivering(tmp_path, fields=fields, kinds=("fine",)) as box:
        write_foreign_sheet(
            box.folder / "a.xlsx",
            text_row("Номер", "Состояние", "Когда")
            + text_row("075", "Не оплачен", "2026-11-02")
            + text_row("076", "Утерян", "2026-11-02")
            + text_row("077", "НЕ ОПЛАЧЕН", "2026-13-02")
            + text_row("078", "Не оплачен", ""),
        )
        await survives(box, (3, "status"), (4, "status_at"))
        assert (await box.shown("075")).record.kind == "fine"


async def test_a_sheet_that_is_no_feed_is_refused_and_its_rows_are_not_left_behind(
    tmp_path: Path,
) -> None:
    async with delivering(tmp_path) as box:
        write_sheet(box.folder / "a.xlsx", ("kind", "owner_phones"), ("fine", PHONE))
        assert "header without number, status" in await refused(box)
        kept = {path.name for path in box.folder.glob("refused/*/*")}
        assert kept == {".name", "a.xlsx", "a.xlsx.refused.json"}


@pytest.mark.parametrize(
    "part",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
        "<x>" + " " * 50_000_000,
    ],
    ids=["xml", "zip"],
)
async def test_bombs_are_refused_and_the_next_delivery_is_taken(tmp_path: Path, part: str) -> None:
    async with delivering(tmp_path) as box:
        write_foreign_sheet(box.folder / "a.xlsx", xl__sharedStrings_dot_xml=part)
        write_feed(box.folder / "b.ndjson", FIRST)
        bomb, good = await box.take()
        assert bomb.state == "refused"
        assert "bombs" in bomb.reason
        assert good.added == 1


# While it is read


async def test_a_delivery_that_grows_while_it_is_read_is_read_whole(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST, line(THIRD)[:50])

        def grow(report: DeliveryReport) -> None:
            if report.state == "taken" and report.octets < 1_000:
                (taken,) = box.folder.glob("taking/*/a.ndjson")
                with taken.open("r+b") as file:
                    file.seek(-51, os.SEEK_END)
                    file.write(line(THIRD) + b"\n" + line(SECOND) + b"\n")

        box.on_told = grow
        report = await box.one()
        assert (report.state, report.lines, report.rejected) == ("done", 3, 0)
        assert not list(box.folder.glob("done/*/*.rejected.ndjson"))
        assert await box.tickets() == 3


async def test_one_that_never_stops_growing_is_refused(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST)

        def grow(report: DeliveryReport) -> None:
            if report.state == "taken":
                (taken,) = box.folder.glob("taking/*/a.ndjson")
                with taken.open("ab") as file:
                    file.write(b"\n")

        box.on_told = grow
        report = await box.one()
        assert "still written to" in report.reason
        assert len([one for one in box.told if one.state == "taken"]) == taking.CHANGES_MAX


async def test_a_delivery_replaced_while_it_is_read_is_two_deliveries(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST)

        def replace(report: DeliveryReport) -> None:
            box.on_told = lambda _: None
            write_feed(tmp_path / "other", SECOND).rename(box.folder / "a.ndjson")

        box.on_told = replace
        assert (await box.one()).added == 1
        assert (await box.one()).added == 1
        assert await box.tickets() == 2
        assert len(list(box.folder.glob("done/*/a.ndjson"))) == 2


# The process dies

TAKER = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from lookup.deliveries import taking
from tests.support.deliveries import delivering

async def main(how, folder, batches):
    taking.RUNNING_EVERY_S = 0.0
    async with delivering(Path(folder)) as box:
        if how == "full":
            largest = max(file.stat().st_size for file in Path(folder).glob("tickets.db*"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 100_000, largest + 100_000))

        def die(report):
            if len([one for one in box.told if one.state == "running"]) == int(batches):
                os.kill(os.getpid(), signal.SIGKILL)
        if how == "killed":
            box.on_told = die
        await box.take()
        print(box.source._deliveries.trouble)

asyncio.run(main(*sys.argv[1:]))
"""


async def dies(folder: Path, how: str, batches: int = 1) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", TAKER, how, str(folder), str(batches)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def write_many(folder: Path, suffix: str) -> None:
    feed = folder / "many.ndjson"
    write_tickets(feed, START, MANY)
    tickets = [json.loads(text) for text in feed.read_text(encoding="utf-8").splitlines()]
    tickets[3]["status"] = "НЕТ"
    folder = folder / "in"
    folder.mkdir()
    path = folder / f"many.{suffix}"
    if suffix == "ndjson":
        write_feed(path, *tickets)
    elif suffix == "csv":
        write_csv(path, *tickets)
    else:
        write_sheet(path, *cells_of(tickets))


@pytest.mark.parametrize("suffix", ["ndjson", "csv", "xlsx"])
async def test_after_kill_9_the_delivery_goes_on_and_nothing_is_lost_or_doubled(
    tmp_path: Path, suffix: str
) -> None:
    write_many(tmp_path, suffix)
    ended = await dies(tmp_path, "killed")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    async with delivering(tmp_path) as box:
        stored = await box.tickets()
        assert 0 < stored < MANY - 1
        report = await box.one()
        assert (report.state, report.lines, report.added, report.rejected) == (
            "done", MANY, MANY - 1, 1,
        )  # fmt: skip
        assert places(box.rejects(report)) == [(4 if suffix == "ndjson" else 5, "status")]
        stats = await box.source.registry.stats()
        assert (stats.tickets, stats.unfinished_imports) == (MANY - 1, 0)
        assert stats.events == report.events > 0
        assert not list(box.folder.glob("taking/*"))
        assert await box.take() == []


async def test_a_full_disk_holds_the_delivery_until_there_is_room(tmp_path: Path) -> None:
    write_many(tmp_path, "ndjson")
    ended = await dies(tmp_path, "full")
    assert ended.returncode == 0, ended.stderr
    assert "free space" in ended.stdout
    async with delivering(tmp_path) as box:
        report = await box.one()
        assert (report.added, await box.tickets()) == (MANY - 1, MANY - 1)


async def test_a_crash_before_the_last_step_tells_the_same_report(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST, b"{")
        report = await box.one()
        done = box.folder / report.kept_in
        done.rename(box.folder / "taking" / done.name)
    async with delivering(tmp_path) as box:
        assert await box.one() == report
        assert done.is_dir()


async def test_lookups_are_answered_while_a_delivery_comes_in(tmp_path: Path) -> None:
    write_many(tmp_path, "xlsx")
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "0.ndjson", FIRST)
        await box.take()
        wanted = Wanted(FIRST["number"], ("appeal",))
        write_tickets(box.folder / "more.ndjson", START, MANY)
        answered = 0
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            work = group.create_task(box.take())
            while not work.done():
                answered += bool(await box.source.find_many([wanted]))
                await asyncio.sleep(0)
        assert answered > 10
        assert work.result()[0].state is DeliveryState.DONE
