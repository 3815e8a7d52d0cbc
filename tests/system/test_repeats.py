"""A person who asks again, and one who gets several long texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.core.conversation import Conversation, Words
from gateway.store import sqlite_calls
from lookup.registry.source import Registry
from lookup.status import Wanted
from smpp.simulator import RetrySchedule, Smsc
from tests.support.inside import impatient, running
from tests.support.peer import (
    DELIVER_SM,
    RESPONSE,
    SUBMIT_SM,
    Wire,
    deliver_sm,
    listening,
    read_submit,
)
from tests.support.service import SECRET, LinkTo, write_open_tickets

FIRST = 61_200_000_070_000_000
NUMBER = f"{FIRST:018d}"
PHONE, OTHER = "77010000701", "77010000702"
SOON = RetrySchedule(response_timeout_s=2.0, after_s=(0.1,) * 100)
PRICE_TIYN = 1_500
REPEAT_US = 300_000  # in place of a minute
CHARGED = [("rated", PRICE_TIYN), ("charged", PRICE_TIYN)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers that the registry was asked for."""
    numbers: list[str] = []
    find_many = Registry.find_many

    async def counted(self: Registry, wanted: Sequence[Wanted]) -> Any:
        numbers.extend(each.number for each in wanted)
        return await find_many(self, wanted)

    monkeypatch.setattr(Registry, "find_many", counted)
    return numbers


async def test_row_m2_the_same_text_sent_again_is_answered_from_the_cache_and_charged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    """Within a minute it counts as the operator's repeat: acknowledged, nothing else. After that,
    once the operator has shown that it read our response, it is a question of its own."""
    impatient(monkeypatch)
    monkeypatch.setattr(sqlite_calls, "REPEAT_US", REPEAT_US)
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 1)
    async with (
        Smsc(password=SECRET, retry=SOON) as smsc,
        running(
            tmp_path,
            LinkTo("operator", smsc.port),
            tickets=[feed],
            lookup={"cache_ttl_ms": 60_000},
        ) as inside,
    ):
        for _ in range(2):
            assert (await smsc.send_mo(PHONE, NUMBER)).ok
        (first,) = await inside.settled()
        assert first.duplicates == 1
        assert len(smsc.inbox(PHONE)) == 1, "a minute has not passed"
        while len(await inside.chains()) == 1:
            assert (await smsc.send_mo(PHONE, NUMBER)).ok
        first, second = await inside.settled()
        assert second.duplicates == 0
        for chain in (first, second):
            assert chain.result == "status"
            assert [(entry.kind, entry.amount_tiyn) for entry in chain.entries] == CHARGED
        texts = [(await smsc.next_mt(PHONE)).text for _ in range(2)]
        assert texts[0] == texts[1]
        assert asked == [NUMBER], "the second answer is the cache's"


async def references(wire: Wire, sequence: int, phone: str, words: str) -> list[bytes]:
    """Text the gateway; the user data headers of the two segments that it answers with."""
    wire.send(deliver_sm(sequence, words.encode(), source=phone.encode()))
    headers: list[bytes] = []
    acknowledged = False
    while len(headers) < 2 or not acknowledged:
        found = await wire.read()
        if found.command != SUBMIT_SM:
            assert (found.command, found.sequence) == (DELIVER_SM | RESPONSE, sequence)
            acknowledged = True
            continue
        fields = read_submit(found)
        assert fields.dest == phone.encode()
        headers.append(fields.text[:6])
        wire.answer_submit(found, b"%d" % found.sequence)
    return headers


async def test_row_l22_long_texts_to_one_phone_are_counted_for_that_phone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Words("gen.help", "Көмек " * 20)
    monkeypatch.setattr(Conversation, "_help", lambda *_: long)
    async with (
        listening() as smsc,
        running(tmp_path, LinkTo("operator", smsc.port)),
    ):
        wire = await smsc.accept_bound()
        sequence = 0
        for counted, words in enumerate(("hello", "hello there", "hello again")):
            for phone in (PHONE, OTHER):
                sequence += 1
                assert await references(wire, sequence, phone, words) == [
                    bytes((5, 0, 3, counted, 2, number)) for number in (1, 2)
                ]
