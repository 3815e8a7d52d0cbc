"""Passwords, the settings of accounts, and the check of who wants to bind."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.operators import OperatorProfile
from smpp.server.access import AccessLimits
from smpp.server.accounts import (
    AccountSettings,
    Doorkeeper,
    Password,
    PasswordError,
    Verdict,
    outbind_address,
)
from tests.support.server import PATIENT, PHC, SECRET, account

ADDRESS = "10.0.0.1"
HASHED = account("hashed", password=Password.of_hash(PHC))


@pytest.mark.parametrize(
    "password", [Password.of_secret(SECRET), Password.of_hash(PHC)], ids=["secret", "hash"]
)
def test_a_password_matches_itself_alone(password: Password) -> None:
    assert password.matches(SECRET)
    for wrong in ("", SECRET[:-1], SECRET + "x", SECRET.upper(), "я"):
        assert not password.matches(wrong)


@given(st.text(max_size=20))
def test_nothing_else_matches_whatever_it_holds(given: str) -> None:
    assert Password.of_secret(SECRET).matches(given) is (given == SECRET)


@pytest.mark.parametrize("phc", ["", "s3cret", "$2b$12$abc", PHC[:40], "$argon2id$v=19$"])
def test_what_is_no_hash_of_argon2_is_refused_without_being_shown(phc: str) -> None:
    with pytest.raises(PasswordError, match="no PHC string of argon2") as caught:
        Password.of_hash(phc)
    assert not phc or phc not in str(caught.value).replace("$argon2id$v=19$m=...", "")


@pytest.mark.parametrize("secret", ["", "a\0b"])
def test_a_secret_that_no_bind_can_send_is_refused(secret: str) -> None:
    with pytest.raises(PasswordError, match="empty or holds a NUL"):
        Password.of_secret(secret)


def test_no_password_shows_itself() -> None:
    shown = repr(account(outbind="h:1", outbind_password="call me"))
    assert SECRET not in shown
    assert "call me" not in shown
    assert repr(Password.of_hash(PHC)) == "<Password>"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"binds_max": 0}, "binds_max is 0, it must be at least 1"),
        ({"window": 0}, "window is 0"),
        ({"tps_max": -1}, "tps_max is -1, it must be at least 0"),
        ({"unanswered_max": 0}, "unanswered_max is 0"),
        ({"system_id": ""}, "system_id must be a text without a NUL"),
        ({"outbind": "host"}, "outbind is 'host', it must be host:port"),
        ({"outbind": ":2775"}, "it must be host:port"),
        ({"outbind": "host:99999"}, "it must be host:port"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(changes: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match="account agent: ") as caught:
        account(**changes)
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("outbind", "address"),
    [("10.0.0.1:2775", ("10.0.0.1", 2775)), ("[::1]:99", ("::1", 99)), ("a.kz:1", ("a.kz", 1))],
)
def test_where_an_outbind_goes(outbind: str, address: tuple[str, int]) -> None:
    assert outbind_address(account(outbind=outbind)) == address


@pytest.mark.parametrize(("configured", "used"), [(0x64, 0x14), (0x08, 0x08)])
def test_busy_is_said_to_an_esme_in_a_status_that_it_tries_again_on(
    configured: int, used: int
) -> None:
    profile = OperatorProfile(busy_status=configured)
    assert account(profile=profile).profile.busy_status == used


def doorkeeper(*accounts: AccountSettings, limits: AccessLimits = PATIENT) -> Doorkeeper:
    return Doorkeeper(accounts or (account(), HASHED), limits)


async def check(door: Doorkeeper, name: str, secret: str, address: str = ADDRESS) -> Verdict:
    return await door.check(name, secret, address)


@pytest.mark.parametrize("name", ["agent", "hashed"])
async def test_who_proves_it_is_let_in(name: str) -> None:
    door = doorkeeper()
    verdict = await check(door, name, SECRET)
    assert verdict.account is not None
    assert verdict.account.name == name
    door.close()


async def test_every_failure_looks_the_same() -> None:
    far = account("far", addresses=(ipaddress.ip_network("192.0.2.0/24"),))
    told = set()
    for name, secret in (("agent", "x"), ("hashed", "x"), ("nobody", SECRET), ("far", SECRET)):
        door = doorkeeper(account(), HASHED, far, limits=AccessLimits(delay_s=0.5))
        verdict = await check(door, name, secret)
        assert verdict.account is None
        told.add((verdict.status, verdict.delay_s))
        door.close()
    assert told == {(0x0E, 0.5)}


async def test_the_decoy_of_unknown_users_costs_what_an_account_costs_and_opens_nothing() -> None:
    decoy = Password.decoy((Password.of_secret("a"), Password.of_hash(PHC)))
    assert decoy.slow
    assert not Password.decoy((Password.of_secret("a"),)).slow
    door = doorkeeper(HASHED)
    assert (await check(door, "nobody", "nobody's")).account is None
    door.close()


async def test_hashes_are_checked_off_the_loop_one_at_a_time() -> None:
    threads: list[int] = []
    inside = most = 0

    class Watched(Password):
        __slots__ = ()

        def matches(self, given: str) -> bool:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            threads.append(threading.get_ident())
            found = super().matches(given)
            inside -= 1
            return found

    door = doorkeeper(account("hashed", password=Watched(b"", PHC)))
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(check(door, "hashed", SECRET))
    assert most == 1
    assert len(threads) == 20
    assert threading.get_ident() not in threads
    door.close()


async def test_many_at_once_are_turned_away_and_not_counted_against_their_address() -> None:
    limits = AccessLimits(waiting_max=2, failures_max=1)
    door = doorkeeper(HASHED, limits=limits)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(check(door, "hashed", SECRET)) for _ in range(5)]
    statuses = [task.result().status for task in tasks]
    assert statuses == [0, 0, 0x08, 0x08, 0x08]
    assert not door.refused(ADDRESS)
    door.close()


async def test_tries_that_were_started_at_once_do_not_escape_the_count() -> None:
    door = doorkeeper(HASHED, limits=AccessLimits(failures_max=3))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(check(door, "hashed", f"guess{n}")) for n in range(10)]
    looked_at = [task for task in tasks if task.result().counted]
    assert len(looked_at) == 3
    assert (await check(door, "hashed", SECRET)).account is None
    assert (await check(door, "hashed", SECRET, "10.0.0.2")).account is not None
    door.close()


@pytest.mark.parametrize("changes", [{"name": "agent"}, {"system_id": "agent"}])
async def test_two_accounts_of_one_name_are_refused(changes: dict[str, str]) -> None:
    other = replace(account("other"), **changes)
    with pytest.raises(ValueError, match="both must differ"):
        doorkeeper(account(), other)


async def test_after_a_guess_that_cost_work_no_other_is_looked_at_for_a_while() -> None:
    limits = replace(PATIENT, rest=1_000.0)
    async with asyncio.timeout(5):
        doorkeeper = Doorkeeper((HASHED,), limits)
        assert (await doorkeeper.check("hashed", SECRET, ADDRESS)).account is HASHED
        assert doorkeeper.rests_s == 0
        assert (await doorkeeper.check("hashed", "wrong", ADDRESS)).account is None
        assert doorkeeper.rests_s > 0
    doorkeeper.close()


async def test_a_guess_that_cost_nothing_is_followed_by_no_rest() -> None:
    doorkeeper = Doorkeeper((account(),), replace(PATIENT, rest=1_000.0))
    assert (await doorkeeper.check("agent", "wrong", ADDRESS)).account is None
    assert doorkeeper.rests_s == 0
    doorkeeper.close()
