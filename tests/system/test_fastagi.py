"""FastAGI over real sockets, with a gateway behind it that answers as scripted."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

import ivr.fastagi
from ivr.actions import Phrase
from ivr.attendant.attendant import Attendant
from ivr.dialects import DIALECTS
from ivr.dialects.agi_script import reply_within_s
from ivr.fastagi import AgiTable, FastAgi
from ivr.webhook import make_webhook
from tests.support.asterisk import Asterisk, environment
from tests.support.call_desk import FOUND, Counted, Desk, voice_texts
from tests.support.players.contract import GATHER, HANGUP, TRANSFER
from tests.support.players.fastagi import FastAgiPlayer, make
from tests.support.service import until

SECRET = "0123456789abcdef"
NOW_US = 1_795_150_800_000_000
SCRIPT = f"ivr/1414/{SECRET}"
KNOWN = {"77010000001": "en"}


class Recordings:
    """Each phrase has a recording, and its words are known by the address."""

    def __init__(self) -> None:
        self.said: dict[str, tuple[str, str]] = {}

    def url(self, phrase: Phrase) -> str:
        url = f"http://gw/prompts/{len(self.said)}.wav"
        self.said[url] = (phrase.language, phrase.text)
        return url


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def loop_time(self) -> float:
        return self.now_s


class Pbx(NamedTuple):
    """The gateway's end."""

    server: FastAgi
    attendant: Attendant
    recordings: Recordings

    def player(self, caller: str = "+77010000001", call_id: str = "1795150800.14") -> FastAgiPlayer:
        address = f"agi://127.0.0.1:{self.server.port}"
        return make(
            "fastagi", base_url=address, path="/ivr/1414", secret=SECRET,
            caller=caller, called="1414", call_id=call_id,
            words=self.recordings.said.__getitem__,
        )  # fmt: skip

    async def line(self, script: str = SCRIPT, unique_id: str = "1795150800.14") -> Asterisk:
        line = await Asterisk.connect("127.0.0.1", self.server.port)
        line.introduce(environment(script, unique_id=unique_id))
        return line

    async def answered(self, unique_id: str = "1795150800.14") -> Asterisk:
        """A call that has been answered and hears its first recording."""
        line = await self.line(unique_id=unique_id)
        await line.expect("ANSWER")
        line.tell("200 result=0")
        await line.expect("STREAM", "FILE")
        return line


@asynccontextmanager
async def pbx(
    desk: Desk,
    counted: Counted | None = None,
    *,
    clock: Clock | None = None,
    peers: str = "127.0.0.0/8",
    connections_max: int = 10,
    patience: Callable[[str], float] = reply_within_s,
) -> AsyncIterator[Pbx]:
    counted, clock, recordings = counted or Counted(), clock or Clock(), Recordings()
    webhook = make_webhook(
        link="1414", dialect=DIALECTS["fastagi"], secrets=[SECRET], public_url="http://gw",
        desk=desk, voice=voice_texts(), prompt_url=recordings.url, numbers=["1414"],
        operator_target="+77172000000", now_us=lambda: NOW_US, loop_time=clock.loop_time,
        counters=counted, nonce_secret="ours",
    )  # fmt: skip
    table = AgiTable(attendant=webhook.attendant, peers=[ipaddress.ip_network(peers)])
    server = FastAgi(
        host="127.0.0.1", port=0, tables={"1414": table}, counters=counted,
        connections_max=connections_max, patience=patience,
    )  # fmt: skip
    server.bind()
    async with asyncio.TaskGroup() as loops:
        running = loops.create_task(server.run())
        try:
            yield Pbx(server, webhook.attendant, recordings)
        finally:
            running.cancel()


# -- calls


async def test_a_caller_hears_the_status() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with pbx(desk, counted) as asterisk:
        caller = asterisk.player()
        assert (await caller.call()).then == GATHER
        await caller.keys("1")
        told = await caller.keys(FOUND + "#")
        assert told.then == GATHER
        assert "due by the fifteenth of December." in told.said[0][1]
        await caller.hang_up(61)
    assert [q.digits for q in desk.questions] == [FOUND]
    assert [(end.outcome, end.seconds, end.closed_by) for end in desk.ends] == [
        ("completed", 61, "hangup")
    ]
    assert counted.outcomes() == ["started", "step", "step", "ended"]


async def test_the_gateway_hangs_up_when_the_call_is_done() -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        caller = asterisk.player()
        heard = await caller.call()
        while heard.then == GATHER:
            heard = await caller.keys("#") if heard.said else await caller.silence()
        assert heard.said
        if heard.then == TRANSFER:
            heard = await caller.operator(connected=True, seconds=7)
        assert heard.then == HANGUP
        await caller.hang_up(90)
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("transferred", 90)]


async def test_a_conversation_with_an_operator_is_told_with_its_length() -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        caller = asterisk.player()
        await caller.call()
        assert (await caller.keys("0")).then == TRANSFER
        assert (await caller.operator(connected=True, seconds=40)).then == HANGUP
        await caller.hang_up(55)
    assert [(end.outcome, end.seconds) for end in desk.operators] == [("completed", 40)]


async def test_a_conversation_is_told_also_when_the_caller_ends_it() -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        line = await asterisk.answered()
        line.tell("200 result=48 endpos=800")
        while (command := await line.command())[0] != "GOSUB":
            line.tell("200 result=0")
        line.tell("100 result=0 Trying...", "200 result=0 Gosub complete (abnormal exit)", "HANGUP")
        await line.expect("GET", "VARIABLE", "GOSUB_RETVAL")
        line.tell("200 result=1 ()")
        await line.expect("GET", "VARIABLE", "DIALSTATUS")
        line.tell("200 result=1 (ANSWER)")
        await line.expect("GET", "VARIABLE", "ANSWEREDTIME")
        line.tell("200 result=1 (33)")
        await line.expect("GET", "VARIABLE", "CDR(billsec)")
        line.tell("200 result=1 (45)")
        await line.closed()
        await line.close()
        assert command[4].startswith("+77172000000,")
    assert [(end.outcome, end.seconds) for end in desk.operators] == [("completed", 33)]
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("transferred", 45)]


async def test_a_call_that_comes_again_while_it_lasts_hears_its_last_words_again() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with pbx(desk, counted) as asterisk:
        first, again = await asterisk.answered(), await asterisk.answered()
        assert counted.outcomes() == ["started", "repeated"]
        for line in (first, again):
            await line.close()
        await until(lambda: "ended" in counted.outcomes())
    assert len(desk.starts) == 1
    assert len(desk.ends) == 1


# -- the caller goes


@pytest.mark.parametrize(
    "said",
    [
        ("200 result=-1 endpos=4000", "HANGUP"),
        ("HANGUP", "200 result=-1 endpos=4000"),
        ("HANGUP", "511 Command Not Permitted on a dead channel or intercept routine"),
        ("511 Command Not Permitted on a dead channel",),
        ("HANGUP", "HANGUP", "200 result=0"),
    ],
)
async def test_the_end_is_seen_wherever_it_is_told(said: tuple[str, ...]) -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        line = await asterisk.answered()
        line.tell(*said)
        while (command := await line.command())[0] != "GET":
            line.tell("511 Command Not Permitted on a dead channel or intercept routine")
        assert command == ["GET", "VARIABLE", "CDR(billsec)"]
        line.tell("200 result=1 (12)")
        await line.closed()
        await line.close()
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("completed", 12)]


@pytest.mark.parametrize("said", ["", "200 resul", "HANGUP\n", "HANGUP\n200 result=-1\n"])
async def test_a_line_that_breaks_is_the_end_of_its_call(said: str) -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with pbx(desk, counted) as asterisk:
        line = await asterisk.answered()
        line.tell_octets(said.encode())
        await line.close()
        await until(lambda: desk.ends != [])
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("completed", None)]
    assert counted.outcomes() == ["started", "ended"]


async def test_who_has_gone_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ivr.fastagi, "HUNG_UP_S", 0.01)
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        line = await asterisk.answered()
        line.tell("HANGUP")  # and no reply
        await line.closed()
        await line.close()
    assert [end.seconds for end in desk.ends] == [None]


async def test_keys_after_the_end_are_no_keys() -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        line = await asterisk.answered()
        line.tell("200 result=-1", "HANGUP", "200 result=49", "200 result=1 (9)")
        while command := await line.command():
            last = command
        await line.close()
    assert last == ["GET", "VARIABLE", "CDR(billsec)"]
    assert desk.questions == []
    assert [end.seconds for end in desk.ends] == [9]


# -- Asterisk that does not do as told


async def test_a_recording_that_cannot_be_played_is_logged_and_the_call_goes_on() -> None:
    with capture_logs() as logged:
        async with pbx(Desk(KNOWN)) as asterisk:
            line = await asterisk.answered()
            line.tell("200 result=-1 endpos=0")
            await line.expect("WAIT", "FOR", "DIGIT", "7000")
            line.tell("200 result=0")
            await line.expect("STREAM", "FILE")
            await line.close()
            await until(lambda: any(entry["event"] == "agi_line_lost" for entry in logged))
    failed = next(entry for entry in logged if entry["event"] == "agi_command_failed")
    assert (failed["link"], failed["commands"]) == ("1414", ["STREAM FILE"])


async def test_usage_and_lines_of_no_meaning_are_passed_over() -> None:
    async with pbx(Desk(KNOWN)) as asterisk:
        line = await asterisk.answered()
        line.tell(
            "some line of a module", "520-Invalid command syntax.  Proper usage follows:",
            "  Usage: STREAM FILE <filename> <escape digits>", "200 result=49 is no reply here",
            "520 End of proper usage.",
        )  # fmt: skip
        await line.expect("WAIT", "FOR", "DIGIT", "7000")
        await line.close()


async def test_octets_may_come_one_by_one() -> None:
    async with pbx(Desk(KNOWN)) as asterisk:
        line = await asterisk.answered()
        for octet in b"200 result=0 endpos=8000\r\n":
            line.tell_octets(bytes([octet]))
            await asyncio.sleep(0)
        await line.expect("WAIT", "FOR", "DIGIT")
        await line.close()


@pytest.mark.parametrize(
    "flood", [b"x" * 20_000 + b"\n", b"no reply\n" * 500], ids=["one line", "many lines"]
)
async def test_what_never_becomes_a_reply_ends_the_call(flood: bytes) -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        line = await asterisk.answered()
        line.tell_octets(flood)
        await until(lambda: desk.ends != [])
        await line.close()


async def test_silence_ends_the_call() -> None:
    desk = Desk(KNOWN)
    async with pbx(desk, patience=lambda _: 0.02) as asterisk:
        line = await asterisk.line()
        await line.expect("ANSWER")
        await line.closed()
        await line.close()
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("completed", None)]


async def test_a_long_conversation_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ivr.fastagi, "ALIVE_EVERY_S", 0.01)
    desk, clock = Desk(KNOWN), Clock()
    async with pbx(desk, clock=clock) as asterisk:
        caller = asterisk.player()
        await caller.call()
        await caller.keys("0")
        call = asterisk.attendant.calls.find("1795150800.14", clock.now_s)
        assert call is not None
        for now_s in (800.0, 1_600.0):
            clock.now_s = now_s
            await until(lambda: call.touched_s == clock.now_s)
            await asterisk.attendant.reap()
        assert desk.ends == []
        await caller.operator(connected=True, seconds=1_590)
        await caller.hang_up(1_620)
    assert [end.outcome for end in desk.ends] == ["transferred"]


# -- who is not served


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("ivr/1414/0123456789abcdee", "mismatch"),
        ("ivr/1414", "missing"),
        ("", "missing"),
        (f"ivr/1415/{SECRET}", "missing"),
    ],
)
async def test_a_stranger_is_let_go_without_a_word(script: str, reason: str) -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with pbx(desk, counted) as asterisk:
        line = await asterisk.line(script)
        await line.closed()
        await line.close()
    assert counted.refused == [("fastagi", reason)]
    assert (counted.steps, desk.starts) == ([], [])


async def test_only_peers_are_listened_to() -> None:
    counted = Counted()
    async with pbx(Desk(), counted, peers="192.0.2.0/24") as asterisk:
        line = await asterisk.line()
        await line.closed()
        await line.close()
    assert counted.refused == [("fastagi", "peer")]


async def test_one_connection_more_than_there_is_room_for_is_let_go() -> None:
    counted = Counted()
    async with pbx(Desk(KNOWN), counted, connections_max=1) as asterisk:
        held, more = await asterisk.answered(), await asterisk.line()
        await more.closed()
        await more.close()
        await held.close()
        await until(lambda: asterisk.server.connections == 0)
        again = await asterisk.answered("1795150800.15")
        await again.close()
    assert counted.outcomes()[:2] == ["started", "full"]


@pytest.mark.parametrize(
    "block",
    [b"agi_network: yes\n" * 200, b"x" * 20_000, b"agi_network: yes\n", b"\xff\xfe\n\n"],
    ids=["many lines", "one line", "no end", "no sense"],
)
async def test_an_environment_that_is_none_is_let_go(
    block: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ivr.fastagi, "ENVIRONMENT_S", 0.05)
    counted = Counted()
    async with pbx(Desk(), counted) as asterisk:
        line = await Asterisk.connect("127.0.0.1", asterisk.server.port)
        line.tell_octets(block)
        await line.closed()
        await line.close()
    assert counted.steps == []


@pytest.mark.filterwarnings("default")
async def test_a_call_without_an_id_is_handed_to_people() -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with pbx(desk, counted) as asterisk:
        line = await Asterisk.connect("127.0.0.1", asterisk.server.port)
        line.introduce(environment(SCRIPT, unique_id=""))
        reached = False
        while command := await line.command():
            reached |= command[0] == "GOSUB"
            line.tell("200 result=0")
        await line.close()
    assert reached
    assert counted.outcomes() == ["malformed"]


async def test_a_fault_of_ours_ends_its_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pbx(Desk(KNOWN)) as asterisk:
        sound = await asterisk.answered()
        with capture_logs() as logged, monkeypatch.context() as broken:
            broken.setattr(ivr.fastagi, "carry_out", lambda _: None)
            line = await asterisk.line()
            await line.expect("ANSWER")
            line.tell("200 result=0")
            await line.closed()
            await line.close()
        assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == [
            "agi_call_failed"
        ]
        sound.tell("200 result=0")
        await sound.expect("WAIT", "FOR", "DIGIT")
        await sound.close()


async def test_a_stop_leaves_the_callers_to_the_dialplan() -> None:
    desk = Desk(KNOWN)
    async with pbx(desk) as asterisk:
        line = await asterisk.answered()
    await line.closed()
    await line.close()
    assert desk.ends == []
