"""What an import promises: nothing twice, nothing lost, nothing stopped by a bad line."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lookup.feed.bodies import BodiesRead, parse_bodies
from lookup.feed.file import READ_OCTETS
from lookup.feed.lines import LINE_OCTETS_MAX, Problem
from lookup.feed.report import ImportReport
from lookup.registry import importing
from lookup.registry.importing import (
    BATCH_LINES_MAX,
    BODIES_OCTETS_MAX,
    ImportProgress,
    import_bodies,
    import_tickets,
)
from lookup.registry.source import Registry, ShownTicket
from lookup.registry.sqlite import RegistryBusyError, reading
from lookup.status import Wanted
from tests.support.feed import (
    BODIES,
    PHONE,
    appeal,
    body,
    event,
    fine,
    hash_phone,
    inspection,
    line,
    write_bodies,
    write_feed,
)
from tests.support.tallied import assert_tallied
from tests.support.tickets import write_tickets

ROOT = Path(__file__).parents[2]
START = 750100000000000000
MANY = 2 * BATCH_LINES_MAX + 500


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    opened = await Registry.open(tmp_path / "tickets.db", create=True)
    yield opened
    await opened.close()


async def load(registry: Registry, *files: Path, **more: Any) -> ImportReport:
    return await import_tickets(registry, files, hash_phone=hash_phone, pause_ms=0, **more)


async def shown(registry: Registry, number: object) -> ShownTicket:
    (ticket,) = await registry.show(str(number))
    return ticket


async def fed_us(registry: Registry) -> int | None:
    await registry.find_many([Wanted("0", ("appeal",))])
    return registry.fed_us


def rejects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def everything_in(folder: Path, pattern: str) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob(pattern))


class StoppedError(Exception):
    """What ends an import from outside, in these tests."""


def stop_after(batches: int) -> Any:
    told: list[ImportProgress] = []

    def on_progress(progress: ImportProgress) -> None:
        told.append(progress)
        if len(told) == batches:
            raise StoppedError

    return on_progress


async def test_a_feed_is_stored_and_told_whole(registry: Registry, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal(), fine(), inspection())
    await import_bodies(registry, write_bodies(tmp_path / "bodies.json", *BODIES))
    report = await load(registry, feed)
    assert (report.lines, report.added, report.rejected, report.events) == (3, 3, 0, 2)
    assert report.unknown_fields == report.unknown_statuses == report.unknown_bodies == {}
    assert report.rejects == report.resumed == ()
    stats = await registry.stats()
    assert (stats.tickets, stats.events, stats.bodies, stats.unfinished_imports) == (3, 2, 2, 0)
    assert [tuple(figure) for figure in stats.by_status] == [
        ("appeal", "forwarded", 1),
        ("fine", "paid_but_enforced", 1),
        ("inspection", "refused", 1),
    ]


async def test_the_feeds_of_the_demo_hold_nothing_that_is_not_understood(
    registry: Registry, tmp_path: Path
) -> None:
    demo = ROOT / "config" / "demo"
    bodies = await import_bodies(registry, demo / "bodies.json")
    assert (bodies.problems, bodies.unknown_fields) == ((), {})
    report = await load(registry, Path(shutil.copy(demo / "tickets.ndjson", tmp_path)))
    assert report.added == report.lines > 0
    assert report.unknown_fields == report.unknown_statuses == report.unknown_bodies == {}


async def test_an_import_repeated_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal(), fine(), inspection())
    await load(registry, feed)
    report = await load(registry, feed)
    assert (report.lines, report.added, report.updated, report.unchanged) == (3, 0, 0, 3)
    assert report.events == 0
    assert (await registry.stats()).events == 2


async def test_a_newer_status_replaces_and_an_older_one_does_not(
    registry: Registry, tmp_path: Path
) -> None:
    newer = appeal(status="satisfied", status_at="2026-11-01T09:00:00+05:00")
    await load(registry, write_feed(tmp_path / "1.ndjson", appeal()))
    report = await load(registry, write_feed(tmp_path / "2.ndjson", newer))
    assert (report.added, report.updated, report.stale) == (0, 1, 0)
    report = await load(registry, write_feed(tmp_path / "3.ndjson", appeal()))
    assert (report.updated, report.stale) == (0, 1)
    ticket = await shown(registry, newer["number"])
    assert (ticket.record.status, ticket.status_at) == ("satisfied", newer["status_at"])


async def test_an_older_line_still_brings_the_steps_that_were_missing(
    registry: Registry, tmp_path: Path
) -> None:
    late = appeal(status="satisfied", status_at="2026-11-01", events=[event(3, "2026-11-01", "x")])
    await load(registry, write_feed(tmp_path / "1.ndjson", late))
    report = await load(registry, write_feed(tmp_path / "2.ndjson", appeal()))
    assert (report.stale, report.events) == (1, 2)
    assert [step.seq for step in (await shown(registry, late["number"])).events] == [1, 2, 3]


async def test_a_correction_without_a_new_status_is_taken(
    registry: Registry, tmp_path: Path
) -> None:
    await load(registry, write_feed(tmp_path / "1.ndjson", appeal()))
    report = await load(registry, write_feed(tmp_path / "2.ndjson", appeal(due_on="2026-12-24")))
    assert report.updated == 1
    assert str((await shown(registry, appeal()["number"])).record.due_on) == "2026-12-24"


async def test_a_stored_step_is_never_rewritten(registry: Registry, tmp_path: Path) -> None:
    rewritten = appeal(events=[event(1, "2026-01-01", "suspended")])
    await load(registry, write_feed(tmp_path / "1.ndjson", appeal()))
    assert (await load(registry, write_feed(tmp_path / "2.ndjson", rewritten))).events == 0
    assert (await shown(registry, appeal()["number"])).events[0].stage == "registered"


async def test_a_ticket_may_come_several_times_in_one_file(
    registry: Registry, tmp_path: Path
) -> None:
    steps = [
        appeal(status="registered", status_at="2026-10-05", events=[event(1, "2026-10-05", "a")]),
        appeal(status="satisfied", status_at="2026-11-05", events=[event(3, "2026-11-05", "c")]),
        appeal(status="forwarded", status_at="2026-10-20", events=[event(2, "2026-10-20", "b")]),
        appeal(status="satisfied", status_at="2026-11-05", events=[event(3, "2026-11-05", "c")]),
    ]
    feed = write_feed(tmp_path / "feed.ndjson", *steps)
    report = await load(registry, feed)
    counted = (report.added, report.updated, report.stale, report.unchanged, report.events)
    assert counted == (1, 1, 1, 1, 3)
    ticket = await shown(registry, appeal()["number"])
    assert ticket.record.status == "satisfied"
    assert [step.stage for step in ticket.events] == ["a", "b", "c"]
    again = await load(registry, feed)
    assert (again.added, again.updated, again.events) == (0, 0, 0)


async def test_bad_lines_are_told_by_number_and_the_import_goes_on(
    registry: Registry, tmp_path: Path
) -> None:
    feed = write_feed(
        tmp_path / "feed.ndjson",
        appeal(),
        b"{",
        b"",
        fine(owner_phones=[PHONE], fine={"amount": 1.5}),
        b"\xff",
        b"x" * (LINE_OCTETS_MAX + 1),
        inspection(),
    )
    report = await load(registry, feed)
    assert (report.lines, report.added, report.rejected) == (6, 2, 4)
    assert report.rejects == (tmp_path / "feed.ndjson.rejected.ndjson",)
    told = rejects(report.rejects[0])
    assert [(entry["line"], entry["field"]) for entry in told] == [
        (2, "line"),
        (4, "fine.amount"),
        (5, "line"),
        (6, "line"),
    ]
    assert told[1]["reason"] == "must be a whole number"
    assert "7010000014" not in report.rejects[0].read_text(encoding="utf-8")


async def test_rejects_go_where_they_are_asked_to(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    feed = write_feed(tmp_path / "feed.ndjson", b"{")
    report = await load(registry, feed, rejects_dir=folder)
    assert report.rejects == (folder / "feed.ndjson.rejected.ndjson",)
    with pytest.raises(ValueError, match="same name"):
        await load(registry, feed, feed, rejects_dir=folder)


async def test_a_feed_that_was_mended_leaves_no_old_rejects(
    registry: Registry, tmp_path: Path
) -> None:
    (report,) = [await load(registry, write_feed(tmp_path / "feed.ndjson", b"{", b"["))]
    await load(registry, write_feed(tmp_path / "feed.ndjson", b"{", appeal()))
    assert len(rejects(report.rejects[0])) == 1
    await load(registry, write_feed(tmp_path / "feed.ndjson", appeal()))
    assert not report.rejects[0].exists()


async def test_line_ends_marks_and_the_missing_last_end_are_no_matter(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    feed.write_bytes(b"\xef\xbb\xbf" + line(appeal()) + b"\r\n\r\n" + line(fine()))
    report = await load(registry, feed)
    assert (report.lines, report.added) == (2, 2)


async def test_a_line_across_the_pieces_it_is_read_in_is_one_line(
    registry: Registry, tmp_path: Path
) -> None:
    long = appeal(number="1", clerk="x" * (READ_OCTETS + 100))
    feed = write_feed(tmp_path / "feed.ndjson", long, appeal(number="2"), long | {"number": "3"})
    report = await load(registry, feed)
    assert (report.lines, report.added, report.unknown_fields) == (3, 3, {"clerk": 2})


async def test_what_nobody_knows_is_stored_and_counted(registry: Registry, tmp_path: Path) -> None:
    strange = appeal(status="lost", body_id="nowhere", clerk="A. B.", owner_phones=["112"])
    report = await load(registry, write_feed(tmp_path / "feed.ndjson", strange))
    assert report.added == 1
    assert report.unknown_fields == {"clerk": 1}
    assert report.unknown_statuses == {"appeal: lost": 1}
    assert report.unknown_bodies == {"nowhere": 1}
    assert report.phones_left_out == 1
    ticket = await shown(registry, strange["number"])
    assert (ticket.record.status, ticket.body_id, ticket.record.body) == ("lost", "nowhere", None)
    assert ticket.unknown_fields == ("clerk",)
    assert "A. B." not in repr(ticket)


async def test_plain_phones_are_nowhere_in_the_registry(registry: Registry, tmp_path: Path) -> None:
    await load(registry, write_feed(tmp_path / "feed.ndjson", fine()))
    await registry.close()
    stored = everything_in(tmp_path, "tickets.db*")
    assert hash_phone("77010000014").encode() in stored
    assert b"7010000014" not in stored


async def test_csv_by_its_suffix(registry: Registry, tmp_path: Path) -> None:
    feed = tmp_path / "feed.CSV"
    feed.write_text(
        "\ufeffkind;number;status;fine.amount\r\nfine;1;unpaid;500\r\n\r\nfine;2;unpaid\r\n",
        encoding="utf-8",
    )
    report = await load(registry, feed)
    assert (report.lines, report.added, report.rejected) == (2, 1, 1)
    assert rejects(report.rejects[0])[0]["line"] == 4
    stored = (await shown(registry, "1")).record.fine
    assert stored is not None
    assert stored.amount == 500


async def test_a_csv_without_a_usable_header_is_one_reject_and_others_go_on(
    registry: Registry, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    report = await load(registry, bad, write_feed(tmp_path / "good.ndjson", appeal()))
    assert (report.lines, report.added, report.rejected) == (2, 1, 1)
    assert rejects(report.rejects[0])[0]["line"] == 1


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
async def test_an_interrupted_import_goes_on_where_it_stopped(
    registry: Registry, tmp_path: Path, suffix: str
) -> None:
    feed = tmp_path / f"feed.{suffix}"
    if suffix == "csv":
        rows = "".join(f"appeal,{START + index},registered\n" for index in range(MANY))
        feed.write_text("kind,number,status\nappeal,,\n" + rows, encoding="utf-8")
    else:
        write_tickets(feed, START, MANY)
        feed.write_bytes(b"{\n" + feed.read_bytes())
    with pytest.raises(StoppedError):
        await load(registry, feed, on_progress=stop_after(2))
    before = await registry.stats()
    assert (before.tickets, before.unfinished_imports) == (
        2 * BATCH_LINES_MAX - 1 - (suffix == "csv"),
        1,
    )
    told: list[ImportProgress] = []
    report = await load(registry, feed, on_progress=told.append)
    assert report.resumed == (feed.name,)
    assert (report.lines, report.added, report.unchanged, report.rejected) == (MANY + 1, MANY, 0, 1)
    assert len(rejects(report.rejects[0])) == 1
    assert len(told) == 1
    assert told[0] == (feed.name, feed.stat().st_size, feed.stat().st_size, MANY + 1)
    assert (await registry.stats()).unfinished_imports == 0


async def test_a_file_changed_after_the_interruption_is_read_from_its_start(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    with pytest.raises(StoppedError):
        await load(registry, feed, on_progress=stop_after(1))
    write_tickets(feed, START, MANY + 1)
    report = await load(registry, feed)
    assert report.resumed == ()
    assert (report.unchanged, report.added) == (BATCH_LINES_MAX, MANY + 1 - BATCH_LINES_MAX)


IMPORTER = """
import asyncio, os, resource, sys
from pathlib import Path
from lookup.registry.importing import import_tickets
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryError
from tests.support.feed import hash_phone

told = []

def die(progress):
    told.append(progress)
    if len(told) == 2:
        os._exit(9)

async def main(how, database, feed):
    registry = await Registry.open(Path(database), create=True)
    if how == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))
    try:
        await import_tickets(
            registry, [Path(feed)], hash_phone=hash_phone, pause_ms=0,
            on_progress=die if how == "killed" else None,
        )
    except RegistryError as error:
        print(error)
        sys.exit(5)
    finally:
        await registry.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(("how", "status"), [("killed", 9), ("full", 5)])
async def test_what_a_dead_import_stored_stays_and_the_rest_follows(
    tmp_path: Path, how: str, status: int
) -> None:
    database, feed = tmp_path / "tickets.db", tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", IMPORTER, how, database, feed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == status, ended.stderr
    if how == "full":
        assert str(database) in ended.stdout
        assert "free space" in ended.stdout
    registry = await Registry.open(database)
    try:
        assert_tallied(database)
        stored = (await registry.stats()).tickets
        assert stored in {BATCH_LINES_MAX, 2 * BATCH_LINES_MAX}
        report = await load(registry, feed)
        assert (report.lines, report.added, report.unchanged) == (MANY, MANY, 0)
        assert report.events == 2 * MANY == (await registry.stats()).events
    finally:
        await registry.close()


async def test_steps_that_a_full_path_has_no_room_for_are_counted(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookup.registry.merge.STEPS_MAX", 3)
    more = [event(seq, "2026-10-21", "in_review") for seq in range(3, 6)]
    feed = write_feed(tmp_path / "feed.ndjson", appeal(), appeal(events=more))
    report = await load(registry, feed)
    assert (report.updated, report.events, report.events_left_out) == (1, 3, 2)
    assert_tallied(registry.path)


async def test_a_status_dated_ahead_can_be_corrected(registry: Registry, tmp_path: Path) -> None:
    feed = write_feed(
        tmp_path / "feed.ndjson",
        appeal(status="in_review", status_at="2062-10-20"),  # 2026 was meant
        appeal(status="satisfied", status_at="2026-11-20"),
    )
    now_us = int(datetime.fromisoformat("2026-11-22T10:00:00+05:00").timestamp() * 1_000_000)
    await load(registry, feed, now_us=lambda: now_us)
    (shown,) = await registry.show(appeal()["number"])
    assert (shown.record.status, shown.status_at) == ("satisfied", "2026-11-20")


async def test_a_second_import_of_the_same_file_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal())
    with reading(feed), pytest.raises(RegistryBusyError, match="another import"):
        await load(registry, feed)
    assert (await load(registry, feed)).added == 1


async def test_an_import_given_up_leaves_whole_batches_and_frees_the_registry(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    first_batch = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        work = group.create_task(load(registry, feed, on_progress=lambda _: first_batch.set()))
        await first_batch.wait()
        work.cancel()
    assert (await registry.stats()).tickets % BATCH_LINES_MAX == 0
    report = await load(registry, feed)
    assert report.added == MANY


async def test_lookups_are_answered_while_an_import_runs(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    wanted = Wanted(str(START), ("appeal",))
    answered = 0
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        work = group.create_task(import_tickets(registry, [feed], hash_phone=hash_phone))
        while not work.done():
            answered += bool(await registry.find_many([wanted]))
            await asyncio.sleep(0)
    assert answered > 0
    assert work.result().added == MANY


@pytest.mark.parametrize("how", ["ab", "wb"])
async def test_a_file_written_to_while_it_is_read_is_named_and_dates_nothing(
    registry: Registry, tmp_path: Path, how: str
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    octets = feed.read_bytes()

    def write(progress: ImportProgress) -> None:
        with feed.open(how) as file:
            file.write(line(appeal()) + b"\n")

    report = await load(registry, feed, on_progress=write, now_us=lambda: 5)
    assert report.changed == (feed.name,)
    assert (await registry.stats()).unfinished_imports == 0
    assert await fed_us(registry) is None
    feed.write_bytes(octets)
    again = await load(registry, feed, now_us=lambda: 7)
    assert (again.lines, again.changed, again.resumed) == (MANY, (), ())
    assert await fed_us(registry) == 7


async def test_a_missing_file_is_named(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.ndjson"):
        await load(registry, tmp_path / "absent.ndjson")


async def test_bodies_are_added_changed_and_left_by_what_the_file_says(
    registry: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "bodies.json"
    first = await import_bodies(registry, write_bodies(file, *BODIES))
    assert (first.added, first.updated, first.unchanged) == (2, 0, 0)
    moved = body("tax-shymkent", connected=True, phone=None)
    second = await import_bodies(registry, write_bodies(file, BODIES[0], moved, body("x")))
    assert (second.added, second.updated, second.unchanged) == (1, 1, 1)
    third = await import_bodies(registry, write_bodies(file, moved))
    assert (third.added, third.updated, third.unchanged) == (0, 0, 1)
    assert (await registry.stats()).bodies == 3


async def test_a_code_of_several_bodies_names_none_of_them_and_is_told(
    registry: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "bodies.json"
    one, other = body("a", code="75", parent_id="b"), body("b", code="76", parent_id="a")
    assert (await import_bodies(registry, write_bodies(file, one, other))).shared_codes == ()
    await registry.directory()
    assert registry.find_body("75") is registry.find_body("a")
    shared = await import_bodies(registry, write_bodies(file, body("c", code="75")))
    assert (shared.added, shared.problems, shared.shared_codes) == (1, (), ("75",))
    await registry.directory()
    assert registry.find_body("75") is None
    assert all(registry.find_body(identity) for identity in ("a", "b", "c", "76"))


async def test_others_have_their_turn_while_a_directory_is_checked(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = threading.Event()

    def check(content: bytes) -> BodiesRead | Problem:
        assert turn.wait(5)
        return parse_bodies(content)

    monkeypatch.setattr(importing, "parse_bodies", check)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        work = group.create_task(
            import_bodies(registry, write_bodies(tmp_path / "bodies.json", *BODIES))
        )
        asyncio.get_running_loop().call_later(0.05, turn.set)
    assert work.result().added == len(BODIES)


async def test_a_bad_body_is_told_and_the_stored_one_stays(
    registry: Registry, tmp_path: Path
) -> None:
    file = tmp_path / "bodies.json"
    await import_bodies(registry, write_bodies(file, *BODIES))
    await load(registry, write_feed(tmp_path / "feed.ndjson", appeal()))
    long = body("tax-shymkent", sms_name={"kk": "a", "ru": "b", "en": "x" * 17})
    report = await import_bodies(registry, write_bodies(file, long, body("y")))
    assert (report.added, report.updated) == (1, 0)
    ((place, problem),) = report.problems
    assert (place, problem.field) == ("tax-shymkent", "sms_name.en")
    stored = (await shown(registry, appeal()["number"])).record.body
    assert stored is not None
    assert stored.sms_name["en"] == "Shymkent Tax"


async def test_an_open_registry_takes_up_new_bodies(registry: Registry, tmp_path: Path) -> None:
    wanted = Wanted(appeal()["number"], ("appeal",))
    await load(registry, write_feed(tmp_path / "feed.ndjson", appeal()))
    assert (await registry.find_many([wanted]))[wanted][0].body is None
    other = await Registry.open(registry.path)
    try:
        await import_bodies(other, write_bodies(tmp_path / "bodies.json", *BODIES))
    finally:
        await other.close()
    found = (await registry.find_many([wanted]))[wanted][0].body
    assert found is not None
    assert found.id == "tax-shymkent"


@pytest.mark.parametrize("content", [b"[]", b"\xff", None])
async def test_a_file_that_is_no_directory_of_bodies_changes_nothing(
    registry: Registry, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "bodies.json"
    with file.open("wb") as written:
        if content is None:
            written.truncate(BODIES_OCTETS_MAX + 1)
        else:
            written.write(content)
    report = await import_bodies(registry, file)
    ((place, problem),) = report.problems
    assert (place, problem.field) == ("bodies.json", "file")
