"""The conformance kit: our two roles pass what it plays, and peers that are wrong do not."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import jauap
from gateway.settings import SettingsError
from smpp.backoff import BackoffLimits
from smpp.conform import (
    ROWS,
    Account,
    Dialler,
    Listener,
    NoPeerError,
    Options,
    Result,
    Role,
    Verdict,
    play,
    plays_of,
)
from smpp.conform.rows_flow import peak
from smpp.esme import Link
from smpp.links import LinkSettings, SessionLimits
from smpp.operators import OperatorProfile
from smpp.server.access import AccessLimits
from smpp.server.accounts import AccountSettings, Password
from smpp.simulator import Smsc as Simulator
from smpp.simulator import wire
from smpp.simulator.chaos import Chaos
from smpp.simulator.session import Session
from smpp.smsc import ServerLimits, ServerSettings, Smsc
from smpp.status import BindAction
from smpp.tls import TlsFiles
from tests.support.line import quick
from tests.support.naive_esme import keep_bound
from tests.support.service import a_look
from tests.support.small_desk import SmallDesk

HOST = "127.0.0.1"
JAUAP = str(Path(sys.executable).parent / "jauap")
TLS = Path(__file__).parent.parent / "support" / "tls"
QUESTION = "061200000012345678"
NOTHING_LOST = "x" * 200  # of an answer in several parts
FAST = Options(
    question=QUESTION,
    answer_s=5.0,
    reply_s=5.0,
    patience_s=1.0,
    rebind_s=5.0,
    backoff_min_s=0.02,
    settle_s=0.1,
    lock_out=True,
)
# Timers that a test can wait for.
QUICK = quick(
    enquire_link_timer_s=0.25,
    pdu_read_timer_s=0.25,
    session_init_timer_s=0.25,
    response_timer_s=0.4,
)
LIMITS = SessionLimits(
    throttle_pause_s=0.05,
    backoff=BackoffLimits(
        delays_s={
            BindAction.BACKOFF: (0.05, 0.1, 0.2),
            BindAction.BUSY_BACKOFF: (0.1,),
            BindAction.LONG_BACKOFF: (300.0,),
        }
    ),
)


def only(*rows: str, **changes: object) -> Options:
    return replace(FAST, only=frozenset(rows), **changes)  # type: ignore[arg-type]  # fields by name


def judged(results: list[Result], verdict: Verdict) -> dict[str, str]:
    return {each.row_id: each.detail for each in results if each.verdict is verdict}


def nobody(row_id: str) -> None:
    """Nobody looks on."""


# What we are -----------------------------------------------------------------------------------


async def of_our_link(
    options: Options, profile: OperatorProfile = QUICK, answer: str = "", **settings: object
) -> list[Result]:
    """Our client role with a small desk behind it, played to."""
    bench = Listener(options, HOST, 0)
    await bench.start()
    numbers = itertools.count(1)
    desk = SmallDesk(profile, answer=answer or "under review")
    given = {"name": "peer", "system_id": "1012", "tps_max": 0, "limits": LIMITS, **settings}
    link = Link(
        LinkSettings(host=HOST, port=bench.port, **given),  # type: ignore[arg-type]  # by name
        profile,
        desk,
        next_session=lambda: next(numbers),
        jitter=lambda: 0.5,
        password="secret",
    )
    desk.lines["peer"] = link
    async with asyncio.TaskGroup() as group:
        running = group.create_task(link.run())
        try:
            await bench.first(5.0)
            return await play(bench, nobody)
        finally:
            await bench.stop()
            running.cancel()


async def test_our_client_role_passes_every_row_that_is_played_to_an_esme() -> None:
    results = await of_our_link(FAST)
    assert judged(results, Verdict.FAILED) == {}
    # Two binds, a rate and long answers have tests of their own.
    assert set(judged(results, Verdict.UNTESTABLE)) == {"B20", "P6", "L21", "L22"}
    assert len(judged(results, Verdict.PASSED)) == len(plays_of(Role.ESME)) - 4


async def test_our_client_role_keeps_to_its_rate() -> None:
    results = await of_our_link(only("P6", tps=20), tps_max=20)
    assert list(judged(results, Verdict.PASSED)) == ["P6"]


async def test_our_client_role_answers_by_the_bind_it_was_asked_by() -> None:
    results = await of_our_link(only("B1", "B20", "B19", binds=2), binds=2)
    assert set(judged(results, Verdict.PASSED)) == {"B1", "B19", "B20"}


async def test_our_client_role_sends_long_answers_in_parts_of_one_form() -> None:
    results = await of_our_link(only("L12", "L20", "L21", "L22"), answer=NOTHING_LOST)
    assert judged(results, Verdict.FAILED) == {}
    assert set(judged(results, Verdict.PASSED)) == {"L12", "L20", "L21", "L22"}
    assert judged(results, Verdict.PASSED)["L21"] == "UDH of 8 bits"


@asynccontextmanager
async def our_server(
    profile: OperatorProfile = QUICK, tps_max: int = 0, tls: TlsFiles | None = None
) -> AsyncIterator[Smsc]:
    """Our server role with a small desk behind it; it lets in `KIT`."""
    numbers = itertools.count(1)
    desk = SmallDesk(profile, keeps=True)
    account = AccountSettings(
        name="peer",
        system_id="kit",
        password=Password.of_secret("right"),
        profile=profile,
        tps_max=tps_max,
        short_codes=("1012",),
    )
    limits = ServerLimits(
        bind_within_s=0.5, ghost_s=0.1, access=AccessLimits(delay_s=0.02), session=LIMITS
    )
    smsc = Smsc(
        ServerSettings(host=HOST, port=0, tls=tls, limits=limits),
        [account],
        desk,
        next_session=lambda: next(numbers),
        jitter=lambda: 0.5,
    )
    desk.lines.update(smsc.accounts)
    await smsc.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(smsc.run())
        try:
            yield smsc
        finally:
            running.cancel()


KIT = Account(system_id="kit", password="right", binds_max=2)


async def of_smsc(
    options: Options,
    port: int,
    account: Account = KIT,
    tls: ssl.SSLContext | None = None,
) -> list[Result]:
    """Whoever serves that port, played to."""
    bench = Dialler(options, account, HOST, port, tls, "smsc.test")
    try:
        await bench.start()
        return await play(bench, nobody)
    finally:
        await bench.stop()


async def test_our_server_role_passes_every_row_that_is_played_to_an_smsc() -> None:
    async with our_server() as smsc:
        results = await of_smsc(FAST, smsc.port)
    assert judged(results, Verdict.FAILED) == {}
    assert set(judged(results, Verdict.UNTESTABLE)) == {"T2", "V8"}


async def test_our_server_role_throttles_who_is_too_fast() -> None:
    async with our_server(tps_max=10) as smsc:
        results = await of_smsc(only("V8", tps=10), smsc.port)
    assert list(judged(results, Verdict.PASSED)) == ["V8"]


async def test_our_server_role_passes_by_tls_too() -> None:
    files = TlsFiles(server_side=True, cert_file=str(TLS / "smsc.pem"))
    trusting = ssl.create_default_context(cafile=str(TLS / "ca.pem"))
    rows = {"F1", "F3", "B17", "C1", "T2", "V1", "V4"}
    async with our_server(tls=files) as smsc:
        results = await of_smsc(only(*rows), smsc.port, tls=trusting)
        with pytest.raises(NoPeerError, match="CERTIFICATE_VERIFY_FAILED"):
            await of_smsc(only("F1"), smsc.port, tls=ssl.create_default_context())
    assert set(judged(results, Verdict.PASSED)) == rows


# The simulator -----------------------------------------------------------------------------------

PHONE = replace(FAST, question="", to="77010000001", lock_out=False)
# It gives a broken header's number back, waits for ever for the rest of a PDU, and writes receipts
# as Appendix B has them, without TLVs.
OTHERWISE = {"F4", "F9", "V12"}


async def test_the_simulator_fails_where_it_means_to() -> None:
    async with Simulator(password="right", bind_timeout_s=0.4) as smsc:
        account = Account(system_id="kit", password="right")
        results = await of_smsc(replace(PHONE, without=frozenset({"V6"})), smsc.port, account)
    assert set(judged(results, Verdict.FAILED)) == OTHERWISE


@pytest.mark.parametrize(
    ("chaos", "row"),
    [
        (Chaos(silence_percent=100), "F1"),
        (Chaos(throttle_percent=100), "D3"),
        (Chaos(wrong_sequence_percent=100), "S2"),
        (Chaos(unknown_command_percent=0, half_close_percent=100), "F7"),
    ],
    ids=["silent", "throttling", "wrong-number", "half-closing"],
)
async def test_an_smsc_in_disorder_fails_the_row(chaos: Chaos, row: str) -> None:
    async with Simulator(chaos=chaos) as smsc:
        results = await of_smsc(replace(PHONE, only=frozenset({row}), answer_s=0.5), smsc.port)
    assert list(judged(results, Verdict.FAILED)) == [row]


async def test_torn_and_late_octets_fail_nothing() -> None:
    async with Simulator(chaos=Chaos(torn_percent=100, torn="octet", merge_ms=5)) as smsc:
        rows = frozenset({"F1", "F2", "S4", "C1", "D7", "L1"})
        results = await of_smsc(replace(PHONE, only=rows), smsc.port)
    assert set(judged(results, Verdict.PASSED)) == rows


@pytest.mark.parametrize(
    ("method", "wrong", "row"),
    [
        ("_submitted", lambda self, pdu: self._switch.submit(self, pdu), "V9"),
        ("_submitted", lambda self, pdu: self._switch.submit(self, pdu), "V2"),
        ("_refuse", lambda self, pdu: self.respond(pdu, 0), "C1"),
        ("_bind", lambda self, pdu: self._decide(pdu, wire.decode_bind(pdu.body)), "V3"),
        ("_responded", lambda self, pdu: self._refuse(pdu), "C2"),
    ],
    ids=["submit-on-receiver", "submit-unbound", "all-is-well", "bind-twice", "answers-responses"],
)
async def test_a_wrong_smsc_fails_the_row(
    monkeypatch: pytest.MonkeyPatch, method: str, wrong: object, row: str
) -> None:
    async with Simulator(bind_timeout_s=0.4) as smsc:
        monkeypatch.setattr(Session, method, wrong)
        results = await of_smsc(replace(PHONE, only=frozenset({row})), smsc.port)
    assert list(judged(results, Verdict.FAILED)) == [row]


# Peers that are wrong ----------------------------------------------------------------------------


async def of_naive(faults: Collection[str], options: Options) -> list[Result]:
    """The naive ESME, played to."""
    bench = Listener(options, HOST, 0)
    await bench.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(keep_bound(bench.port, faults))
        try:
            await bench.first(5.0)
            return await play(bench, nobody)
        finally:
            running.cancel()
            await bench.stop()


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        ("length_ignored", "F3"),
        ("takes_what_is_cut_off", "F6"),
        ("numbers_of_31_bits", "S3"),
        ("counts_its_own_responses", "S2"),
        ("one_number_for_all", "S8"),
        ("unbind_unanswered", "B15"),
        ("comes_back_at_once", "B10"),
        ("closes_on_unknown_command", "C1"),
        ("answers_responses", "C2"),
        ("nacks_known_requests", "C3"),
        ("closes_on_unknown_status", "C7"),
        ("minds_request_status", "C8"),
        ("nacks_vendor_tlvs", "C9"),
        ("refuses_empty_texts", "D15"),
        ("replies_twice", "L9"),
        ("receipts_are_questions", "R1"),
        ("replies_twice", "M1"),
        ("no_nul", "M5"),
        ("empty_id_means_again", "P1"),
        ("throttled_text_lost", "P4"),
        ("validity_by_the_calendar", "P8"),
        ("wrong_type_of_number", "P10"),
        ("answers_letters", "A3"),
        ("no_window", "P5"),
    ],
)
async def test_a_wrong_esme_fails_the_row_that_a_right_one_passes(fault: str, row: str) -> None:
    # What rows look back on has to come from others.
    helpers = {"B10": ("F3", "F4", "F5"), "S8": ("F10",), "P8": ("F10",), "P10": ("F10",)}
    options = only(row, *helpers.get(row, ()), answer_s=0.5, reply_s=0.5, patience_s=0.5, window=3)
    wrong = await of_naive({fault}, options)
    assert row in judged(wrong, Verdict.FAILED)
    if row not in RIGHT_ONE_FAILS:
        right = await of_naive((), options)
        assert row in judged(right, Verdict.PASSED), judged(right, Verdict.FAILED)


# The naive ESME joins no parts, forgets what it had, waits for no window and no longer each time.
RIGHT_ONE_FAILS = {"L9", "M1", "P5", "B10"}


# The run ------------------------------------------------------------------------------------------


async def test_who_never_binds_is_no_peer() -> None:
    bench = Listener(FAST, HOST, 0)
    await bench.start()
    with pytest.raises(NoPeerError, match="no ESME bound"):
        await bench.first(0.05)
    await bench.stop()


async def test_a_port_where_nobody_listens_is_no_peer() -> None:
    bench = Listener(FAST, HOST, 0)
    await bench.start()
    await bench.stop()
    with pytest.raises(NoPeerError, match="no connection"):
        await of_smsc(FAST, bench.port)


async def test_a_refused_account_is_no_peer() -> None:
    async with Simulator(password="other") as smsc:
        with pytest.raises(NoPeerError, match="0x0E"):
            await of_smsc(PHONE, smsc.port)


async def test_an_esme_that_stays_away_is_waited_for_once() -> None:
    options = only("F3", "F4", "B2", answer_s=0.5, rebind_s=0.2)
    bench = Listener(options, HOST, 0)
    await bench.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(keep_bound(bench.port))
        await bench.first(5.0)
        running.cancel()
        results = await play(bench, nobody)
        await bench.stop()
    failed, untestable = judged(results, Verdict.FAILED), judged(results, Verdict.UNTESTABLE)
    assert {**failed, **untestable}.keys() == {"F3", "F4", "B2"}
    assert all("no bind within" in why or "ended" in why for why in untestable.values())


async def test_a_session_that_one_row_spoilt_does_not_fail_the_next() -> None:
    results = await of_naive({"hangs_on_vendor_tlvs"}, only("C9", "C10", answer_s=0.3))
    assert list(judged(results, Verdict.FAILED)) == ["C9"]
    assert list(judged(results, Verdict.PASSED)) == ["C10"]


async def test_a_row_that_the_time_cut_off_is_not_failed() -> None:
    async with Simulator(chaos=Chaos(silence_percent=100)) as smsc:
        results = await of_smsc(replace(PHONE, only=frozenset({"F1"}), limit_s=0.2), smsc.port)
    assert "F1" in judged(results, Verdict.SKIPPED)


async def test_rows_are_left_out_by_name_by_risk_and_by_time() -> None:
    async with Simulator() as smsc:
        named = await of_smsc(replace(PHONE, only=frozenset({"F1", "V13"})), smsc.port)
        timed = await of_smsc(replace(PHONE, limit_s=0.0), smsc.port)
    skipped = judged(named, Verdict.SKIPPED)
    assert list(judged(named, Verdict.PASSED)) == ["F1"]
    assert skipped["F2"] == "not asked for"
    assert "--lock-out" in skipped["V13"]
    assert len(judged(timed, Verdict.SKIPPED)) == len(plays_of(Role.SMSC))


async def test_every_row_has_a_result_in_the_order_of_the_catalogue() -> None:
    async with Simulator() as smsc:
        results = await of_smsc(replace(PHONE, only=frozenset({"F1"})), smsc.port)
    assert [each.row_id for each in results] == list(ROWS)
    assert all(each.detail for each in results if each.verdict is not Verdict.PASSED)


@pytest.mark.parametrize("role", Role)
def test_a_row_is_played_or_says_why_not(role: Role) -> None:
    assert len(ROWS) == 141
    played = plays_of(role)
    for row_id, row in ROWS.items():
        assert (row_id in played) != (role in row.not_played), row_id


def test_the_peak_is_that_of_any_second() -> None:
    assert peak([0.0, 0.9, 1.0, 1.1, 1.89], 1.0) == 4
    assert peak([], 1.0) == 0


# The command --------------------------------------------------------------------------------------


async def command(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *(JAUAP, "conform", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONUTF8": "1", "PATH": "/usr/bin:/bin", "KIT_PASSWORD": "right"},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


ROWS_OF_TWO = ("--only", "F1", "--only", "f4")
AS_KIT = ("--system-id", "kit", "--password-env", "KIT_PASSWORD", "--to", "77010000001")


async def test_the_command_prints_a_line_a_row_and_ends_with_1_where_one_failed() -> None:
    async with Simulator(password="right") as smsc:
        code, out, _ = await command("smsc", f"{HOST}:{smsc.port}", *AS_KIT, *ROWS_OF_TWO)
    lines = out.splitlines()
    assert code == 1
    assert [line.split()[:2] for line in lines[:2]] == [["F1", "passed"], ["F4", "failed"]]
    assert "1 passed, 1 failed, 0 untestable" in lines[2]
    assert len(lines) == 3


async def test_the_command_gives_all_rows_as_json_and_ends_with_0() -> None:
    async with Simulator(password="right") as smsc:
        words = (f"{HOST}:{smsc.port}", *AS_KIT, "--only", "F1", "--all", "--json")
        code, out, _ = await command("smsc", *words)
    told = json.loads(out)
    assert code == 0
    assert (told["role"], told["counts"]["passed"], len(told["rows"])) == ("smsc", 1, 141)
    assert told["rows"][0]["verdict"] == "passed"


async def test_the_command_waits_for_an_esme() -> None:
    async with asyncio.TaskGroup() as group:
        port = await a_free_port()
        running = group.create_task(come_until_bound(port))
        code, out, _ = await command("esme", f"{HOST}:{port}", "--only", "F1", "--rebind", "20")
        running.cancel()
    assert code == 0
    assert out.startswith("F1   passed")


async def a_free_port() -> int:
    server = await asyncio.start_server(lambda reader, writer: None, HOST, 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def come_until_bound(port: int) -> None:
    """Nobody listens yet."""
    while True:
        with contextlib.suppress(OSError):
            await keep_bound(port)
        await a_look()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("smsc", "nowhere"), "is not host:port"),
        (("smsc", "127.0.0.1:9"), "--to PHONE, or --question"),
        (("smsc", "127.0.0.1:9", "--to", "1", "--only", "X9"), "there is no row X9"),
        (("smsc", "127.0.0.1:9", "--to", "1", "--password-env", "NO_SUCH"), "NO_SUCH is not set"),
        (("smsc", "127.0.0.1:1", "--to", "1"), "no connection"),
        (("esme", "127.0.0.1:9", "--question", "Ә"), "must be ASCII"),
        (("smsc", "a..b:9", "--to", "1"), "no connection"),
        (("smsc", "127.0.0.1:9", "--to", "1", "--system-id", "Ә"), "system_id"),
        (("smsc", "127.0.0.1:9", "--to", "me"), "up to 19 digits"),
        (("smsc", "127.0.0.1:9", "--to", "1", "--only", "F1", "--without", "F1"), "leave no row"),
        (("esme", "a..b:9"), "address of this machine"),
        (("esme", "127.0.0.1:9", "--question", "1" * 71), "70 are the most"),
        (("esme", "127.0.0.1:9", "--msisdn-from", "12"), "11 digits"),
        (("esme", "127.0.0.1:9", "--msisdn-from", "-1234567890"), "11 digits"),
    ],
)
def test_wrong_use_names_the_remedy(words: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(jauap, ["conform", *words])
    assert isinstance(result.exception, SettingsError)
    assert told in str(result.exception)
