"""`jauap tickets conflicts` and `jauap tickets circulating`, over two registries and a journal."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.clock import Clock
from gateway.commands.csv_list import CsvList
from gateway.core.records import Finding, WalkSeen
from gateway.keys import read_key_file
from gateway.store import Journal, open_store
from lookup.circulation import CIRCULATING
from lookup.registry.importing import import_bodies, import_tickets
from lookup.registry.source import Registry
from tests.support.feed import (
    BODIES,
    appeal,
    event,
    fine,
    hash_phone,
    write_bodies,
    write_feed,
)

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
        self._keys = read_key_file(folder / "key", create=True)
        self.settings.write_text(
            f"""\
[store]
url = "sqlite://{folder / "journal.db"}"
key_file = "{folder / "key"}"
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

    def bodies(self, name: str, *bodies: Mapping[str, Any]) -> None:
        async def work() -> None:
            registry = await Registry.open(self._folder / f"{name}.db", create=True)
            try:
                file = write_bodies(self._folder / f"{name}.json", *bodies)
                assert not (await import_bodies(registry, file)).problems
            finally:
                await registry.close()

        asyncio.run(work())

    def noted(self, work: Callable[[Journal], Awaitable[object]]) -> None:
        async def run() -> None:
            url = f"sqlite://{self._folder / 'journal.db'}"
            journal = await open_store(url, keys=self._keys)
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


def test_a_new_list_holds_what_no_earlier_one_had(place: Place, tmp_path: Path) -> None:
    def new() -> list[tuple[str, str]]:
        path = tmp_path / "new.csv"
        code = 1 if place.listed("conflicts")["open"] else 0
        told = place.listed("conflicts", "--new", "--csv", str(path), code=code)
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row["number"], row["found_in"]) for row in csv.DictReader(file)]
        assert told["open"] == len(rows)
        return rows

    treasury, bailiffs = owed_after_payment("197500000000007")
    place.imported("one", treasury, bailiffs)
    place.noted(keep(finding("197500000000009")))
    both = [("197500000000007", "import"), ("197500000000009", "asking")]
    assert new() == both
    assert numbers(place.listed("conflicts")) == [number for number, _ in both]  # still open
    place.noted(keep(finding("197500000000007", FOUND_US + DAY_US)))  # asked for: no news either
    place.imported("two", *owed_after_payment("197500000000011"))
    assert new() == [("197500000000011", "import")]
    ended = {**bailiffs, "status": "paid", "status_at": "2026-11-19", "fine": {"amount": 19660}}
    place.imported("one", ended, at_us=FOUND_US + DAY_US)
    again = bailiffs | {"status_at": "2026-11-20"}
    place.imported("one", again, at_us=FOUND_US + 2 * DAY_US)
    assert new() == [("197500000000007", "import")]


@pytest.mark.parametrize("words", [["--new"], ["--new", "--all", "--csv", "a.csv"]])
def test_what_is_told_as_new_goes_into_a_file(place: Place, words: list[str]) -> None:
    assert "--new goes with --csv" in place.run("conflicts", *words, code=2).output


def test_a_list_that_was_not_written_marks_nothing(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.imported("one", *owed_after_payment("197500000000007"))
    place.noted(keep(finding("197500000000009")))

    def full(self: CsvList) -> None:
        raise OSError(28, "No space left on device")

    words = ["tickets", "conflicts", "-c", str(place.settings), "--new", "--csv"]
    with monkeypatch.context() as broken:
        broken.setattr(CsvList, "finish", full)
        result = CliRunner().invoke(jauap, [*words, str(tmp_path / "a.csv")])
    assert "No space left" in str(result.exception)
    told = place.listed("conflicts", "--new", "--csv", str(tmp_path / "a.csv"))
    assert told["open"] == 2


def test_what_one_registry_has_settled_and_another_not_is_open(place: Place) -> None:
    treasury, bailiffs = owed_after_payment("197500000000007")
    ended = {**bailiffs, "status": "paid", "status_at": "2026-11-19", "fine": {"amount": 19660}}
    place.imported("one", treasury, bailiffs)
    place.imported("one", ended, at_us=FOUND_US + DAY_US)
    place.imported("two", treasury, bailiffs)
    told = place.listed("conflicts", "--all")
    assert (told["open"], told["cleared"]) == (1, 1)


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


def test_closed_complaints_are_listed_only_when_asked_for(place: Place) -> None:
    closed = walked("750100000000431216", 5, status="explained")
    place.imported("one", walked("750100000000431215", 3), closed)
    assert numbers(place.listed("circulating")) == ["750100000000431215"]
    told = place.listed("circulating", "--all")
    assert numbers(told) == ["750100000000431216", "750100000000431215"]
    place.imported("one", walked("750100000000431215", 3, status="refused"))
    assert place.listed("circulating", code=0)["total"] == 0


def test_the_bodies_it_went_round_are_named(place: Place, tmp_path: Path) -> None:
    akimat, tax = "almaty-akimat", "tax-shymkent"
    round_ = walked("750100000000431215", 3)
    for step, (one, other) in zip(
        round_["events"], [(akimat, tax), (tax, akimat), (akimat, "=nobody")], strict=True
    ):
        step |= {"from_body": one, "to_body": other}
    place.imported("one", round_, walked("750100000000431216", 4, body_id=akimat))
    place.bodies("two", *BODIES)
    told = place.listed("circulating")
    names = ["Алматы әкімдігі", "Шымкент МКД", "Алматы әкімдігі", "=nobody"]
    assert told["listed"][1]["way"] == names
    words = place.run("circulating", code=1).output
    assert "  went " + " > ".join(names) in words
    path = tmp_path / "walks.csv"
    place.run("circulating", "--csv", str(path), code=1)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["750100000000431216", "750100000000431215"]
    assert rows[1]["way"] == " > ".join(names)
    assert rows[1]["chain"] == rows[1]["number"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_whoever_has_them_now_is_counted(place: Place) -> None:
    place.bodies("one", *BODIES)
    place.imported(
        "one",
        *(walked(f"75010000000043121{n}", 3) for n in range(3)),
        walked("750100000000431217", 3, body_id="almaty-akimat"),
        walked("750100000000431219", 3, body_id="almaty-akimat"),
        walked("750100000000431218", 3, body_id="nobody-knows"),
    )
    told = place.listed("circulating", "--limit", "1")
    assert told["by_body"] == [
        {"body": "Шымкент МКД", "total": 3},
        {"body": "Алматы әкімдігі", "total": 2},
        {"body": None, "total": 1},
    ]
    words = place.run("circulating", code=1).output
    assert "3 with Шымкент МКД" in words
    assert "1 with a body that is not known" in words


def test_a_list_of_walks_that_cannot_be_made_is_told_by_its_name(place: Place) -> None:
    place.imported("one", walked("750100000000431215", 3))
    result = CliRunner().invoke(
        jauap, ["tickets", "circulating", "-c", str(place.settings), "--csv", "/no/such/walks.csv"]
    )
    assert "walks.csv: No such file" in str(result.exception)


def seen(number: str, forwards: int, **changes: Any) -> Finding:
    """A walk as it was noted while somebody asked a system elsewhere."""
    walk = WalkSeen(forwards, date(2026, 3, 1), "forwarded", date(2026, 9, 1), "tax-shymkent")
    walk = walk._replace(**changes)
    return Finding("appeal", number, CIRCULATING, ("police",), FOUND_US, walk)


def test_what_circulates_elsewhere_is_listed_as_it_was_seen(place: Place) -> None:
    place.bodies("one", *BODIES)
    place.noted(
        keep(
            seen("750100000000431215", 4),
            seen("750100000000431216", 2),
            seen("750100000000431217", 9, status="explained"),
        )
    )
    (walk,) = place.listed("circulating")["listed"]
    assert (walk["number"], walk["forwards"], walk["body"]) == (
        "750100000000431215",
        4,
        "Шымкент МКД",
    )
    assert walk["seen_at"] == "2026-11-20T10:00:00+05:00"
    assert numbers(place.listed("circulating", "--all")) == [
        "750100000000431217",
        "750100000000431215",
    ]
    assert place.listed("conflicts", code=0)["open"] == 0


def test_what_a_registry_and_a_system_elsewhere_know_is_one_walk(place: Place) -> None:
    place.imported("one", walked("750100000000431215", 3))
    place.noted(keep(seen("750100000000431215", 5)))
    told = place.listed("circulating")
    assert [(walk["number"], walk["forwards"]) for walk in told["listed"]] == [
        ("750100000000431215", 5)
    ]
    assert told["total"] == 1


def test_walks_seen_elsewhere_come_page_by_page(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookup.circulation.PAGE_MAX", 2)
    place.noted(keep(*(seen(f"75010000000043121{n}", n) for n in range(9))))
    assert place.listed("circulating", "--from", "4")["total"] == 5
