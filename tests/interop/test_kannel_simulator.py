"""Kannel as an ESME of the simulated SMSC: a foreign judge of what the other tests lean on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from smpp.simulator import IdForm, ReceiptPolicy, ReceiptTime, Smsc, SplitForm, State
from tests.support.foreign.kannel import (
    ALL_RECEIPTS,
    DELIVERED,
    FAILED,
    SUBMITTED,
    Kannel,
    KannelSettings,
    kannel,
)

SECRET = "s3cret"
PHONE = "77010000001"
KAZAKH = "Сәлеметсіз бе, 061200000012345678 өтінішім қайда?"
# What an operator asks of a sender, in Kannel's words; by itself it sends TON 2 and 2.
TONS = {
    "source-addr-ton": "0", "source-addr-npi": "1", "dest-addr-ton": "1", "dest-addr-npi": "1",
    "source-addr-autodetect": "no",
}  # fmt: skip


@asynccontextmanager
async def bound(
    folder: Path, *, pair: bool = False, **smsc: object
) -> AsyncIterator[tuple[Smsc, Kannel]]:
    options = {"system_id": "kannel", "password": SECRET, **smsc}
    async with Smsc(**options) as peer:  # type: ignore[arg-type]  # a test names them at will
        settings = KannelSettings(peer.port, "kannel", SECRET, pair=pair, extra=TONS)
        async with kannel(folder, settings) as boxes:
            yield peer, boxes


@pytest.mark.parametrize(
    ("pair", "modes"), [(False, ["transceiver"]), (True, ["receiver", "transmitter"])]
)
async def test_kannel_binds_as_it_is_set_up(tmp_path: Path, pair: bool, modes: list[str]) -> None:
    async with bound(tmp_path, pair=pair) as (smsc, _):
        await smsc.bound()
        assert sorted(session.mode for session in smsc.sessions) == modes


@pytest.mark.parametrize(
    ("text", "coding", "segments"),
    [
        ("*5678: in work [1] €", 0, 1),
        ("*5678: өтінішіңіз қаралуда ҰҮӘІҒҚҢҺӨ", 2, 1),
        ("long answer {of} " * 20, 0, 3),
        ("ұзақ жауап " * 20, 2, 4),
    ],
)
async def test_a_text_of_kannel_reaches_the_phone_as_it_was_written(
    tmp_path: Path, text: str, coding: int, segments: int
) -> None:
    async with bound(tmp_path) as (smsc, boxes):
        await boxes.send(text, source="1012", to=PHONE, coding=coding)
        mt = await smsc.next_mt(PHONE)
        assert (mt.source, mt.text, mt.segments) == ("1012", text, segments)
        usual = {"submits", "taken"}
        assert {name for name, count in smsc.counters.items() if count} == usual


@pytest.mark.parametrize("pair", [False, True])
async def test_kannel_matches_the_receipt_with_its_text(tmp_path: Path, pair: bool) -> None:
    # Kannel keeps no receipt that outruns its response, as one can over the two sockets of a pair.
    policy = ReceiptPolicy(ReceiptTime.DELAYED)
    async with bound(tmp_path, pair=pair, ids=IdForm.UUID, receipts=policy) as (smsc, boxes):
        await boxes.send("answer", source="1012", to=PHONE, mask=ALL_RECEIPTS)
        message_id = (await smsc.next_mt(PHONE)).message_id
        await boxes.callbacks.receipt(type=str(SUBMITTED))
        receipt = await boxes.callbacks.receipt(type=str(DELIVERED))
        assert f"id:{message_id}" in receipt["reply"]
        assert "stat:DELIVRD" in receipt["reply"]


async def test_kannel_reads_a_receipt_of_failure(tmp_path: Path) -> None:
    policy = ReceiptPolicy(failed_percent=100, failed_state=State.EXPIRED)
    async with bound(tmp_path, receipts=policy) as (_, boxes):
        await boxes.send("answer", source="1012", to=PHONE, mask=ALL_RECEIPTS)
        assert "stat:EXPIRED" in (await boxes.callbacks.receipt(type=str(FAILED)))["reply"]


@pytest.mark.parametrize("form", [SplitForm.UDH8, SplitForm.UDH16, SplitForm.SAR])
@pytest.mark.parametrize("text", ["ticket 061200000012345678? @£€[]", KAZAKH, KAZAKH * 3])
async def test_kannel_reads_what_the_simulated_phone_wrote(
    tmp_path: Path, text: str, form: SplitForm
) -> None:
    async with bound(tmp_path, form=form) as (smsc, boxes):
        assert (await smsc.send_mo(PHONE, text)).ok
        assert (await boxes.callbacks.mo())["text"] == text
