"""Machines that answer machines: the gateway falls silent first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smpp.simulator import MoResult, Smsc
from smpp.simulator.inbox import Mt
from tests.support.service import SECRET, LinkTo, Service, a_look, serving, write_open_tickets

FIRST = 61_200_000_080_000_000
NUMBER = f"{FIRST:018d}"
MESSAGES_MAX = 6  # between any two machines
STRANGERS_MAX = 10
REPLIES_MAX = 5  # to a machine that never says the same thing twice, within ten minutes


@dataclass
class Side:
    """One gateway behind its operator, reached at a number as long as a subscriber's."""

    number: str
    smsc: Smsc
    service: Service
    posted: int = 0
    refused: int = 0
    sent: list[Mt] = field(default_factory=list)
    _done: int = 0

    def text(self, source: str, words: str) -> None:
        """Somebody texts this gateway."""
        self.posted += 1
        self.smsc.post(self.smsc.compose(source, words, short_code=self.number), self._over)

    def _over(self, result: MoResult) -> None:
        self._done += 1
        self.refused += not result.ok

    async def quiet(self) -> bool:
        """Everything it was sent is acknowledged, everything it sends has arrived."""
        submitted = await self.service.metric("jauap_submitted_total")
        return self._done == self.posted and submitted == len(self.sent)


@asynccontextmanager
async def side(folder: Path, number: str, language: str) -> AsyncIterator[Side]:
    folder.mkdir()
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, 1)
    async with Smsc(password=SECRET, short_code=number) as smsc:
        link = LinkTo("operator", smsc.port, short_codes=(number,))
        options = {"tickets": [feed], "service": {"language": language}}
        async with serving(folder, link, **options) as service:
            made = Side(number, smsc, service)
            smsc.listen(made.sent.append)
            await smsc.bound()
            yield made


async def silence(*sides: Side) -> None:
    """Wait until nobody has anything more to say."""
    while True:
        before = [each.posted for each in sides]
        calm = [await each.quiet() for each in sides]
        if all(calm) and before == [each.posted for each in sides]:
            return
        await a_look()


A, B = "77010009001", "77010009002"


@pytest.mark.parametrize("first", [NUMBER, "help", "қайда?", "Где мой ответ по заявлению", "1"])
async def test_row_a4_two_gateways_facing_each_other_soon_fall_silent(
    tmp_path: Path, first: str
) -> None:
    async with side(tmp_path / "a", A, "kk") as one, side(tmp_path / "b", B, "ru") as other:
        one.smsc.listen(lambda mt: other.text(mt.source, mt.text))
        other.smsc.listen(lambda mt: one.text(mt.source, mt.text))
        one.text(B, first)
        await silence(one, other)
        messages = 1 + len(one.sent) + len(other.sent)
        assert 1 < messages <= MESSAGES_MAX, [mt.text for mt in (*one.sent, *other.sent)]
        assert one.refused == other.refused == 0, "silence, not refusal"


async def test_row_a4_a_short_code_and_our_own_number_get_no_reply(tmp_path: Path) -> None:
    async with side(tmp_path / "a", A, "kk") as one:
        sources = ("1414", "1012", A)
        for source in sources:
            one.text(source, NUMBER)
        await silence(one)
        assert one.sent == []
        assert await one.service.stop() == 0
        rows = (await one.service.export()).questions
        assert sorted(row["msisdn"] for row in rows) == sorted(sources)
        for row in rows:
            assert row["result_code"] == "unanswerable"
            assert row["charged_tiyn"] + row["credited_tiyn"] == 0


async def test_row_a4_a_machine_that_never_repeats_itself_gets_five_replies(
    tmp_path: Path,
) -> None:
    async with side(tmp_path / "a", A, "kk") as one:
        said = 0

        def chatter(mt: Mt) -> None:
            nonlocal said
            said += 1
            one.text(mt.msisdn, f"I am away, mail {said} is read later")

        one.smsc.listen(chatter)
        one.text(B, "hello")
        await silence(one)
        assert len(one.sent) == REPLIES_MAX
        assert await one.service.stop() == 0
        rows = (await one.service.export()).questions
        assert len(rows) == REPLIES_MAX + 1
        silent = [row for row in rows if row["result_code"] == "silent_loop"]
        assert [row["charged_tiyn"] + row["credited_tiyn"] for row in silent] == [0]


async def test_row_a4_a_phone_that_asks_without_end_is_answered_so_often_and_no_more(
    tmp_path: Path,
) -> None:
    """Each time about another number that exists: ten strangers' tickets a day, and one reply that
    says so."""
    folder = tmp_path / "a"
    folder.mkdir()
    asked = 30
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, asked)
    async with Smsc(password=SECRET) as smsc:
        link = LinkTo("operator", smsc.port)
        async with serving(folder, link, tickets=[feed]) as service:
            await smsc.bound()
            for n in range(asked):
                assert (await smsc.send_mo(B, f"{FIRST + n:018d}")).ok
            assert await service.stop() == 0
            rows = (await service.export()).questions
            assert len(rows) == asked
            told = [row for row in rows if row["result_code"] == "status"]
            assert len(told) == STRANGERS_MAX
            assert len(smsc.inbox(B)) == STRANGERS_MAX + 1
