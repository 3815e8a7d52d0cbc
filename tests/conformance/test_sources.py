"""The contract of every source of statuses. A new source adds its factory to FACTORIES.

A factory takes a folder, tickets and bodies in the form of a feed, and gives a source that knows
exactly those.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign
from lookup.guard import Guarded, GuardLimits
from lookup.http.source import HttpSettings, HttpSource
from lookup.outgoing.client import OutboundSettings
from lookup.postgres import PostgresSettings, PostgresSource
from lookup.registry.importing import import_bodies, import_tickets
from lookup.registry.source import Registry
from lookup.soap.source import SoapSettings, SoapSource
from lookup.source import Source, SourceUnavailableError
from lookup.status import FineFacts, Forward, InspectionFacts, TicketRecord, Wanted
from tests.support import views
from tests.support.deliveries import delivering
from tests.support.feed import (
    BODIES,
    appeal,
    directory,
    fine,
    hash_phone,
    inspection,
    write_bodies,
    write_feed,
)
from tests.support.foreign_register import example_map, register
from tests.support.postgres import shared
from tests.support.sheets import write_ticket_sheet
from tests.support.soap import soap_service
from tests.support.tickets import ticket as synthetic
from tests.support.tickets_as import write_csv

Tickets = Sequence[Mapping[str, Any]]
Factory = Callable[[Path, Tickets], AbstractAsyncContextManager[Source]]

AN_APPEAL = Wanted("750100000000431215", ("appeal",))
A_FINE = Wanted("197500000431233", ("fine",))
AN_INSPECTION = Wanted("790010260077", ("inspection",))
ABSENT = Wanted("750100000000431216", ("appeal",))


@asynccontextmanager
async def registry(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    source = await Registry.open(folder / "tickets.db", create=True)
    try:
        await import_bodies(source, write_bodies(folder / "bodies.json", *BODIES))
        await import_tickets(
            source, [write_feed(folder / "feed.ndjson", *tickets)], hash_phone=hash_phone
        )
        yield source
    finally:
        await source.close()


@asynccontextmanager
async def guarded_registry(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    async with registry(folder, tickets) as source:
        yield Guarded(source, clock=asyncio.get_running_loop().time)


@asynccontextmanager
async def guarded_apart(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    """As other bodies' systems are guarded: asks go on by themselves, answers are remembered."""
    limits = GuardLimits(apart=True, cache_ttl_s=0, stale_s=3_600)
    async with registry(folder, tickets) as source, asyncio.TaskGroup() as group:
        guarded = Guarded(source, clock=asyncio.get_running_loop().time, limits=limits)
        home = group.create_task(guarded.run())
        await asyncio.sleep(0)
        try:
            yield guarded
        finally:
            home.cancel()


@asynccontextmanager
async def postgres(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    foreign = Foreign(
        name="register",
        kinds=frozenset({"*"}),
        fields=FieldMap.from_table(views.MAP, "register.toml"),
        find_body=directory().get,
        hash_phone=hash_phone,
    )
    async with shared.get().database() as database:
        await views.fill(database, tickets)
        settings = PostgresSettings(
            database.dsn, views.VIEW, views.NUMBER_COLUMN, statement_timeout_ms=20_000
        )
        source = await PostgresSource.open(settings, foreign)
        try:
            yield source
        finally:
            await source.close()


@asynccontextmanager
async def soap(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    async with soap_service(tickets) as service:
        settings = SoapSettings(
            wsdl=service.wsdl_path,
            operation="FindCard",
            arguments=service.arguments,
            items=service.items,
            outbound=OutboundSettings(private_networks=("127.0.0.0/8",), answer_octets_max=262_144),
            deadline_s=20.0,
        )
        foreign = Foreign(
            name="services",
            kinds=frozenset({"*"}),
            fields=FieldMap.from_table(service.map_table, "services.toml"),
            find_body=directory().get,
            hash_phone=hash_phone,
        )
        source = await SoapSource.open(settings, foreign)
        try:
            yield source
        finally:
            await source.close()


@asynccontextmanager
async def http(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    async with register(tickets) as port, _http(port, url="/card/{number}") as source:
        yield source


@asynccontextmanager
async def http_batch(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    several = {"method": "POST", "body": '{"numbers": {numbers}}', "numbers_max": 100}
    async with register(tickets) as port, _http(port, url="/cards", **several) as source:
        yield source


@asynccontextmanager
async def _http(port: int, *, url: str, **changes: Any) -> AsyncIterator[HttpSource]:
    settings = HttpSettings(
        url=f"http://127.0.0.1:{port}{url}",
        items="answer.cards",
        deadline_ms=20_000,
        outbound=OutboundSettings(private_networks=("127.0.0.0/8",), answer_octets_max=262_144),
        **changes,
    )
    foreign = Foreign(
        name="far",
        kinds=frozenset({"*"}),
        fields=example_map(),
        find_body=directory().get,
        hash_phone=hash_phone,
    )
    source = await HttpSource.open(settings, foreign)
    try:
        yield source
    finally:
        await source.close()


@asynccontextmanager
async def files(folder: Path, tickets: Tickets) -> AsyncIterator[Source]:
    """A delivery of each form, each with a part of the tickets."""
    async with delivering(folder) as box:
        write_bodies(box.folder / "bodies.json", *BODIES)
        forms = (write_feed, write_csv, write_ticket_sheet)
        for index, (write, suffix) in enumerate(zip(forms, ("ndjson", "csv", "xlsx"), strict=True)):
            if tickets[index::3]:
                write(box.folder / f"tickets.{suffix}", *tickets[index::3])
        assert {report.rejected for report in await box.take()} == {0}
        yield box.source


FACTORIES = (registry, guarded_registry, guarded_apart, postgres, soap, http, http_batch, files)


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.__name__)
def factory(request: pytest.FixtureRequest) -> Factory:
    chosen: Factory = request.param
    return chosen


async def only(source: Source, wanted: Wanted) -> TicketRecord:
    answers = await source.find_many([wanted])
    (ticket,) = answers[wanted]
    return ticket


async def test_every_fact_of_a_ticket_is_told(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [appeal(other_bodies=["a", "b"], extended_count=1)]) as source:
        ticket = await only(source, AN_APPEAL)
    body = ticket.body
    assert body is not None
    assert (body.id, body.connected, body.phone) == ("tax-shymkent", False, None)
    assert body.sms_name == {"kk": "Шымкент МКД", "ru": "ДГД Шымкент", "en": "Shymkent Tax"}
    assert ticket._replace(body=None) == TicketRecord(
        kind="appeal",
        number="750100000000431215",
        number_shown="750100000000431215",
        source="aikyn",
        status="forwarded",
        status_on=date(2026, 10, 20),
        created_on=date(2026, 10, 5),
        first_filed_on=date(2026, 10, 3),
        due_on=date(2026, 12, 1),
        due_basis="backend",
        body=None,
        other_bodies=2,
        forward_count=3,
        extended_count=1,
        owner_hashes=(hash_phone("77010000012"),),
        owner_lang="ru",
        answer_via="post",
        intake="office",
        joined_to=None,
        fine=None,
        inspection=None,
        forwards=(Forward(date(2026, 10, 20), "almaty-akimat", "tax-shymkent"),),
    )


async def test_the_facts_of_a_fine_are_told(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [fine()]) as source:
        ticket = await only(source, A_FINE)
    assert ticket.fine == FineFacts(
        amount=19660,
        half_until=date(2026, 8, 27),
        pay_by=date(2026, 9, 19),
        paid_amount=19660,
        paid_on=date(2026, 9, 3),
        bailiff_since=date(2026, 10, 28),
    )
    assert ticket.inspection is None


async def test_the_dates_of_an_inspection_are_told(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [inspection()]) as source:
        ticket = await only(source, AN_INSPECTION)
    assert ticket.inspection == InspectionFacts(
        registered_on=None, starts_on=date(2026, 11, 20), ends_on=date(2026, 12, 4)
    )
    assert ticket.number_shown == "790010260077"
    assert ticket.owner_hashes == ()


async def test_a_joined_ticket_names_the_other(factory: Factory, tmp_path: Path) -> None:
    joined = appeal(status="joined", parent_id="750100000000431207")
    passed = appeal(number="10000142", status="forwarded", parent_id="750100000000431207")
    async with factory(tmp_path, [joined, passed]) as source:
        assert (await only(source, AN_APPEAL)).joined_to == "750100000000431207"
        assert (await only(source, Wanted("10000142", ("appeal",)))).joined_to is None


async def test_a_body_outside_the_directory_is_no_body(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [appeal(body_id="nowhere")]) as source:
        assert (await only(source, AN_APPEAL)).body is None


async def test_an_unknown_number_is_absent(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [appeal()]) as source:
        assert set(await source.find_many([ABSENT, AN_APPEAL])) == {AN_APPEAL}
        assert await source.find_many([ABSENT]) == {}
        assert await source.find_many([]) == {}


async def test_numbers_with_letters_are_found_as_they_are(factory: Factory, tmp_path: Path) -> None:
    wanted = Wanted("ЖТ-2026-00431220", ("appeal",))
    odd = Wanted("'\"],[%_\\", ("appeal",))
    async with factory(tmp_path, [appeal(number=wanted.number)]) as source:
        assert set(await source.find_many([odd, wanted])) == {wanted}


async def test_tickets_of_several_kinds_may_share_a_number(
    factory: Factory, tmp_path: Path
) -> None:
    number = "263100030000001"
    either = Wanted(number, ("crime_report", "investigation"))
    tickets = [appeal(kind=kind, number=number, status="registered") for kind in either.kinds]
    async with factory(tmp_path, tickets) as source:
        answers = await source.find_many([either])
    assert {ticket.kind for ticket in answers[either]} == set(either.kinds)


async def test_the_same_number_may_stand_twice_in_a_batch(factory: Factory, tmp_path: Path) -> None:
    as_fine = Wanted(AN_APPEAL.number, ("fine", "appeal"))
    async with factory(tmp_path, [appeal()]) as source:
        answers = await source.find_many([AN_APPEAL, as_fine, AN_APPEAL])
    assert set(answers) == {AN_APPEAL, as_fine}
    assert len(answers[AN_APPEAL]) == len(answers[as_fine]) == 1


async def test_a_large_batch_is_answered_whole(factory: Factory, tmp_path: Path) -> None:
    tickets = [synthetic(number) for number in range(750100000000000000, 750100000000002500)]
    wanted = [Wanted(str(ticket["number"]), ("appeal",)) for ticket in tickets]
    async with factory(tmp_path, tickets) as source:
        answers = await source.find_many(wanted)
    assert [answers[item][0].number for item in wanted] == [item.number for item in wanted]


async def test_batches_asked_at_once_do_not_mix(factory: Factory, tmp_path: Path) -> None:
    tickets = [synthetic(number) for number in range(750100000000000000, 750100000000000040)]
    wanted = [Wanted(str(ticket["number"]), ("appeal",)) for ticket in tickets]
    async with factory(tmp_path, tickets) as source:
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(source.find_many([item])) for item in wanted]
        for item, task in zip(wanted, asking, strict=True):
            assert task.result()[item][0].number == item.number


async def test_a_lookup_given_up_does_no_harm_to_the_next(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [appeal()]) as source:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(source.find_many([AN_APPEAL]))
            await asyncio.sleep(0)
            asking.cancel()
        assert asking.cancelled()
        assert set(await source.find_many([AN_APPEAL])) == {AN_APPEAL}


async def test_it_names_itself_and_its_kinds(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, []) as source:
        assert source.name
        assert source.kinds == frozenset({"*"})


async def test_health_tells_whether_it_would_answer(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, []) as source:
        health = await source.health()
        assert (health.source, health.answering) == (source.name, True)
        await source.close()
        assert not (await source.health()).answering


async def test_once_closed_it_is_unavailable_not_empty(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, [appeal()]) as source:
        await source.close()
        await source.close()
        with pytest.raises(SourceUnavailableError):
            await source.find_many([AN_APPEAL])
