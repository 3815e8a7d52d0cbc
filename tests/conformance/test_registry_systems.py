"""Tickets that several systems tell of, in one registry file: kept apart, held against each
other, followed from one to the next."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lookup.compare import united
from lookup.feed.row import Row, row_of
from lookup.registry import sqlite as door
from lookup.registry.importing import ImportProgress, import_bodies, import_tickets
from lookup.registry.merge import Change
from lookup.registry.place import PLACES, SLOTS, place_of
from lookup.registry.source import FIRST, Conflict, Registry
from lookup.registry.sql import ANCESTOR_WAYS_MAX, CIRCULATING, FIND, OPEN_CONFLICTS, ROWS, SEVERAL
from lookup.registry.write import PlaceFullError, RegistryWriter
from lookup.status import Forward, PassedOn, TicketRecord, Wanted
from tests.support.feed import (
    BODIES,
    appeal,
    body,
    event,
    fine,
    hash_phone,
    write_bodies,
    write_feed,
)

NOW = 1_795_000_000_000_000
NUMBER = "197500000431233"
PAID = fine(source_system="treasury", status="paid", fine={"amount": 9, "paid_amount": 9})
PAID["fine"] |= {"paid_at": "2026-09-03"}
ENFORCED = fine(source_system="bailiffs", status="bailiff", fine={"bailiff_since": "2026-10-28"})
TABLE = re.compile(r"(SCAN|SEARCH) [tcpas] ")  # as the statements call the tickets' table
AGAIN = "2026-11-20"  # when whoever was wrong has mended it


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    opened = await Registry.open(tmp_path / "tickets.db", create=True)
    yield opened
    await opened.close()


def rows(*tickets: Mapping[str, Any]) -> list[Row]:
    return [row_of(ticket, hash_phone) for ticket in tickets]


async def put(registry: Registry, *tickets: Mapping[str, Any]) -> list[Change]:
    async with registry.writer() as writer:
        return await writer.put(rows(*tickets), NOW)


async def found(registry: Registry, number: object, kind: str = "fine") -> Sequence[TicketRecord]:
    wanted = Wanted(str(number), (kind,))
    return (await registry.find_many([wanted])).get(wanted, ())


async def only(registry: Registry, number: object, kind: str = "appeal") -> TicketRecord:
    (ticket,) = await found(registry, number, kind)
    return ticket


# -- a row a system


async def test_each_system_tells_its_own_of_one_ticket(registry: Registry) -> None:
    assert await put(registry, PAID, ENFORCED, PAID) == [
        Change.ADDED,
        Change.ADDED,
        Change.UNCHANGED,
    ]
    tickets = await found(registry, NUMBER)
    assert {(ticket.source, ticket.status) for ticket in tickets} == {
        ("treasury", "paid"),
        ("bailiffs", "bailiff"),
    }
    newer = PAID | {"status": "partly", "status_at": AGAIN}
    assert await put(registry, newer) == [Change.UPDATED]
    assert {ticket.status for ticket in await found(registry, NUMBER)} == {"partly", "bailiff"}


async def test_numbers_that_share_a_place_stay_apart(registry: Registry) -> None:
    near, far = str(5), str(5 + PLACES)
    tickets = [appeal(number=near, events=[]), appeal(number=far, status="satisfied", events=[])]
    assert await put(registry, *tickets) == [Change.ADDED, Change.ADDED]
    assert await put(registry, *tickets) == [Change.UNCHANGED, Change.UNCHANGED]
    assert (await only(registry, near)).status == "forwarded"
    assert (await only(registry, far)).status == "satisfied"
    (shown,) = await registry.show(far)
    assert shown.record.status == "satisfied"


async def test_no_number_takes_more_room_than_its_place_has(
    registry: Registry, tmp_path: Path
) -> None:
    systems = [f"system {index}" for index in range(SLOTS + 2)]
    many = [appeal(source_system=system, events=[]) for system in systems]
    feed = write_feed(tmp_path / "feed.ndjson", *many, fine())
    report = await import_tickets(registry, [feed], hash_phone=hash_phone, pause_ms=0)
    assert (report.added, report.rejected) == (SLOTS + 1, 2)
    assert report.rejects[0].read_bytes().count(b'"field": "number"') == 2
    with pytest.raises(PlaceFullError, match=str(appeal()["number"])):
        await put(registry, appeal(source_system="one more"))


async def test_a_deleted_ticket_is_not_told_but_its_path_stays(registry: Registry) -> None:
    gone = appeal(deleted=True, status_at=AGAIN)
    await put(registry, appeal())
    await put(registry, gone)
    assert await found(registry, gone["number"], "appeal") == ()
    (shown,) = await registry.show(gone["number"])
    assert shown.deleted
    assert [step.stage for step in shown.events] == ["registered", "forwarded", "deleted"]
    stats = await registry.stats()
    assert (stats.tickets, stats.deleted) == (0, 1)
    await put(registry, appeal(status_at="2026-11-21"))
    assert (await only(registry, gone["number"])).status == "forwarded"


async def test_a_ticket_may_be_deleted_by_its_first_line(registry: Registry) -> None:
    await put(registry, appeal(deleted=True))
    assert await found(registry, appeal()["number"], "appeal") == ()
    (shown,) = await registry.show(appeal()["number"])
    assert shown.events[-1].stage == "deleted"
    assert await put(registry, appeal(deleted=True)) == [Change.UNCHANGED]


async def test_staff_see_version_and_outcome(registry: Registry) -> None:
    outcome = {"code": "explained", "at": "2026-11-01", "answer_ref": "12-3"}
    await put(registry, appeal(version=7, outcome=outcome))
    (shown,) = await registry.show(appeal()["number"])
    assert (shown.version, shown.system, shown.deleted) == (7, "aikyn", False)
    assert shown.outcome == outcome | {"answer_via": None, "object_until": None}


# -- contradictions


async def conflicts(registry: Registry, **asked: Any) -> list[Conflict]:
    return list(await registry.conflicts(**asked))


async def test_a_contradiction_is_found_as_the_second_system_tells(registry: Registry) -> None:
    await put(registry, PAID)
    assert await conflicts(registry) == []
    await put(registry, ENFORCED)
    systems = ("bailiffs", "treasury")
    conflict = Conflict(NUMBER, "fine", "paid_but_enforced", systems, NOW, None, None)
    assert await conflicts(registry) == [conflict]
    assert united(await found(registry, NUMBER)).conflict == "paid_but_enforced"
    assert (await registry.stats()).conflicts == 1


async def test_a_contradiction_within_one_batch_is_found_and_counted(
    registry: Registry, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", PAID, appeal(), ENFORCED)
    report = await import_tickets(
        registry, [feed], hash_phone=hash_phone, pause_ms=0, now_us=lambda: NOW
    )
    assert report.conflicts == 1
    again = await import_tickets(registry, [feed], hash_phone=hash_phone, pause_ms=0)
    assert (again.conflicts, again.unchanged) == (0, 3)


async def test_one_system_may_contradict_itself(registry: Registry) -> None:
    await put(registry, fine(status="paid"))
    assert [conflict.systems for conflict in await conflicts(registry)] == [("erap",)]
    facts = fine()["fine"] | {"bailiff_since": None, "conflict": False}
    await put(registry, fine(status="paid", status_at=AGAIN, fine=facts))
    assert await conflicts(registry) == []


async def test_a_contradiction_mended_is_cleared_and_may_come_again(registry: Registry) -> None:
    await put(registry, PAID, ENFORCED)
    (open_one,) = await conflicts(registry)
    async with registry.writer() as writer:
        await writer.mark_told([open_one], NOW + 1)
    assert [conflict.told_us for conflict in await conflicts(registry)] == [NOW + 1]
    await put(registry, PAID | {"due_on": "2026-12-01"})  # it still holds: no news
    assert [conflict.told_us for conflict in await conflicts(registry)] == [NOW + 1]
    mended = ENFORCED | {"deleted": True, "status_at": AGAIN}
    await put(registry, mended)
    assert await conflicts(registry) == []
    (cleared,) = await conflicts(registry, open_only=False)
    assert cleared.cleared_us == NOW
    await put(registry, ENFORCED | {"status_at": "2026-11-21"})
    (again,) = await conflicts(registry)
    assert (again.told_us, again.cleared_us) == (None, None)


async def test_another_rule_takes_the_place_of_the_one_that_held(registry: Registry) -> None:
    closed = appeal(source_system="eotinish", status="satisfied", status_at="2026-10-21")
    opened = appeal(status="in_review", status_at="2026-10-25")
    await put(registry, closed, opened)
    assert [each.rule for each in await conflicts(registry)] == ["closed_but_open"]
    await put(registry, closed | {"status_at": "2026-10-26", "status": "explained"})
    assert await conflicts(registry) == []


async def test_conflicts_are_listed_page_by_page(registry: Registry) -> None:
    numbers = [f"1975000004312{index:02d}" for index in range(5)]
    await put(registry, *(ticket | {"number": n} for n in numbers for ticket in (PAID, ENFORCED)))
    first = await conflicts(registry, limit=3)
    rest = await conflicts(registry, limit=3, after=first[-1][:3])
    assert [conflict.number for conflict in (*first, *rest)] == numbers


async def test_two_rules_about_one_ticket_may_stand_on_two_pages(registry: Registry) -> None:
    await put(registry, PAID, ENFORCED)
    opened = ENFORCED | {"status": "unpaid", "status_at": AGAIN, "fine": None}
    await put(registry, opened)
    listed: list[Conflict] = []
    while page := await conflicts(
        registry, open_only=False, limit=1, after=listed[-1][:3] if listed else FIRST
    ):
        listed += page
    assert [conflict.rule for conflict in listed] == ["closed_but_open", "paid_but_enforced"]


async def test_one_found_again_since_it_was_listed_is_not_marked_as_told(
    registry: Registry,
) -> None:
    await put(registry, PAID, ENFORCED)
    listed = await conflicts(registry)
    await put(registry, ENFORCED | {"deleted": True, "status_at": AGAIN})
    async with registry.writer() as writer:
        await writer.put(rows(ENFORCED | {"status_at": "2026-11-21"}), NOW + 1)
        await writer.mark_told(listed, NOW + 2)
        assert [each.told_us for each in await conflicts(registry)] == [None]
        await writer.mark_told(await conflicts(registry), NOW + 2)
    assert [each.told_us for each in await conflicts(registry)] == [NOW + 2]


# -- from ticket to ticket


async def test_a_ticket_passed_on_tells_of_the_one_opened_for_it(
    registry: Registry, tmp_path: Path
) -> None:
    await import_bodies(registry, write_bodies(tmp_path / "bodies.json", *BODIES))
    parent = appeal(status="passed")
    older = appeal(number="20000015", kind="service_request", parent_id=parent["number"])
    older |= {"status": "accepted", "status_at": "2026-10-21"}
    newer = older | {"number": "20000023", "status": "controlled", "status_at": "2026-10-22"}
    joined = older | {"number": "20000031", "status": "joined", "status_at": "2026-10-23"}
    gone = older | {"number": "20000040", "deleted": True, "status_at": "2026-10-24"}
    await put(registry, parent, older, newer, joined, gone)
    passed = (await only(registry, parent["number"])).passed_to
    assert passed is not None
    assert passed._replace(body=None) == PassedOn(
        "service_request", "20000023", "controlled", date(2026, 12, 1), None, forward_count=1
    )
    assert passed.body is not None
    assert passed.body.id == "tax-shymkent"
    await put(registry, parent | {"status": "in_review", "status_at": "2026-10-24"})
    assert (await only(registry, parent["number"])).passed_to is None


@pytest.mark.parametrize("more", [{}, {"due_on": None}, {"parent_id": "1"}])
async def test_what_is_secret_is_told_as_such(registry: Registry, more: dict[str, Any]) -> None:
    plain = appeal(**more)
    await put(registry, plain)
    assert not (await only(registry, plain["number"])).secret
    told = await only(registry, plain["number"])
    secret = plain | {"sensitivity": "secret", "status_at": "2026-10-21"}
    await put(registry, secret)
    changed = {"secret": True, "status_on": date(2026, 10, 21)}
    assert await only(registry, plain["number"]) == told._replace(**changed)
    await put(registry, plain | {"status_at": "2026-10-22"})
    assert not (await only(registry, plain["number"])).secret


async def test_a_ticket_passed_on_again_and_again_tells_where_it_is_now(registry: Registry) -> None:
    way = [
        appeal(number=f"{number:08}", parent_id=f"{number - 1:08}", due_on=f"2026-12-{number:02}")
        for number in range(1, 12)
    ]
    way[3] |= {"status": "in_review"}
    await put(registry, *way)
    for at, then in ((1, "00000004"), (2, "00000004"), (3, None), (5, "00000011"), (11, None)):
        passed = (await only(registry, f"{at:08}")).passed_to
        if at == 11:
            assert passed is None
            continue
        assert passed is not None
        assert passed.number == f"{at + 1:08}"
        assert (passed.then and passed.then.number) == then
    passed = (await only(registry, "00000001")).passed_to
    assert passed is not None
    assert (passed.last.status, passed.last.due_on) == ("in_review", date(2026, 12, 4))


async def test_passings_on_of_the_whole_way_are_counted_each_once(registry: Registry) -> None:
    first = appeal(number="10000011", forward_count=0)
    copied = event(1, "2026-10-21", "forwarded", "almaty-akimat", "tax-shymkent")
    onward = event(2, "2026-11-03", "forwarded", "tax-shymkent", "x")
    second = appeal(number="10000022", forward_count=0, parent_id="10000011")
    third = appeal(number="10000033", forward_count=0, parent_id="10000022", events=[])
    await put(registry, first, second | {"events": [copied, onward]}, third)
    told = await only(registry, "10000011")
    assert told.passed_to is not None
    assert (told.forward_count, told.passed_to.forward_count) == (1, 2)


async def test_a_way_without_end_is_followed_for_eight_tickets(registry: Registry) -> None:
    await put(
        registry,
        *[appeal(number=f"{each:08}", parent_id=f"{each - 1:08}") for each in range(1, 21)],
    )
    passed = (await only(registry, "00000001")).passed_to
    assert passed is not None
    assert passed.last.number == "00000009"


async def test_tickets_passed_on_in_a_circle_tell_of_the_next_ones(registry: Registry) -> None:
    ring = {"10000011": "10000033", "10000022": "10000011", "10000033": "10000022"}
    await put(registry, *[appeal(number=one, parent_id=other) for one, other in ring.items()])
    passed = (await only(registry, "10000011")).passed_to
    assert passed is not None
    assert (passed.number, passed.last.number) == ("10000022", "10000033")
    alone = appeal(number="10000044", parent_id="10000044")
    await put(registry, alone)
    passed = (await only(registry, "10000044")).passed_to
    assert passed is not None
    assert passed.last.number == "10000044"


async def test_a_ticket_opened_for_another_begins_where_that_one_began(registry: Registry) -> None:
    first = appeal(number="10000011", first_filed_at="2026-01-10")
    second = appeal(number="10000022", first_filed_at=None, parent_id="10000011", events=[])
    third = appeal(number="10000033", first_filed_at="2026-11-01", parent_id="10000022")
    third["events"] = [event(1, "2026-11-03", "passed", "tax-shymkent", "x")]
    await put(registry, third, second, first)
    ticket = await only(registry, "10000033")
    assert ticket.parent == "10000022"
    assert ticket.first_filed_on == date(2026, 1, 10)
    assert ticket.forwards == (
        Forward(date(2026, 10, 20), "almaty-akimat", "tax-shymkent"),
        Forward(date(2026, 11, 3), "tax-shymkent", "x"),
    )
    assert ticket.forward_count == 3


async def test_tickets_opened_for_each_other_in_a_circle_are_told(registry: Registry) -> None:
    one = appeal(number="10000011", parent_id="10000022", first_filed_at="2026-03-01", events=[])
    other = appeal(number="10000022", parent_id="10000011", first_filed_at="2026-02-01", events=[])
    await put(registry, one, other, appeal(number="10000033", parent_id="10000033", events=[]))
    assert (await only(registry, "10000011")).first_filed_on == date(2026, 2, 1)
    assert (await only(registry, "10000022")).first_filed_on == date(2026, 2, 1)
    assert (await only(registry, "10000033")).parent == "10000033"


async def test_systems_that_name_ever_other_tickets_above_make_no_lookup_long(
    registry: Registry,
) -> None:
    systems = ("a", "b", "c")
    tickets = [
        appeal(
            number=f"{1 + at:08}",
            source_system=system,
            parent_id=f"{1 + 3 * at + which:08}",
            events=[],
        )
        for at in range(1, 365)  # 3 above the first, 9 above these, and so on to 243
        for which, system in enumerate(systems, start=-1)
    ]
    await put(registry, *tickets)
    async with door.reader(registry.path) as connection:
        row = await door.one_row(connection, FIND, (json.dumps([place_of("00000002")]),))
    above = [found[-1] for found in json.loads(row[2])]
    assert len(above) == len(systems)
    assert all(0 < len(each) <= ANCESTOR_WAYS_MAX * len(systems) for each in above)


async def test_what_goes_round_in_circles_is_listed(registry: Registry) -> None:
    steps = [event(seq, "2026-10-07", "forwarded", "a", "b") for seq in range(1, 6)]
    tickets = [
        appeal(number="1", forward_count=1, events=[]),
        appeal(number="2", forward_count=4, events=[]),
        appeal(number="3", forward_count=0, events=steps),
        appeal(number="4", forward_count=9, events=[], deleted=True),
        appeal(number="5", forward_count=5, events=[]),
    ]
    await put(registry, *tickets)
    page = await registry.circulating(4, limit=2)
    assert [ticket.number for ticket in page.records] == ["2", "3"]
    assert page.next_after is not None
    rest = await registry.circulating(4, limit=2, after=page.next_after)
    assert [(ticket.number, ticket.forward_count) for ticket in rest.records] == [("5", 5)]
    assert rest.next_after is None


def test_no_lookup_reads_more_than_the_places_asked(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    asyncio.run(door.prepare(path, create=True))
    with closing(sqlite3.connect(path)) as connection:
        for statement, values in (
            (FIND, ("[1]",)),
            (ROWS, ("[1]",)),
            (SEVERAL, ("[1]",)),
            (OPEN_CONFLICTS, ("[]",)),
            (CIRCULATING, (2, 0, 10)),
        ):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            tickets = [step for step in plan if TABLE.search(step)]
            assert tickets, plan
            assert all("SEARCH" in step and "AUTOMATIC" not in step for step in tickets), plan


# -- writers side by side


async def test_a_push_goes_in_between_the_batches_of_an_import(
    registry: Registry, tmp_path: Path
) -> None:
    many = (appeal(number=f"{number}", events=[]) for number in range(10**9, 10**9 + 3_000))
    feed = write_feed(tmp_path / "feed.ndjson", *many)
    pushed: list[int] = []

    async def push(writer: RegistryWriter) -> None:
        while not pushed or len(pushed) < 3:
            await writer.put(rows(fine(status_at=AGAIN, version=len(pushed))), NOW)
            pushed.append((await registry.stats()).tickets)

    async with asyncio.timeout(30), registry.writer() as writer, asyncio.TaskGroup() as group:
        work = group.create_task(import_tickets(registry, [feed], hash_phone=hash_phone))
        group.create_task(push(writer))
    assert work.result().added == 3_000
    assert pushed[0] < 3_001


async def test_whoever_writes_again_and_again_lets_others_in(registry: Registry) -> None:
    done = 0
    async with (
        asyncio.timeout(30),
        registry.writer() as busy,
        registry.writer() as other,
        asyncio.TaskGroup() as group,
    ):
        async with busy.transaction():
            work = group.create_task(other.put(rows(fine()), NOW))
            await asyncio.sleep(0)  # it waits already
        while not work.done() and done < 1_000:
            await busy.put(rows(appeal(version=done)), NOW)
            done += 1
    assert done < 1_000


async def test_two_imports_of_different_files_interleave(
    registry: Registry, tmp_path: Path
) -> None:
    files = []
    for start in (10**9, 10**10):
        many = (appeal(number=f"{number}", events=[]) for number in range(start, start + 2_500))
        files.append(write_feed(tmp_path / f"{start}.ndjson", *many))
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        works = [
            group.create_task(import_tickets(registry, [file], hash_phone=hash_phone))
            for file in files
        ]
    assert [work.result().added for work in works] == [2_500, 2_500]
    assert (await registry.stats()).tickets == 5_000


async def test_whoever_is_never_let_in_is_told_so(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "WRITER_WAIT_S", 0.0)
    async with registry.writer() as first, registry.writer() as second:
        async with first.transaction():
            with pytest.raises(door.RegistryBusyError, match="others are writing"):
                await second.put(rows(fine()), NOW)
        assert await second.put(rows(fine()), NOW) == [Change.ADDED]


async def test_statements_of_others_are_part_of_the_transaction(registry: Registry) -> None:
    async with registry.writer() as writer:
        with pytest.raises(door.RegistryError, match="UNIQUE"):
            await both(writer, rule="x", twice=True)
        assert await writer.stored([NUMBER]) == []
        await both(writer, rule="y", twice=False)
        assert len(await writer.stored([NUMBER])) == 1


async def both(writer: RegistryWriter, *, rule: str, twice: bool) -> None:
    async with writer.transaction() as connection:
        await writer.put(rows(fine(events=[])), NOW)
        for _ in range(1 + twice):
            await connection.execute_fetchall(
                "INSERT INTO conflict (number, kind, rule, systems) VALUES ('1', 'x', ?, '[]')",
                (rule,),
            )


# -- what it knows of itself


async def test_it_keeps_when_it_was_last_fed(registry: Registry, tmp_path: Path) -> None:
    assert registry.fed_us is None
    bad = write_feed(tmp_path / "bad.ndjson", b"{")
    await import_tickets(registry, [bad], hash_phone=hash_phone, now_us=lambda: NOW)
    await found(registry, NUMBER)
    assert registry.fed_us is None
    await put(registry, fine())
    await found(registry, NUMBER)
    assert registry.fed_us == NOW
    again = await Registry.open(registry.path)
    await again.close()
    assert again.fed_us == NOW


async def test_a_file_that_is_not_imported_to_its_end_has_not_fed_it(
    registry: Registry, tmp_path: Path
) -> None:
    """Its copy would be taken for a young one, and what stands later in the file be denied."""
    feed = write_feed(tmp_path / "feed.ndjson", *(fine(number=f"{n:015d}") for n in range(1_500)))

    def cut(progress: ImportProgress) -> None:
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        await import_tickets(
            registry, [feed], hash_phone=hash_phone, now_us=lambda: NOW, on_progress=cut
        )
    await found(registry, "000000000000000")
    assert registry.fed_us is None
    await import_tickets(registry, [feed], hash_phone=hash_phone, now_us=lambda: NOW)
    await found(registry, "000000000000000")
    assert registry.fed_us == NOW


async def test_a_body_is_found_by_id_and_by_code(registry: Registry, tmp_path: Path) -> None:
    assert registry.find_body("almaty-akimat") is None
    bodies = [body(f"body-{index}", code=f"{index:06d}") for index in range(2_000)]
    await import_bodies(registry, write_bodies(tmp_path / "bodies.json", *bodies))
    assert len(await registry.directory()) == 2_000
    by_code = registry.find_body("001234")
    assert by_code is not None
    assert by_code == registry.find_body("body-1234")
