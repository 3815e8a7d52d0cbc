"""Every PDU that we write as an SMSC, taken off the wire of live sessions."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from smpp.operators import ReplyCommand
from smpp.reports import report_text
from tests.support import peer
from tests.support.foreign.esme_pdus import BUSY, GSM, SUBMITS, UNSERVED
from tests.support.foreign.tshark import Said
from tests.support.line import Recorder, mt, quick
from tests.support.raw_esme import (
    DATA,
    DELIVER,
    ENQUIRE,
    RESP,
    RX,
    SUBMIT,
    TRX,
    TX,
    UNBIND,
    Pdu,
    pdu,
)
from tests.support.server import PROFILE, account, credentials, question, serving

VERSION_33 = 0x33
SUBMITTED = datetime(2026, 11, 22, 10, tzinfo=timezone(timedelta(hours=5)))
RECEIPT = report_text("1234567890", SUBMITTED, SUBMITTED).encode("ascii")
BINDS = {"bind_transceiver_resp": TRX, "bind_receiver_resp": RX, "bind_transmitter_resp": TX}
REPLIES = {name.replace("submit_sm", "deliver_sm"): changes for name, changes in SUBMITS.items()}


async def smsc_pdus() -> dict[str, Said]:
    """By name."""
    seen: dict[str, Pdu] = {}
    await _binds(seen)
    await _dialogue(seen)
    await _replies(seen)
    await _leaving(seen)
    await _call(seen)
    return {
        name: Said(True, pdu(sent.command, sent.sequence, sent.body, sent.status))
        for name, sent in seen.items()
    }


async def _binds(seen: dict[str, Pdu]) -> None:
    async with serving(account(binds_max=3)) as served:
        for name, mode in BINDS.items():
            async with served.esme() as esme:
                seen[name] = await esme.enter(mode=mode)
                seen[f"{name} again"] = await esme.bind(mode, credentials())
            async with served.esme() as esme:
                seen[f"{name} old"] = await esme.enter(mode=mode, version=VERSION_33)
            async with served.esme() as esme:
                seen[f"{name} denied"] = await esme.enter(mode=mode, secret="wrong")


async def _dialogue(seen: dict[str, Pdu]) -> None:
    """What requests are answered with."""
    async with serving() as served, served.esme() as esme:
        await esme.enter()
        seen["submit_sm_resp"] = await esme.ask(b"1")
        esme.send(DATA, peer.data_sm(1, b"1")[16:])
        seen["data_sm_resp"] = await esme.read()
        esme.send(ENQUIRE)
        seen["enquire_link_resp"] = await esme.read()
        for name, command in UNSERVED.items():
            if not name.startswith(("bind_", "submit_sm_")):  # those are served here
                esme.send(command)
                seen[name] = await esme.read()
        esme.send(DELIVER, peer.message_body(b"1"))
        seen["deliver_sm_resp refused"] = await esme.read()
        esme.send(UNBIND)
        seen["unbind_resp"] = await esme.read()
    async with serving(owner=Recorder(status=BUSY)) as served, served.esme() as esme:
        await esme.enter()
        seen["submit_sm_resp busy"] = await esme.ask(b"1")
        esme.send(DATA, peer.data_sm(1, b"1")[16:])
        seen["data_sm_resp busy"] = await esme.read()
        esme.writer.write(pdu(SUBMIT, 9, question(b"12345")[:-3]))
        seen["submit_sm_resp malformed"] = await esme.read()
        esme.writer.write(b"\0\0\0\5" + bytes(12))
        seen["generic_nack of a length"] = await esme.read()


async def _replies(seen: dict[str, Pdu]) -> None:
    """Answers of ours, and receipts."""
    report: dict[str, object] = {"octets": RECEIPT, "report": True}
    for name, (changes, submit) in {**REPLIES, "deliver_sm report": ({}, report)}.items():
        profile = quick(PROFILE, **changes)
        seen[name] = await _reply(TRX, 0x34, profile, submit)
    seen["deliver_sm report old"] = await _reply(RX, VERSION_33, PROFILE, report)
    by_submit = quick(PROFILE, reply_command=ReplyCommand.SUBMIT_SM)
    seen["submit_sm"] = await _reply(TRX, 0x34, by_submit, {"octets": GSM, "receipt": True})


async def _reply(mode: int, version: int, profile: object, submit: dict[str, object]) -> Pdu:
    async with serving(account(profile=profile)) as served, served.esme() as esme:
        await esme.enter(mode=mode, version=version)
        served.account.submit(mt(70_000, **submit))
        return await esme.read()


async def _leaving(seen: dict[str, Pdu]) -> None:
    """An enquire_link of ours, and an unbind."""
    profile = quick(PROFILE, enquire_link_timer_s=0.02)
    async with serving(account(profile=profile)) as served, served.esme() as esme:
        await esme.enter()
        seen["enquire_link"] = await esme.expect(ENQUIRE)
        esme.answer(seen["enquire_link"])
        async with asyncio.TaskGroup() as group:
            group.create_task(served.smsc.stop(1.0))
            seen["unbind"] = await esme.read_command(UNBIND)
            esme.writer.write(pdu(UNBIND | RESP, seen["unbind"].sequence))


async def _call(seen: dict[str, Pdu]) -> None:
    async with peer.listening() as other:
        ours = account(
            outbind=f"127.0.0.1:{other.port}", outbind_system_id="1012", outbind_password="secret"
        )
        async with serving(ours) as served:
            assert served.account.call_out()
            called = await (await other.accept()).read()
            seen["outbind"] = Pdu(*called)
