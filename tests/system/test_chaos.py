"""Every way in which the simulated SMSC can misbehave, one at a time, against the whole program:
each question is answered in the end, and charged once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.core.cdr import EntryKind
from gateway.core.records import Chain, ReplyState
from smpp.simulator import Chaos, MoResult, ReceiptPolicy, ReceiptTime, RetrySchedule, Smsc, Torn
from tests.support.inside import impatient, running
from tests.support.service import SECRET, LinkTo, until, write_open_tickets

SOON = RetrySchedule(response_timeout_s=2.0, after_s=(0.1,) * 200)
FIRST = 61_200_000_030_000_000
NUMBERS = [f"{FIRST + n:018d}" for n in range(8)]
PHONES = [f"7701000010{n}" for n in range(8)]
PRICE_TIYN = 1_500


class Kind(NamedTuple):
    """A table of faults; it is in force until `name` has happened `times` times.

    `texts` is the most a phone may get of one answer: two where the operator has taken a reply
    and did not say so.
    """

    name: str
    chaos: Chaos
    times: int = 2
    texts: int = 1


KINDS = [
    Kind("throttle", Chaos(throttle_percent=100)),
    Kind("queue_full", Chaos(queue_full_percent=100)),
    Kind("vendor_status", Chaos(vendor_status_percent=100)),
    Kind("rate", Chaos(submits_per_s_max=3)),
    Kind("late", Chaos(late_percent=100, late_ms=300), 8),
    Kind("wrong_sequence", Chaos(wrong_sequence_percent=100), 8, texts=2),
    Kind("duplicate_response", Chaos(duplicate_response_percent=100), 8),
    Kind("receipt_first", Chaos(receipt_first_percent=100), 8),
    Kind("duplicate_mo", Chaos(duplicate_mo_percent=100, duplicate_mo_ms=50), 8),
    Kind("duplicate_receipt", Chaos(duplicate_receipt_percent=100), 8),
    Kind("drop", Chaos(drop_every=3), 3, texts=2),
    Kind("torn", Chaos(torn_percent=100, torn=Torn.OCTET), 0),
    Kind("torn", Chaos(torn_percent=100, torn=Torn.RANDOM), 0),
    Kind("garbage", Chaos(garbage_percent=50), texts=2),
    Kind("merge", Chaos(merge_ms=100), 0),
    Kind("unknown_command", Chaos(unknown_command_percent=100), 8),
    Kind("half_close", Chaos(half_close_percent=30), texts=2),
    Kind("enquire_flood", Chaos(enquire_flood_per_s=500), 200),
]


def name_of(kind: Kind) -> str:
    return f"{kind.name}_{kind.chaos.torn}" if kind.name == "torn" else kind.name


async def ask(smsc: Smsc) -> list[asyncio.Future[MoResult]]:
    """One question of each phone, on its way at once."""
    loop = asyncio.get_running_loop()
    results: list[asyncio.Future[MoResult]] = []
    for phone, number in zip(PHONES, NUMBERS, strict=True):
        result = loop.create_future()
        smsc.post(smsc.compose(phone, number), result.set_result)
        results.append(result)
    return results


def charged_once(chains: Sequence[Chain]) -> bool:
    """Whether each phone has one chain, rated and charged."""
    assert sorted(chain.msisdn or "" for chain in chains) == PHONES
    return all(
        [(entry.kind, entry.amount_tiyn) for entry in chain.entries]
        == [(EntryKind.RATED, PRICE_TIYN), (EntryKind.CHARGED, PRICE_TIYN)]
        for chain in chains
    )


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
async def test_every_question_is_answered_and_charged_once_in_spite_of(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, len(NUMBERS))
    async with Smsc(password=SECRET, retry=SOON) as smsc:
        link = LinkTo("operator", smsc.port, window=5)
        async with running(tmp_path, link, tickets=[feed]) as inside:
            await smsc.bound()
            smsc.chaos = kind.chaos
            results = await ask(smsc)
            if kind.times:
                await until(lambda: smsc.faults_made[kind.name] >= kind.times)
                smsc.chaos = Chaos()
            if kind.texts > 1:
                # What the operator took in silence may be sent again on the next bind alone.
                await inside.settled(lambda chains: len(chains) == len(PHONES))
                await inside.settled()
                smsc.drop()
            for phone, number in zip(PHONES, NUMBERS, strict=True):
                mt = await smsc.next_mt(phone, 10)
                assert f"*{number[-4:]}" in mt.text
            assert all(result.ok for result in await asyncio.gather(*results))
            assert charged_once(await inside.settled())
            assert max(len(smsc.inbox(phone)) for phone in PHONES) <= kind.texts
            assert not smsc.counters["submit_unbound"]


BINDS = [
    Kind("bind_refused", Chaos(bind_refused_percent=100)),
    Kind("bind_nack", Chaos(bind_nack_percent=100)),
    Kind("bind_silence", Chaos(bind_silence_percent=100), 1),
    Kind("bind_delay", Chaos(bind_delay_ms=200), 0),
]


@pytest.mark.parametrize("kind", BINDS, ids=lambda kind: kind.name)
async def test_a_bind_that_fails_is_tried_again_until_it_stands(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    async with (
        Smsc(password=SECRET, retry=SOON, chaos=kind.chaos) as smsc,
        running(tmp_path, LinkTo("operator", smsc.port)) as inside,
    ):
        if kind.times:
            await until(lambda: smsc.faults_made[kind.name] >= kind.times)
            assert not inside.parts.ports["operator"].bound
            smsc.chaos = Chaos()
        assert (await smsc.send_mo(PHONES[0], "061200000012345678")).ok
        await smsc.next_mt(PHONES[0])


async def test_a_reply_of_unknown_fate_is_sent_once_more_after_the_next_bind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator takes the reply and never says so."""
    impatient(monkeypatch, enquire_link_timer_s=20.0)
    silent = Chaos(silence_percent=100)
    no_receipts = ReceiptPolicy(when=ReceiptTime.NONE)
    async with (
        Smsc(password=SECRET, retry=SOON, chaos=silent, receipts=no_receipts) as smsc,
        running(tmp_path, LinkTo("operator", smsc.port)) as inside,
    ):

        async def unknown(count: int) -> list[Chain]:
            wanted = [ReplyState.UNKNOWN] * count
            return await inside.settled(
                lambda chains: [chain.replies[0].state for chain in chains] == wanted
            )

        def submits(count: int) -> Callable[[], bool]:
            return lambda: smsc.counters["submits"] >= count

        await smsc.send_mo(PHONES[0], "061200000012345678")
        await unknown(1)
        assert smsc.counters["submits"] == 1, "the session lives: nothing is sent again"
        smsc.drop()
        await until(submits(2))
        await unknown(1)
        smsc.drop()
        await smsc.send_mo(PHONES[1], "061200000012345678")  # answered after the third bind
        await until(submits(3))
        chains = await unknown(2)
        assert smsc.counters["submits"] == 3, "once more, and never again"
        assert [chain.replies[0].maybe_sent for chain in chains] == [True, False]
        assert [entry.kind for entry in chains[0].entries] == ["rated", "charged"]
        smsc.chaos = Chaos()


def in_state(state: ReplyState) -> Callable[[list[Chain]], bool]:
    return lambda chains: {reply.state for chain in chains for reply in chain.replies} == {state}


async def test_a_response_after_its_time_settles_the_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    late = Chaos(late_percent=100, late_ms=1_600)
    async with (
        Smsc(password=SECRET, retry=SOON, chaos=late) as smsc,
        running(tmp_path, LinkTo("operator", smsc.port)) as inside,
    ):
        await smsc.send_mo(PHONES[0], "061200000012345678")
        for state in (ReplyState.UNKNOWN, ReplyState.DELIVERED):
            (chain,) = await inside.settled(in_state(state))
        assert not chain.replies[0].maybe_sent
        assert smsc.counters["taken"] == 1
