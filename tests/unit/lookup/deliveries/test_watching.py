from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lookup.deliveries import reading, taking, watching
from lookup.files import DeliveryReport
from lookup.registry.importing import import_tickets
from lookup.registry.sqlite import RegistryBusyError
from lookup.status import Wanted
from tests.support.deliveries import NOW_US, STAMP, delivering
from tests.support.feed import BODIES, appeal, write_bodies, write_feed
from tests.support.sheets import write_ticket_sheet

FIRST, SECOND = (appeal(number=number, events=[]) for number in ("1", "2"))
DAY_US = 86_400_000_000


def states(reports: list[DeliveryReport]) -> list[tuple[str, str]]:
    return [(report.state, report.delivery) for report in reports]


async def test_a_delivery_lands_in_done_with_its_report(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST, b"{")
        report = await box.one()
        assert report.kept_in == f"done/{STAMP}-a.ndjson"
        kept = box.folder / report.kept_in
        names = {path.name for path in kept.iterdir()}
        assert names == {".name", "a.ndjson", "a.ndjson.done.json", "a.ndjson.rejected.ndjson"}
        told = json.loads((kept / "a.ndjson.done.json").read_text(encoding="utf-8"))
        assert (told["delivery"], told["state"], told["completed_us"]) == (
            "a.ndjson", "done", NOW_US,
        )  # fmt: skip
        assert told["report"] == report.fields() | {"octets_done": report.octets}
        assert report.fields() == {
            "source": "deliveries", "delivery": "a.ndjson", "form": "ndjson", "lines": 2,
            "added": 1, "rejected": 1, "octets": report.octets, "octets_done": report.octets,
            "kept_in": report.kept_in,
        }  # fmt: skip


async def test_times_of_a_region_s_files_have_its_clock_in_every_form(tmp_path: Path) -> None:
    written = "2020-05-10T23:30:00"
    row = {"kind": "appeal", "status": "in_review", "created_at": written}
    async with delivering(tmp_path, zone=ZoneInfo("Asia/Atyrau")) as box:
        write_feed(box.folder / "a.ndjson", row | {"number": "1"})
        csv = f"kind,number,status,created_at\nappeal,2,in_review,{written}\n"
        (box.folder / "b.csv").write_text(csv, encoding="utf-8")
        write_ticket_sheet(box.folder / "c.xlsx", row | {"number": "3"})
        assert {report.state for report in await box.take()} == {"done"}
        for number in ("1", "2", "3"):
            assert (await box.shown(number)).created_at == "2020-05-10T23:30:00+05:00"


async def test_nothing_is_taken_before_it_is_whole(tmp_path: Path) -> None:
    async with delivering(tmp_path, settle_s=1_000.0) as box:
        for name in ("b.ndjson", "a.ndjson"):
            write_feed(box.folder / name, FIRST)
        assert await box.take() == []
        size = (box.folder / "a.ndjson").stat().st_size
        (box.folder / "a.ndjson.ok").write_text(f"size: {size}\n", encoding="utf-8")
        assert states(await box.take()) == [("done", "a.ndjson")]
        (box.folder / "b.ndjson.ok").write_text("size: 1\n", encoding="utf-8")
        assert await box.take() == []


async def test_deliveries_are_taken_in_the_order_of_their_names(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        for name in ("b.ndjson", "10.csv", "a.ndjson"):
            write_feed(box.folder / name, FIRST)
        write_bodies(box.folder / "bodies.json", *BODIES)
        assert states(await box.take()) == [
            ("refused", "10.csv"),
            ("done", "a.ndjson"),
            ("done", "b.ndjson"),
            ("done", "bodies.json"),
        ]
        body = (await box.shown("1")).record.body
        assert body is not None


async def test_the_same_content_again_is_told_and_imported_even_after_a_restart(
    tmp_path: Path,
) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "monday.ndjson", FIRST)
        assert (await box.one()).repeats == ""
        write_feed(box.folder / "tuesday.ndjson", FIRST)
        report = await box.one()
        assert (report.repeats, report.unchanged) == ("monday.ndjson", 1)
    async with delivering(tmp_path) as box:
        box.now_us += DAY_US
        write_feed(box.folder / "wednesday.ndjson", FIRST)
        assert (await box.one()).repeats == "tuesday.ndjson"


async def test_when_it_was_last_fed_is_known_after_a_restart(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        assert box.source.fed_us is None
        write_feed(box.folder / "a.ndjson", FIRST)
        await box.take()
        assert box.source.fed_us == NOW_US
        box.now_us += DAY_US
        write_feed(box.folder / "b.ndjson", b"{")
        await box.take()
        assert box.source.fed_us == NOW_US  # a refused delivery is none
    async with delivering(tmp_path) as box:
        await box.take()
        assert box.source.fed_us == NOW_US


async def test_half_a_delivery_does_not_make_the_copy_a_young_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(report: DeliveryReport) -> None:
        if report.state == "running":
            raise OSError("no space left")

    monkeypatch.setattr(taking, "RUNNING_EVERY_S", -1.0)
    yet_to_come = Wanted("2", ("appeal",))
    async with delivering(tmp_path) as box:
        box.on_told = cut
        write_feed(box.folder / "a.ndjson", FIRST)
        await box.take()
        assert await box.tickets() == 1
        await box.source.find_many([yet_to_come])
        assert box.source.fed_us is None
    async with delivering(tmp_path) as box:
        await box.source.find_many([yet_to_come])
        assert box.source.fed_us is None
        await box.take()
        assert box.source.fed_us == NOW_US


async def test_a_marker_that_may_not_be_read_refuses_its_delivery_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        if path.parent.name.endswith("a.ndjson"):
            raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(taking, "read_marker", refused)
    async with delivering(tmp_path) as box:
        for name in ("a.ndjson", "b.ndjson"):
            write_feed(box.folder / name, FIRST)
        assert states(await box.take()) == [("refused", "a.ndjson"), ("done", "b.ndjson")]


async def test_what_was_kept_long_enough_is_purged(tmp_path: Path) -> None:
    async with delivering(tmp_path, keep_days=30) as box:
        write_feed(box.folder / "a.ndjson", FIRST)
        write_feed(box.folder / "b.ndjson", b"{")
        await box.take()
    for later_days, left in ((30, 2), (31, 0)):
        async with delivering(tmp_path, keep_days=30) as box:
            box.now_us += later_days * DAY_US
            await box.take()
            assert len([*box.folder.glob("done/*"), *box.folder.glob("refused/*")]) == left


async def test_a_folder_that_is_away_is_told_once_and_the_source_still_answers(
    tmp_path: Path,
) -> None:
    wanted = Wanted("1", ("appeal",))
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST)
        await box.take()
        away = box.folder.rename(tmp_path / "away")
        for _ in range(3):
            assert await box.take() == []
        assert states(box.told)[-1] == ("held", "")
        assert [report.state for report in box.told].count("held") == 1
        health = await box.source.health()
        assert health.answering
        assert "mount it" in health.detail
        assert wanted in await box.source.find_many([wanted])
        away.rename(box.folder)
        write_feed(box.folder / "b.ndjson", SECOND)
        await box.take()
        assert states(box.told)[-3:] == [
            ("taken", "b.ndjson"), ("done", "b.ndjson"), ("resumed", ""),
        ]  # fmt: skip
        assert "mount" not in (await box.source.health()).detail


async def test_trouble_with_the_registry_holds_the_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def busy(*given: Any, **named: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise RegistryBusyError("another import is writing")
        return await import_tickets(*given, **named)

    monkeypatch.setattr(reading, "import_tickets", busy)
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST)
        assert await box.take() == []
        assert await box.take() == []
        assert (await box.one()).added == 1
        assert [report.state for report in box.told if report.state != "taken"] == [
            "held", "done", "resumed",
        ]  # fmt: skip


async def test_a_delivery_that_brings_the_reader_down_does_not_hold_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise KeyError("77010000014")

    async with delivering(tmp_path) as box:
        write_bodies(box.folder / "bodies.json", *BODIES)
        write_feed(box.folder / "c.ndjson", FIRST)
        monkeypatch.setattr(reading, "import_bodies", fails)
        bad, good = await box.take()
        assert (bad.state, good.state) == ("refused", "done")
        assert bad.reason.startswith("could not be read: KeyError at test_watching.py:")
        assert "77010000014" not in bad.reason


async def test_one_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(taking, "_digest", forbidden)
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST)
        assert "mend its rights" in (await box.one()).reason


async def test_a_delivery_over_the_limit_is_refused(tmp_path: Path) -> None:
    async with delivering(tmp_path, delivery_octets_max=10) as box:
        write_feed(box.folder / "a.ndjson", FIRST)
        assert "over 10" in (await box.one()).reason


async def test_progress_is_told_from_time_to_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "RUNNING_EVERY_S", 0.0)
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST, SECOND)
        report = await box.one()
        running = [told for told in box.told if told.state == "running"]
        assert running[-1].octets_done == running[-1].octets == report.octets
        assert running[-1].lines == 2


async def test_reports_somebody_wrote_to_are_passed_over(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a.ndjson", FIRST)
        report = await box.one()
        (box.folder / report.kept_in / "a.ndjson.done.json").write_text("{", encoding="utf-8")
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "b.ndjson", FIRST)
        assert (await box.one()).repeats == ""


async def test_deliveries_remembered_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "EARLIER_MAX", 1)
    async with delivering(tmp_path) as box:
        for name, ticket in (("a", FIRST), ("b", SECOND), ("c", FIRST), ("d", FIRST)):
            write_feed(box.folder / f"{name}.ndjson", ticket)
        assert [report.repeats for report in await box.take()] == ["", "", "", "c.ndjson"]


async def test_it_runs_until_it_is_cancelled(tmp_path: Path) -> None:
    async with delivering(tmp_path, poll_s=0.001, settle_s=0.002) as box:
        done = asyncio.Event()
        box.on_told = lambda report: done.set() if report.state == "done" else None
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            running = group.create_task(box.source.run())
            write_feed(box.folder / "a.ndjson", FIRST)
            await done.wait()
            running.cancel()
        assert await box.tickets() == 1


async def test_an_odd_name_is_told_so_that_it_can_be_shown(tmp_path: Path) -> None:
    async with delivering(tmp_path) as box:
        write_feed(box.folder / "a\n\udcff.ndjson", FIRST)
        report = await box.one()
        assert (report.state, report.delivery) == ("done", "a__.ndjson")
