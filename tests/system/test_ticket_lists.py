"""`jauap tickets conflicts` and `jauap tickets circulating`, over two registries and a journal."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.clock import Clock
from gateway.core.records import Finding
from gateway.store import Journal, open_store
from lookup.registry.importing import import_tickets
from lookup.registry.source import Registry
from tests.support.feed import appeal, event, fine, hash_phone, write_feed

FOUND_US = 1_795_150_800_000_000  # 2026-11-20 10:00 in Almaty
DAY_US = 86_400_000_000


def owed_after_payment(number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the treasury and the bailiffs say of a fine that was paid."""
    paid = {"amount": 19660, "paid_amount": 19660, "paid_at": "2026-09-03"}
    enforced = {"amount": 19660, "bailiff_since": "2026-10-28", "bailiff_office": "=Almaty 12"}
    return (
        fine(
            number=number, source_system="treasury", status="paid", status_at="2026-09-03",
            fine=paid,
        ),
        fine(
            number=number, source_system="bailiffs", status="bailiff", status_at="2026-10-28",
            fine=enforced,
        ),
    )  # fmt: skip


class Place:
    """Two registries, a journal and the settings that name them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.settings = folder / "jauap.toml"
        self.settings.write_text(
            f"""\
[store]
url = "sqlite://{folder / "journal.db"}"
[[source]]
name = "one"
path = "{folder / "one.db"}"
[[source]]
name = "two"
path = "{folder / "two.db"}"
""",
            encoding="utf-8",
        )

    def imported(
        self, name: str, *tickets: Mapping[str, Any], at_us: int | None = FOUND_US
    ) -> None:
        async def work() -> None:
            registry = await Registry.open(self._folder / f"{name}.db", create=True)
            try:
                feed = write_feed(self._folder / f"{name}.ndjson", *tickets)
                clock = None if at_us is None else lambda: at_us
                report = await import_tickets(registry, [feed], hash_phone=hash_phone, now_us=clock)
                assert not report.rejected
            finally:
                await registry.close()

        asyncio.run(work())

    def noted(self, work: Callable[[Journal], Awaitable[object]]) -> None:
        async def run() -> None:
            journal = await open_store(f"sqlite://{self._folder / 'journal.db'}")
            try:
                await work(journal)
            finally:
                await journal.close()

        asyncio.run(run())

    def run(self, *words: str, code: int) -> Result:
        result = CliRunner().invoke(
            jauap, ["tickets", words[0], "-c", str(self.settings), *words[1:]]
        )
        assert result.exit_code == code, (result.output, result.exception)
        return result

    def listed(self, *words: str, code: int = 1) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run(*words, "--json", code=code).output)
        return told


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def numbers(told: Mapping[str, Any]) -> list[str]:
    return [entry["number"] for entry in told["listed"]]


def finding(number: str, at_us: int = FOUND_US) -> Finding:
    return Finding("fine", number, "paid_but_enforced", ("bailiffs", "treasury"), at_us)


def keep(*findings: Finding) -> Callable[[Journal], Awaitable[object]]:
    async def work(journal: Journal) -> None:
        await journal.keep_findings(findings)

    return work


# -- conflicts


def test_nothing_to_correct_is_an_empty_list_and_no_problem(place: Place) -> None:
    assert place.run("conflicts", code=0).output == "0 open\n"
    assert place.listed("conflicts", code=0) == {"open": 0, "listed": []}


def test_what_an_import_found_is_listed_with_the_facts_for_its_correction(place: Place) -> None:
    place.imported("one", *owed_after_payment("197500000000007"), fine(status="paid", fine=None))
    told = place.listed("conflicts")
    assert told["open"] == 1
    (entry,) = told["listed"]
    assert entry == {
        "kind": "fine",
        "number": "197500000000007",
        "rule": "paid_but_enforced",
        "systems": ["bailiffs", "treasury"],
        "found_at": "2026-11-20T10:00:00+05:00",
        "found_in": "import",
        "cleared_at": None,
        "amount": 19660,
        "paid_on": "2026-09-03",
        "paid_amount": 19660,
        "bailiff_since": "2026-10-28",
        "bailiff_office": "=Almaty 12",
    }
    words = place.run("conflicts", code=1).output
    assert "197500000000007" in words
    assert "paid 2026-09-03  enforced 2026-10-28" in words


def test_what_showed_while_citizens_asked_is_listed_with_what_registries_know(
    place: Place,
) -> None:
    treasury, bailiffs = owed_after_payment("197500000000007")
    place.imported("one", treasury)
    place.imported("two", bailiffs)
    place.noted(keep(finding("197500000000007"), finding("197500000000009")))
    told = place.listed("conflicts")
    assert numbers(told) == ["197500000000007", "197500000000009"]
    known, unknown = told["listed"]
    assert (known["found_in"], known["paid_on"], known["bailiff_since"]) == (
        "asking",
        "2026-09-03",
        "2026-10-28",
    )
    assert (unknown["paid_on"], unknown["amount"]) == (None, None)


def test_what_was_found_in_both_ways_is_listed_once(place: Place) -> None:
    place.imported("one", *owed_after_payment("197500000000007"))
    place.noted(keep(finding("197500000000007")))
    told = place.listed("conflicts")
    assert (told["open"], told["listed"][0]["found_in"]) == (1, "import")


def test_a_correction_clears_the_entry_and_it_stays_under_all(place: Place) -> None:
    treasury, bailiffs = owed_after_payment("197500000000007")
    place.imported("one", treasury, bailiffs)
    ended = {**bailiffs, "status": "paid", "status_at": "2026-11-19", "fine": {"amount": 19660}}
    place.imported("one", ended, at_us=FOUND_US + DAY_US)
    assert place.listed("conflicts", code=0) == {"open": 0, "listed": []}
    told = place.listed("conflicts", "--all", code=0)
    assert (told["open"], told["cleared"]) == (0, 1)
    assert told["listed"][0]["cleared_at"] == "2026-11-21T10:00:00+05:00"
    assert "settled 2026-11-21" in place.run("conflicts", "--all", code=0).output


def test_since_is_a_day_in_kazakhstan(place: Place) -> None:
    midnight_us = FOUND_US - 10 * 3_600_000_000
    place.noted(
        keep(finding("197500000000007", midnight_us - 1), finding("197500000000009", midnight_us))
    )
    assert numbers(place.listed("conflicts", "--since", "2026-11-20")) == ["197500000000009"]
    assert place.listed("conflicts", "--since", "2026-11-21", code=0)["open"] == 0


def test_the_file_has_them_all_and_runs_nothing_in_a_spreadsheet(
    place: Place, tmp_path: Path
) -> None:
    tickets = [part for n in range(3) for part in owed_after_payment(f"19750000000000{n}")]
    place.imported("one", *tickets)
    path = tmp_path / "list.csv"
    place.run("conflicts", "--csv", str(path), code=1)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == [f"19750000000000{n}" for n in range(3)]
    assert rows[0]["systems"] == "bailiffs treasury"
    assert rows[0]["bailiff_office"] == "'=Almaty 12"
    assert rows[0]["cleared_at"] == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("list.csv*")] == ["list.csv"]


def test_a_file_that_cannot_be_made_is_told_by_its_name(place: Place, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        jauap,
        [
            "tickets",
            "conflicts",
            "-c",
            str(place.settings),
            "--csv",
            str(tmp_path / "no" / "a.csv"),
        ],
    )
    assert "a.csv" in str(result.exception)


def test_more_than_fit_a_screen_are_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.commands.tickets_lists.SHOWN_MAX", 2)
    monkeypatch.setattr("gateway.contradictions.PAGE_MAX", 2)
    found: Sequence[Finding] = [finding(f"19750000000000{n}") for n in range(5)]
    place.noted(keep(*found))
    told = place.listed("conflicts")
    assert (told["open"], len(told["listed"])) == (5, 2)
    assert "... 3 more" in place.run("conflicts", code=1).output


# -- circulating


def walked(number: str, times: int, **changes: Any) -> dict[str, Any]:
    """An appeal passed to and fro."""
    steps = [
        event(n, f"2026-0{n + 1}-05", "forwarded", f"body-{n}", f"body-{n + 1}")
        for n in range(1, times + 1)
    ]
    filed = Clock().now().date() - timedelta(days=400)
    return appeal(
        number=number, forward_count=0, events=steps, created_at=filed.isoformat(),
        first_filed_at=filed.isoformat(),
    ) | changes  # fmt: skip


def test_nothing_that_circulates_is_no_problem(place: Place) -> None:
    place.imported("one", walked("750100000000431215", 2))
    assert place.run("circulating", code=0).output == "0 forwarded 3 times or more\n"


def test_complaints_that_circulate_are_told_worst_first_with_their_age(place: Place) -> None:
    place.imported("one", walked("750100000000431215", 3), walked("750100000000431216", 5))
    told = place.listed("circulating")
    assert [(each["number"], each["forwards"]) for each in told["listed"]] == [
        ("750100000000431216", 5),
        ("750100000000431215", 3),
    ]
    assert {each["age_days"] for each in told["listed"]} == {400}
    assert told["listed"][0]["chain"] == ["750100000000431216"]
    words = place.run("circulating", "--from", "4", code=1).output
    assert "forwards 5  age_days 400" in words
    assert words.endswith("1 forwarded 4 times or more\n")


def test_registries_and_tickets_of_one_complaint_are_counted_together(place: Place) -> None:
    first = walked("750100000000431215", 2, status="forwarded")
    passed_on = walked(
        "10000142", 1, kind="service_request", status="accepted", parent_id=first["number"]
    )
    passed_on["events"][0]["at"] = "2026-08-05"
    again = walked("750100000000431215", 4, source_system="eotinish")
    again["events"] = [
        step | {"at": f"2026-1{n}-09", "source_event_id": f"other-{n}"}
        for n, step in enumerate(again["events"][2:])
    ]
    place.imported("one", first, passed_on)
    place.imported("two", again)
    (walk,) = place.listed("circulating", "--from", "5")["listed"]
    assert (walk["forwards"], walk["number"]) == (5, "10000142")
    assert walk["chain"] == ["750100000000431215", "10000142"]
    told = place.run("circulating", "--from", "5", code=1).output
    assert "came by way of 750100000000431215" in told


def test_of_many_only_the_worst_are_told(place: Place) -> None:
    place.imported("one", *(walked(f"75010000000043121{n}", n) for n in range(3, 8)))
    told = place.listed("circulating", "--limit", "2")
    assert (told["total"], [each["forwards"] for each in told["listed"]]) == (5, [7, 6])
    assert "... 3 more" in place.run("circulating", "--limit", "2", code=1).output
