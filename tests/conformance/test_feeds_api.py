"""The feeds API: one ticket read and pushed. Every answer is held against openapi.yaml."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lookup.feed.row import row_of
from lookup.registry import feeds as store
from lookup.registry import sqlite as door
from lookup.registry.feed_keys import BESIDE, READ, WRITE, id_of
from lookup.registry.place import SLOTS
from tests.support import feed
from tests.support.feeds_api import AKIMAT, LIMITS, NOW_US, NUMBER, TAX, YEAR_US, Api, feeds_api


def ticket(**changes: object) -> dict[str, Any]:
    """An appeal that the akimat holds."""
    steps = [feed.event(1, "2026-10-05T12:00:00+05:00", "registered", None, AKIMAT)]
    values = {
        "body_id": AKIMAT,
        "status": "in_review",
        "status_at": "2026-10-06T09:00:00+05:00",
        "events": steps,
        "version": 1,
    }
    return feed.appeal(**(values | changes))


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with feeds_api(tmp_path) as serving:
        yield serving


async def test_a_pushed_ticket_is_what_a_question_finds_at_once(api: Api) -> None:
    key = await api.key()
    told = await api.put(key, ticket())
    assert (told.status, told.json) == (
        201,
        {"number": NUMBER, "kind": "appeal", "result": "added", "warnings": []},
    )
    (found,) = await api.found()
    assert (found.status, found.body and found.body.id) == ("in_review", AKIMAT)
    told = await api.put(key, ticket(status="satisfied", version=2))
    assert (told.status, told.json["result"]) == (200, "updated")
    assert (await api.found())[0].status == "satisfied"
    told = await api.put(key, ticket(status="satisfied", version=2))
    assert (told.status, told.json["result"]) == (200, "unchanged")
    assert api.counted.pushes == {"added": 1, "updated": 1, "unchanged": 1}


async def test_an_older_version_is_told_which_one_is_stored(api: Api) -> None:
    key = await api.key()
    await api.put(key, ticket(version=7))
    told = await api.put(key, ticket(version=6, status="refused"))
    assert (told.status, told.kind) == (409, "stale")
    assert told.json["stored"] == {"version": 7, "status_at": "2026-10-06T09:00:00+05:00"}
    assert (await api.found())[0].status == "in_review"


async def test_the_address_has_number_and_kind_and_the_key_its_system(api: Api) -> None:
    key = await api.key()
    bare = {"kind": "appeal", "status": "in_review", "body_id": AKIMAT}
    assert (await api.put(key, bare)).status == 201
    assert (await api.found())[0].source == "aikyn"
    for wrong, field in (
        (bare | {"number": "750100000000431216"}, "number"),
        (bare | {"source_system": "erap"}, "source_system"),
    ):
        told = await api.put(key, wrong)
        assert (told.status, told.json["errors"][0]["field"]) == (422, field)
    path = f"/api/v1/tickets/{NUMBER}?kind=fine"
    told = await api.ask("PUT", path, key, json.dumps(bare).encode())
    assert (told.status, told.json["errors"][0]["field"]) == (422, "kind")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "line"),
        (b"[]", "line"),
        (b"{", "line"),
        (b'{"kind": "appeal"}', "status"),
        (b"\xff", "line"),
        (b"[" * 100_000, "line"),
        (b'{"kind":"fine","status":"x","body_id":"a","fine":{"amount":"KZ1"}}', "fine.amount"),
        (b'{"kind":"appeal","status":"x","body_id":"a","is_admin":true}', "is_admin"),
        (b'{"kind":"appeal","status":"x","body_id":"a","owner_hashes":"ab"}', "owner_hashes"),
        (b'{"kind":"appeal","status":"x","body_id":"a","digest":1}', "digest"),
        (b'{"kind":"appeal","status":"x","body_id":"a","fine":{"secret":1}}', "fine.secret"),
        (b'{"kind":"appeal","status":"x"}', "body_id"),
        (b'{"kind":"appeal","status":"x","body_id":"nowhere"}', "body_id"),
        (b'{"kind":"appeal","status":"x","body_id":"a","version":1e999}', "line"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_by_field_and_never_by_value(
    api: Api, body: bytes, field: str
) -> None:
    told = await api.put(await api.key(), body)
    assert (told.status, told.kind) == (422, "invalid")
    assert [error["field"] for error in told.json["errors"]] == [field]
    assert b"KZ1" not in told.octets
    assert await api.found() == []


async def test_what_will_not_do_what_is_expected_is_warned_of(api: Api) -> None:
    told = await api.put(await api.key(), ticket(status="lost", owner_phones=["+1 555 0100"]))
    assert told.status == 201
    assert [warning["field"] for warning in told.json["warnings"]] == ["status", "owner_phones"]


# -- keys


async def test_without_a_key_nothing_is_told(api: Api) -> None:
    await api.put(await api.key(), ticket())
    for key in (None, "Bearer jauap_x", "Basic dXNlcjpwYXNz"):
        for told in (await api.get(key), await api.put(key, ticket()), await api.batch(key)):
            assert (told.status, told.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_key_of_one_body_does_not_touch_the_ticket_of_another(api: Api) -> None:
    mine, other = await api.key(AKIMAT), await api.key(TAX)
    await api.put(mine, ticket())
    told = await api.put(other, ticket(status="refused", version=9))
    assert (told.status, told.kind) == (403, "scope")
    assert told.json["errors"][0]["field"] == "number"
    told = await api.put(other, ticket(status="refused", version=9, body_id=TAX))
    assert told.status == 403
    (found,) = await api.found()
    assert (found.status, found.body and found.body.id) == ("in_review", AKIMAT)
    assert (await api.get(other)).status == 404
    (shown,) = await api.registry.show(NUMBER)
    assert len(shown.events) == 1


async def test_a_ticket_moves_on_by_being_forwarded(api: Api) -> None:
    mine, other = await api.key(AKIMAT), await api.key(TAX)
    first = ticket()
    await api.put(mine, first)
    steps = [
        *first["events"],
        feed.event(2, "2026-10-08T12:00:00+05:00", "forwarded", AKIMAT, TAX),
    ]
    handed = ticket(
        status="forwarded", status_at="2026-10-08T12:00:00+05:00", body_id=TAX, version=2,
        events=steps,
    )  # fmt: skip
    assert (await api.put(mine, handed)).status == 200
    assert (await api.put(mine, handed)).json["result"] == "unchanged", "a repeat does no harm"
    newest_first = handed | {"events": steps[::-1]}
    assert (await api.put(mine, newest_first)).json.get("result") == "unchanged"
    assert (await api.put(mine, ticket(version=3))).status == 403
    done = ticket(status="satisfied", body_id=TAX, version=3, status_at="2026-10-09")
    assert (await api.put(other, done)).status == 200
    assert (await api.get(mine)).status == 404
    assert len((await api.get(other)).json["tickets"][0]["events"]) == 2


async def test_a_treasury_tells_its_own_view_where_it_has_the_right(api: Api) -> None:
    police = await api.key(AKIMAT, system="erap")
    fine = feed.fine(events=[], source_system=None)
    number = fine["number"]
    assert (await api.put(police, fine, number)).status == 201
    plain = await api.key(TAX, system="treasury")
    paid = fine | {"status": "paid", "body_id": TAX, "owner_phones": []}
    assert (await api.put(plain, paid, number)).status == 403
    beside = await api.key(TAX, system="treasury", rights=(WRITE, BESIDE))
    assert (await api.put(beside, paid, number)).status == 201
    assert {found.source for found in await api.found(number, "fine")} == {"erap", "treasury"}


async def test_rights_and_kinds_are_those_of_the_key(api: Api) -> None:
    reader, writer = await api.key(rights=(READ,)), await api.key(rights=(WRITE,), system="b")
    for told in (
        await api.put(reader, ticket()),
        await api.batch(reader, ticket()),
        await api.get(writer),
    ):
        assert (told.status, told.kind) == (403, "right")
    fines = await api.key(kinds=("fine",), system="c")
    told = await api.put(fines, ticket(source_system=None))
    assert (told.status, told.json["errors"][0]["field"]) == (403, "kind")


async def test_a_key_is_good_from_its_networks_alone_and_behind_a_trusted_proxy(
    tmp_path: Path,
) -> None:
    async with feeds_api(tmp_path, proxies=("127.0.0.1",)) as api:
        key = await api.key(networks=("192.0.2.0/24",))
        assert (await api.put(key, ticket())).kind == "network"
        assert (await api.put(key, ticket(), X_Forwarded_For="192.0.2.9")).status == 201
        told = await api.put(key, ticket(), X_Forwarded_For="192.0.2.9, 203.0.113.5")
        assert told.kind == "network"
        lines = [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-For", "203.0.113.5")]
        async with api.client.put(
            f"/api/v1/tickets/{NUMBER}",
            data=json.dumps(ticket()),
            headers=[("Authorization", key), ("Content-Type", "application/json"), *lines],
        ) as response:
            assert response.status == 403, "the proxy adds a line of its own, below the client's"


async def test_a_revoked_and_an_expired_key_end_at_once(api: Api) -> None:
    key = await api.key()
    assert (await api.put(key, ticket())).status == 201
    identity = id_of(key.removeprefix("Bearer "))
    assert identity is not None
    assert await api.store.revoke_key(identity, NOW_US)
    assert (await api.put(key, ticket())).status == 401
    assert not await api.store.revoke_key(identity, NOW_US)
    other = await api.key()
    api.now_us = NOW_US + YEAR_US
    assert (await api.get(other)).status == 401


async def test_a_feed_has_two_live_keys_at_most(api: Api) -> None:
    await api.key()
    second = await api.key()
    with pytest.raises(Exception, match="aikyn"):
        await api.key()
    await api.store.revoke_key(str(id_of(second.removeprefix("Bearer "))), NOW_US)
    await api.key()
    assert [key.revoked_us is None for key in await api.store.keys()] == [True, False, True]


async def test_the_last_use_of_a_key_is_known(api: Api) -> None:
    key = await api.key()
    assert (await api.store.keys())[0].used_us is None
    api.now_us += 5
    await api.get(key)
    assert (await api.store.keys())[0].used_us == NOW_US + 5
    api.now_us += 5
    await api.put(key, ticket())
    assert (await api.store.keys())[0].used_us == NOW_US + 10


async def test_the_registry_does_not_hold_a_key_in_plain(api: Api, tmp_path: Path) -> None:
    key = await api.key()
    await api.put(key, ticket())
    secret = key.removeprefix("Bearer ")[15:].encode()
    for file in tmp_path.glob("tickets.db*"):
        assert secret not in file.read_bytes()


# -- limits


async def test_a_key_that_asks_too_fast_is_told_to_wait(tmp_path: Path) -> None:
    limits = replace(LIMITS, requests_per_s=0.1, burst=2)
    async with feeds_api(tmp_path, limits) as api:
        key = await api.key()
        await api.get(key)
        await api.get(key)
        told = await api.get(key)
        assert (told.status, told.kind) == (429, "too-fast")
        assert 1 <= int(told.headers["Retry-After"]) <= 10
        assert api.counted.refusals["too-fast"] == 1


async def test_too_many_wrong_keys_from_one_address_are_not_looked_at(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, failures_max=3)) as api:
        told = [await api.get("Bearer jauap_guess") for _ in range(4)]
        assert [each.status for each in told] == [401, 401, 401, 429]
        assert told[-1].kind == "locked-out"


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, ticket_octets_max=1_000)) as api:
        key = await api.key()

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 100

        for body in (b" " * 1_001, pieces()):
            told = await api.ask("PUT", f"/api/v1/tickets/{NUMBER}", key, body)
            assert (told.status, told.kind) == (413, "size")


async def test_a_ticket_that_comes_too_slowly_is_not_waited_for(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, idle_s=0.05)) as api:
        never = asyncio.Event()

        async def pieces() -> AsyncIterator[bytes]:
            yield b"{"
            await never.wait()

        told = await api.ask("PUT", f"/api/v1/tickets/{NUMBER}", await api.key(), pieces())
        assert (told.status, told.kind) == (408, "slow")


async def test_a_client_that_goes_while_it_sends_is_no_mistake_of_ours(api: Api) -> None:
    key = await api.key()
    with capture_logs() as logged:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(api.client.host, api.client.port)
            writer.write(
                f"PUT /api/v1/tickets/{NUMBER} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
                "Content-Type: application/json\r\nContent-Length: 1000\r\n"
                "Expect: 100-continue\r\n\r\n".encode()
            )
            await reader.readuntil(b"100 Continue\r\n\r\n")
            writer.transport.abort()
            while not api.counted.refusals and not logged:
                await asyncio.sleep(0)
    assert logged == []
    assert api.counted.refusals == {"body": 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
    ],
)
async def test_bodies_of_another_type_or_compressed_are_refused(
    api: Api, headers: dict[str, str]
) -> None:
    body = b'{"kind": "appeal"}'
    path = f"/api/v1/tickets/{NUMBER}"
    told = await api.ask("PUT", path, await api.key(), body, headers=headers)
    assert told.status == 415


async def test_a_body_that_is_compressed_below_its_first_header_is_refused(api: Api) -> None:
    codes = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    headers = [("Authorization", await api.key()), ("Content-Type", "application/json"), *codes]
    body = gzip.compress(json.dumps(ticket()).encode())
    path = f"/api/v1/tickets/{NUMBER}"
    async with api.client.put(path, data=body, headers=headers) as response:
        assert response.status == 415


async def test_an_import_that_holds_the_registry_is_told_as_busy(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await api.key()

    async def busy(*_: object) -> None:
        raise door.RegistryBusyError("an import")

    monkeypatch.setattr(api.store, "push", busy)
    told = await api.put(key, ticket())
    assert (told.status, told.kind, told.headers["Retry-After"]) == (503, "busy", "1")


async def test_a_push_waits_for_its_turn_so_long_and_no_longer(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await api.key()
    path = tmp_path / "tickets.db"
    monkeypatch.setattr(store, "TURN_WAIT_S", 0.05)
    other = await door.open_writer(path)
    try:
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(8):
            async with door.transaction(path, other):  # as an import in another process does
                asked = [tasks.create_task(api.put(key, ticket())) for _ in range(3)]
                for _, ended in zip("ab", asyncio.as_completed(asked), strict=False):
                    told = await ended
                    assert (told.status, told.kind) == (503, "busy")
                    assert told.headers["Retry-After"] == "1"
            await asyncio.wait(asked)
    finally:
        await door.close_writer(path, other)
    assert sorted(each.result().status for each in asked) == [201, 503, 503]


async def test_a_registry_that_cannot_be_written_is_told_without_its_path(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await api.key()

    async def full(*_: object) -> None:
        raise door.RegistryError("/secret/path: disk full")

    monkeypatch.setattr(api.store, "push", full)
    told = await api.put(key, ticket())
    assert (told.status, told.kind) == (503, "store")
    assert b"secret" not in told.octets


# -- repeats


async def test_a_repeat_with_its_key_gets_the_same_answer_and_stores_nothing(api: Api) -> None:
    key = await api.key()
    first = await api.put(key, ticket(), Idempotency_Key="a-1")
    await api.put(key, ticket(status="satisfied", version=2))
    again = await api.put(key, ticket(), Idempotency_Key="a-1")
    assert (again.status, again.octets) == (first.status, first.octets) == (201, first.octets)
    assert (await api.found())[0].status == "satisfied"
    assert api.counted.pushes["repeated"] == 1


async def test_a_repeat_may_come_after_the_ticket_was_handed_on_and_with_the_next_key(
    api: Api,
) -> None:
    key = await api.key()
    await api.put(key, ticket())
    handed = ticket(body_id=TAX, version=2)
    first = await api.put(key, handed, Idempotency_Key="a-2")
    taken = ticket(body_id=TAX, version=3, status="satisfied")
    assert (await api.put(await api.key(TAX), taken)).status == 200
    assert (await api.put(key, handed)).status == 403
    again = await api.put(key, handed, Idempotency_Key="a-2")
    assert (again.status, again.octets) == (200, first.octets)


async def test_a_stale_answer_is_repeated_too(api: Api) -> None:
    key = await api.key()
    await api.put(key, ticket(version=7))
    first = await api.put(key, ticket(version=6), Idempotency_Key="old")
    await api.put(key, ticket(version=8))
    again = await api.put(key, ticket(version=6), Idempotency_Key="old")
    assert (again.status, again.octets) == (409, first.octets)


async def test_another_request_under_the_same_key_is_refused(api: Api) -> None:
    key = await api.key()
    await api.put(key, ticket(), Idempotency_Key="a-1")
    for told in (
        await api.put(key, ticket(status="satisfied", version=2), Idempotency_Key="a-1"),
        await api.batch(key, ticket(), Idempotency_Key="a-1"),
    ):
        assert (told.status, told.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert (await api.found())[0].status == "in_review"


async def test_what_was_refused_is_not_remembered(api: Api) -> None:
    key = await api.key()
    assert (await api.put(key, ticket(body_id=TAX), Idempotency_Key="a-1")).status == 403
    assert (await api.put(key, ticket(), Idempotency_Key="a-1")).status == 201


async def test_an_answer_is_kept_for_72_hours(api: Api) -> None:
    key = await api.key()
    await api.put(key, ticket(), Idempotency_Key="a-1")
    other = ticket(status="satisfied", version=2)
    api.now_us += 72 * 3_600_000_000 - 1
    assert (await api.put(key, other, Idempotency_Key="a-1")).status == 422
    api.now_us += 1
    assert (await api.put(key, other, Idempotency_Key="a-1")).status == 200


async def test_answers_past_their_time_are_taken_away(api: Api, tmp_path: Path) -> None:
    key = await api.key()
    for name in "abc":
        await api.put(key, ticket(), Idempotency_Key=name)
    api.now_us += 72 * 3_600_000_000
    await api.put(key, ticket(), Idempotency_Key="d")
    async with door.reader(tmp_path / "tickets.db") as connection:
        row = await door.one_row(connection, "SELECT json_group_array(k) FROM api_idem")
    assert json.loads(row[0]) == ["d"]


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 101, "ü"])
async def test_a_key_of_a_repeat_is_short_and_printable(api: Api, name: str) -> None:
    told = await api.put(await api.key(), ticket(), Idempotency_Key=name)
    assert (told.status, told.json["errors"][0]["field"]) == (400, "Idempotency-Key")


async def test_the_same_push_sent_many_times_at_once_is_stored_once(api: Api) -> None:
    key = await api.key()
    told = await asyncio.gather(*(api.put(key, ticket(), Idempotency_Key="a-1") for _ in range(8)))
    assert {(each.status, each.octets) for each in told} == {(201, told[0].octets)}
    assert api.counted.pushes == {"added": 1, "repeated": 7}


# -- reading


async def test_a_ticket_is_shown_without_its_owner_and_without_what_is_for_staff(
    api: Api,
) -> None:
    key = await api.key()
    await api.put(key, ticket(owner_phones=[feed.PHONE]))
    told = await api.get(key)
    assert told.status == 200
    (shown,) = told.json["tickets"]
    assert (shown["status"], shown["version"], shown["deleted"]) == ("in_review", 1, False)
    assert feed.hash_phone(feed.PHONE).encode() not in told.octets
    assert not {"owner_lang", "owner_hashes", "sensitivity", "extra", "actor_role"} & set(shown)
    assert told.headers["Cache-Control"] == "no-store"


async def test_a_kind_narrows_what_is_shown(api: Api) -> None:
    key = await api.key()
    await api.put(key, ticket())
    assert (await api.get(key, query="?kind=appeal")).status == 200
    assert (await api.get(key, query="?kind=fine")).status == 404
    for query in ("?kind=", "?kind=No%20kind"):
        assert (await api.get(key, query=query)).status == 422
    assert (await api.get(key, number="x")).status == 422


async def test_a_number_that_too_many_kinds_have_already_takes_no_more(api: Api) -> None:
    bare = {"number": NUMBER, "status": "in_review", "body_id": AKIMAT}
    full = [bare | {"kind": "appeal", "source_system": f"system-{n}"} for n in range(SLOTS - 1)]
    async with api.registry.writer() as writer:
        await writer.put([row_of(each, feed.hash_phone) for each in full], NOW_US)
    told = await api.batch(await api.key(), bare | {"kind": "fine"}, bare | {"kind": "inspection"})
    assert [line["result"] for line in told.lines] == ["added", "rejected", "ended"]
    refused = await api.put(await api.key(), bare | {"kind": "one-more"})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "number")


async def test_a_number_of_cyrillic_letters_is_written_in_percents(api: Api) -> None:
    key = await api.key()
    bare = {"kind": "appeal", "status": "in_review", "body_id": AKIMAT}
    assert (await api.put(key, bare, "%D0%96%D0%A2-2026-00431220")).status == 201
    told = await api.get(key, "ЖТ-2026-00431220")
    assert told.json["number"] == "ЖТ-2026-00431220"


async def test_a_ticket_registered_by_mistake_is_told_no_more_and_keeps_its_path(api: Api) -> None:
    key = await api.key()
    await api.put(key, ticket())
    gone = ticket(version=2, deleted=True, status_at="2026-10-10T10:00:00+05:00")
    assert (await api.put(key, gone)).status == 200
    assert await api.found() == []
    (shown,) = (await api.get(key)).json["tickets"]
    assert shown["deleted"] is True
    assert [event["stage"] for event in shown["events"]] == ["registered", "deleted"]
    assert (await api.put(key, ticket(version=1))).status == 409


async def test_other_methods_are_told_which_there_are(api: Api) -> None:
    for method in ("DELETE", "POST", "PATCH", "HEAD"):
        async with api.client.request(method, f"/api/v1/tickets/{NUMBER}") as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET,PUT")
