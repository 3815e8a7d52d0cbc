"""The contract of all voice platforms together: the same calls, played by each over real sockets
against the real gateway, are asked the same questions, hear the same sentences, and leave the same
records. tests/unit/ivr/dialects/ has the documents themselves.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway import owed
from gateway.clock import Clock
from gateway.core.call_records import CallTrace
from gateway.core.records import Chain
from ivr.actions import Phrase
from ivr.dialects import DIALECTS
from ivr.prompts import Prompts
from ivr.speech.dates import spoken_hour
from lookup.registry.source import Registry
from lookup.source import Answers, SourceUnavailableError
from lookup.status import Wanted
from smpp.simulator import Smsc
from tests.support.call_desk import voice_texts
from tests.support.inside import ANY_DAY, Inside, running
from tests.support.played_calls import (
    AT_NIGHT,
    AWAY,
    CALLS,
    TICKETS,
    Call,
    agrees,
    id_of,
    number_of,
)
from tests.support.players import fastagi, jambonz, json_hmac, plivo, twiml, vxml
from tests.support.players.contract import Heard, MakePlayer, Player
from tests.support.service import SECRET, LinkTo, make_folder, toml

MODULES = (fastagi, jambonz, json_hmac, plivo, twiml, vxml)
MAKERS: Mapping[str, MakePlayer] = {
    dialect: module.make for module in MODULES for dialect in module.DIALECTS
}
SECRETS: Mapping[str, str] = twiml.SECRETS
SHARED_SECRET = "the-shared-word-of-this-table"
PATH = "/ivr/1414"


@dataclass
class World:
    """A gateway with one `[[ivr]]`, an operator's SMSC, and the recordings that it named."""

    dialect: str
    inside: Inside
    smsc: Smsc
    address: str
    spoken: dict[str, tuple[str, str]]
    away: set[str]

    def player(self, call: Call, at: int) -> Player:
        return MAKERS[self.dialect](
            self.dialect,
            base_url=self.address,
            path=PATH,
            secret=SHARED_SECRET,
            caller=number_of(call, at),
            called=call.called,
            call_id=id_of(call),
            words=lambda url: self.spoken[url],
        )

    async def traces(self, phone: str) -> list[CallTrace]:
        traces = [trace async for trace in self.inside.parts.journal.call_legs(*ANY_DAY)]
        return [trace for trace in traces if trace.leg.msisdn == phone.removeprefix("+")]

    async def answered(self, phone: str) -> list[Chain]:
        """This phone's questions, once they are all answered."""

        def done(chains: list[Chain]) -> bool:
            return all(chain.result for chain in chains if chain.msisdn == phone[1:])

        chains = await self.inside.settled(done)
        return [chain for chain in chains if phone and chain.msisdn == phone[1:]]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """Every phrase has a recording; the words of each, by its URL."""
    words: dict[str, tuple[str, str]] = {}

    def url(_: Prompts, phrase: Phrase) -> str | None:
        named = f"https://gw.example.kz/prompts/{len(words)}.wav"
        words[named] = (phrase.language, phrase.text)
        return named

    monkeypatch.setattr(Prompts, "url", url)
    monkeypatch.setattr(Prompts, "url_beside_voice", url)
    return words


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Numbers about which the registry does not answer."""
    numbers = {AWAY}
    find_many = Registry.find_many

    async def find(self: Registry, wanted: Sequence[Wanted]) -> Answers:
        if any(item.number in numbers for item in wanted):
            raise SourceUnavailableError("registry", "away", alive=True)
        return await find_many(self, wanted)

    monkeypatch.setattr(Registry, "find_many", find)
    return numbers


@asynccontextmanager
async def world(
    folder: Path,
    dialect: str,
    spoken: dict[str, tuple[str, str]],
    away: set[str],
    operators: dict[str, Any] | None = None,
) -> AsyncIterator[World]:
    feed = folder / "feed.ndjson"
    feed.write_text("".join(json.dumps(each) + "\n" for each in TICKETS), encoding="utf-8")
    (folder / "call-secret").write_text(SECRETS.get(dialect, SHARED_SECRET), encoding="ascii")
    (folder / "operators").write_text("o" * 32, encoding="ascii")  # who calls back
    port, agi = free_port(), free_port()
    http = {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}
    table: dict[str, Any] = {
        "name": "1414",
        "dialect": dialect,
        "path": PATH,
        "secret_file": str(folder / "call-secret"),
        "numbers": ["1414", "88000807777"],
        "numbers_without_sms": ["88000807777"],
        "text_link": "north",
        "operator_target": "+77172000000",
        "recording_notice": True,
        "listen": f"127.0.0.1:{agi}",
    }
    async with Smsc(password=SECRET) as smsc:
        link = LinkTo("north", smsc.port)
        await make_folder(
            folder,
            [link],
            tickets=[feed],
            more=f"\n[[ivr]]\n{toml(table)}",
            http=http,
            operators={"token_file": str(folder / "operators")} | (operators or {}),
        )
        async with running(folder) as inside:
            await smsc.bound(1)
            address = f"agi://127.0.0.1:{agi}" if dialect == "fastagi" else http["public_url"]
            yield World(dialect, inside, smsc, address, spoken, away)


async def press(player: Player, key: str) -> Heard:
    if key == "":
        return await player.call()
    if key == "-":
        return await player.silence()
    if key == "~no":
        return await player.operator(connected=False)
    if key.startswith("~"):
        return await player.operator(connected=True, seconds=int(key[1:]))
    return await player.keys(key)


async def held(at: World, call: Call, place: int) -> list[str]:
    """Play a call; what was heard otherwise than expected."""
    player = at.player(call, place)
    texts = voice_texts()
    wrong = []
    for key, expected in call.steps:
        heard = await press(player, key)
        otherwise = agrees(heard, expected, texts)
        if otherwise is not None:
            wrong.append(f"{call.title}, {key or 'the start'}: {expected}, not {otherwise}")
            break
    await player.hang_up(call.seconds)
    return wrong


class Played(NamedTuple):
    """What was heard otherwise than expected, and what is kept of the calls, call by call."""

    wrong: list[str]
    records: list[tuple[str, ...]]
    questions: list[tuple[str, ...]]
    texts: list[list[str]]


async def played(at: World, place: int) -> Played:
    """All calls of the table, one after the other."""
    story = Played([], [], [], [])
    for call in CALLS:
        story.wrong.extend(await held(at, call, place))
        if AWAY in "".join(key for key, _ in call.steps):
            at.away.clear()
        phone = number_of(call, place)
        story.texts.append([(await at.smsc.next_mt(phone[1:])).text for _ in call.texts])
        story.records.append(tuple(_in_brief(trace) for trace in await at.traces(phone)))
        chains = await at.answered(phone)
        story.questions.append(tuple(f"{chain.channel} {chain.result}" for chain in chains))
    return story


def _in_brief(trace: CallTrace) -> str:
    last = trace.last
    if last is None:
        return f"{trace.leg.leg} open"
    seconds = "-" if last.platform_s is None else last.platform_s
    return f"{trace.leg.leg} {last.outcome} {seconds} {last.language}"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is owed is asked for again at once."""
    monkeypatch.setattr(owed, "SWEEP_S", 0.05)
    monkeypatch.setattr(owed, "SWEEP_MAX_S", 0.05)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_a_platform_holds_the_calls_as_any_other(
    tmp_path: Path, dialect: str, spoken: dict[str, tuple[str, str]], away: set[str]
) -> None:
    async with world(tmp_path, dialect, spoken, away) as at:
        story = await played(at, sorted(DIALECTS).index(dialect))
    assert story.wrong == []
    assert story.records == [call.records for call in CALLS]
    assert story.questions == [call.questions for call in CALLS]
    assert story.texts == [list(call.texts) for call in CALLS]


async def test_outside_the_hours_nobody_is_handed_over(
    tmp_path: Path, spoken: dict[str, tuple[str, str]], away: set[str]
) -> None:
    first = (Clock().now().hour + 12) % 24
    hours = {"workday_hours": [first, first + 1], "day_off_hours": [first, first + 1]}
    async with world(tmp_path, "json", spoken, away, operators=hours) as at:
        assert await held(at, AT_NIGHT, 0) == []
        traces = await at.traces(number_of(AT_NIGHT, 0))
    assert tuple(_in_brief(trace) for trace in traces) == AT_NIGHT.records
    assert any(f" {spoken_hour(first, 'kk', 'abl')} " in text for _, text in spoken.values())


def test_every_dialect_is_played() -> None:
    assert MAKERS.keys() == DIALECTS.keys()
