"""Who may write a ticket over the feeds API as it goes from body to body, each with a system of its
own, and as others tell of it beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lookup.feed.row import row_of
from lookup.registry import sqlite as door
from lookup.registry.feed_keys import BESIDE, WRITE
from lookup.registry.feed_scope import FEED_ROWS_MAX
from lookup.registry.place import PLACES, SLOTS
from lookup.status import TicketRecord
from tests.support import feed
from tests.support.feeds_api import AKIMAT, NUMBER, TAX, Api, Told, feeds_api

BARE = {"kind": "appeal", "status": "in_review", "body_id": AKIMAT}
FINE = {"kind": "fine", "status": "unpaid", "body_id": AKIMAT}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with feeds_api(tmp_path) as serving:
        yield serving


def moved(seq: int, day: int, from_body: str, to_body: str) -> dict[str, Any]:
    return feed.event(seq, f"2026-10-{day:02d}T12:00:00+05:00", "forwarded", from_body, to_body)


def handed(seq: int, day: int, from_body: str, to_body: str, **more: object) -> dict[str, Any]:
    """The ticket as who passes it on pushes it."""
    at = f"2026-10-{day:02d}T12:00:00+05:00"
    return {
        "kind": "appeal", "status": "forwarded", "status_at": at, "version": day,
        "body_id": to_body, "events": [moved(seq, day, from_body, to_body)],
    } | more  # fmt: skip


def refused(told: Told) -> tuple[int, str]:
    return told.status, told.json["errors"][0]["field"]


async def systems(api: Api, number: str, kind: str) -> list[str]:
    found: list[TicketRecord] = await api.found(number, kind)
    return sorted(each.source for each in found)


async def test_a_ticket_that_walks_in_a_circle_is_written_by_whoever_has_it(api: Api) -> None:
    almaty, shymkent = await api.key(AKIMAT, system="almaty"), await api.key(TAX, system="shymkent")
    assert (await api.put(almaty, BARE | {"version": 1})).status == 201
    assert (await api.put(almaty, handed(2, 8, AKIMAT, TAX))).status == 200
    assert (await api.put(shymkent, handed(3, 12, TAX, AKIMAT))).status == 201
    last = BARE | {"status": "satisfied", "status_at": "2026-10-13", "version": 13}
    assert refused(await api.put(shymkent, last | {"body_id": TAX})) == (403, "number")
    assert (await api.put(almaty, last)).status == 200
    shown = (await api.get(almaty)).json["tickets"]
    assert {each["source_system"] for each in shown} == {"almaty", "shymkent"}


async def test_what_came_by_an_earlier_passing_on_is_not_held_for_ever(api: Api) -> None:
    almaty, shymkent = await api.key(AKIMAT, system="almaty"), await api.key(TAX, system="shymkent")
    assert (await api.put(shymkent, BARE | {"body_id": TAX, "version": 1})).status == 201
    assert (await api.put(shymkent, handed(1, 5, TAX, AKIMAT))).status == 200
    assert (await api.put(almaty, handed(2, 8, AKIMAT, TAX))).status == 201
    assert refused(await api.put(almaty, BARE | {"version": 9})) == (403, "number")


@pytest.mark.parametrize("before", [True, False])
async def test_a_step_far_ahead_does_not_keep_a_ticket_that_was_handed_on(
    api: Api, before: bool
) -> None:
    key = await api.key(AKIMAT)
    far = moved(1_000_000, 20, TAX, AKIMAT)
    steps = [moved(2, 8, AKIMAT, TAX)] if before else [moved(2, 8, AKIMAT, TAX), far]
    first = BARE | {"version": 1, "events": [far] if before else []}
    assert (await api.put(key, first)).status == 201
    told = await api.put(key, handed(2, 8, AKIMAT, TAX, events=steps))
    assert refused(told) == (422, "events")
    assert (await api.get(key)).json["tickets"][0]["body_id"] == AKIMAT


async def test_an_older_version_by_its_holder_is_stale_whoever_had_the_ticket_then(
    api: Api,
) -> None:
    key = await api.key(AKIMAT)
    now = BARE | {"version": 5, "events": [moved(2, 8, TAX, AKIMAT)]}
    await api.put(key, now)
    assert (await api.put(key, BARE | {"version": 4, "body_id": TAX})).status == 409


async def test_a_number_registered_by_mistake_and_taken_back_is_free_for_its_body(
    api: Api,
) -> None:
    wrong, right = await api.key(TAX, system="shymkent"), await api.key(AKIMAT, system="almaty")
    mistake = BARE | {"body_id": TAX, "status_at": "2026-10-06", "version": 1}
    assert (await api.put(wrong, mistake)).status == 201
    assert refused(await api.put(right, BARE)) == (403, "number")
    assert (await api.put(wrong, mistake | {"version": 2, "deleted": True})).status == 200
    assert (await api.put(right, BARE)).status == 201
    assert await systems(api, NUMBER, "appeal") == ["almaty"]
    assert refused(await api.put(wrong, mistake | {"version": 3})) == (403, "number")


async def test_a_payment_told_before_its_fine_does_not_shut_out_the_police(api: Api) -> None:
    treasury = await api.key(TAX, system="treasury", rights=(WRITE, BESIDE))
    police = await api.key(AKIMAT, system="erap")
    number = "197500000431233"
    paid = FINE | {"status": "paid", "body_id": TAX}
    assert (await api.put(treasury, paid, number)).status == 201
    assert (await api.put(police, FINE, number)).status == 201
    assert (await api.put(police, FINE | {"status": "half"}, number)).status == 200
    assert (await api.put(treasury, paid | {"version": 2}, number)).status == 200
    assert await systems(api, number, "fine") == ["erap", "treasury"]


async def test_who_tells_beside_others_gives_a_ticket_no_owner(api: Api) -> None:
    police = await api.key(AKIMAT, system="erap")
    beside = await api.key(TAX, system="treasury", rights=(WRITE, BESIDE))
    report = BARE | {"kind": "crime_report", "status": "checking", "owner_phones": [feed.PHONE]}
    number = "263100030000001"
    assert (await api.put(police, report, number)).status == 201
    told = await api.put(
        beside, report | {"body_id": TAX, "owner_phones": ["+77019999999"]}, number
    )
    assert refused(told) == (403, "owner_phones")
    (found,) = await api.found(number, "crime_report")
    assert found.owner_hashes == (feed.hash_phone(feed.PHONE.removeprefix("+")),)


async def test_a_system_that_names_no_body_keeps_nobody_out(api: Api) -> None:
    payment = {"kind": "fine", "number": NUMBER, "status": "paid", "source_system": "payments"}
    async with api.registry.writer() as writer:
        await writer.put([row_of(payment, feed.hash_phone)], None)
    assert (await api.put(await api.key(), FINE)).status == 201


async def test_a_feed_cannot_fill_the_place_that_others_need(api: Api) -> None:
    """Neither by kinds of one number nor by other numbers that share its place."""
    filling = await api.key(TAX, system="shymkent")
    kinds = [
        {"number": NUMBER, "kind": f"kind-{n}", "status": "open", "body_id": TAX}
        for n in range(SLOTS)
    ]
    told = await api.batch(filling, *kinds)
    assert told.lines[-1]["counts"] == {"added": FEED_ROWS_MAX, "rejected": SLOTS - FEED_ROWS_MAX}
    assert {line["field"] for line in told.lines[FEED_ROWS_MAX:-1]} == {"number"}
    near = [
        BARE | {"number": str(int(NUMBER) + n * PLACES), "body_id": TAX} for n in range(1, SLOTS)
    ]
    assert (await api.batch(filling, *near)).lines[-1]["counts"] == {"rejected": SLOTS - 1}
    assert (await api.put(filling, kinds[0] | {"status": "closed"})).status == 200
    assert (await api.put(await api.key(AKIMAT, system="almaty"), BARE)).status == 201


async def test_a_key_may_be_bound_to_numbers_that_begin_so(api: Api) -> None:
    bound = await api.key(TAX, system="shymkent", numbers=("7700", "ЖТ-"))
    mine = BARE | {"body_id": TAX}
    assert refused(await api.put(bound, mine)) == (403, "number")
    assert (await api.put(bound, mine, "770000000000000001")).status == 201
    almaty = await api.key(AKIMAT, system="almaty")
    assert (await api.put(almaty, BARE | {"version": 1})).status == 201
    assert (await api.put(almaty, handed(2, 8, AKIMAT, TAX))).status == 200
    assert (await api.put(bound, mine)).status == 201, "it was handed to its body"


async def test_a_key_made_before_there_were_beginnings_of_numbers_holds(
    api: Api, tmp_path: Path
) -> None:
    key = await api.key()
    path = tmp_path / "tickets.db"
    connection = await door.open_writer(path)
    try:
        async with door.transaction(path, connection):
            await door.run(connection, "UPDATE api_key SET scope = json_remove(scope, '$[5]')")
    finally:
        await door.close_writer(path, connection)
    assert (await api.put(key, BARE)).status == 201
    assert (await api.store.keys())[0].scope.numbers == ()
