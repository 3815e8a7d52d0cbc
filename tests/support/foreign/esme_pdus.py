"""Every PDU that we write as an ESME, taken off the wire of live links."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from smpp.messages import Part
from smpp.operators import ValidityForm
from smpp.submit import user_data_header
from tests.support import peer
from tests.support.foreign.tshark import Said
from tests.support.line import Recorder, line, quick
from tests.support.peer import Pdu, Wire

GSM = b"*5678: in work"
KAZAKH = "*5678: өтініш қаралуда".encode("utf-16-be")
NOW = datetime(2026, 11, 22, 10, tzinfo=timezone(timedelta(hours=5)))
BUSY = 0x64

# Requests of an SMSC that are none of an ESME's business, by the name of what we answer.
UNSERVED = {
    "bind_receiver_resp refused": peer.BIND_RECEIVER,
    "bind_transmitter_resp refused": peer.BIND_TRANSMITTER,
    "bind_transceiver_resp refused": peer.BIND_TRANSCEIVER,
    "query_sm_resp": peer.QUERY_SM,
    "submit_sm_resp refused": peer.SUBMIT_SM,
    "replace_sm_resp": 0x07,
    "cancel_sm_resp": peer.CANCEL_SM,
    "submit_multi_resp": 0x21,
    "generic_nack of a command": 0x0F0F,
}

PART = Part(0x1234, 3, 2, 8)
# By name: changes of the profile, then of the submit.
SUBMITS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "submit_sm gsm": ({}, {"octets": GSM}),
    "submit_sm ucs2": ({}, {"octets": KAZAKH, "data_coding": 8}),
    "submit_sm udh8": (
        {},
        {"octets": user_data_header(PART) + KAZAKH, "data_coding": 8, "udhi": True},
    ),
    "submit_sm udh16": (
        {},
        {"octets": user_data_header(PART._replace(width=16)) + GSM, "udhi": True},
    ),
    "submit_sm sar": ({}, {"octets": KAZAKH, "data_coding": 8, "sar": PART}),
    "submit_sm payload": ({}, {"octets": KAZAKH * 40, "data_coding": 8, "payload": True}),
    "submit_sm receipt": ({}, {"octets": GSM, "receipt": True}),
    "submit_sm all receipts": ({"registered_delivery": 0x11}, {"octets": GSM, "receipt": True}),
    "submit_sm relative": ({}, {"octets": GSM, "validity_s": 3600}),
    "submit_sm absolute": (
        {"validity_form": ValidityForm.ABSOLUTE},
        {"octets": GSM, "validity_s": 3600},
    ),
    "submit_sm no validity": (
        {"validity_form": ValidityForm.NONE},
        {"octets": GSM, "validity_s": 3600},
    ),
    "submit_sm reference": ({"user_message_reference": True}, {"octets": GSM}),
    "submit_sm fields": (
        {
            "service_type": "CMT", "source_ton": 3, "source_npi": 0, "dest_ton": 2,
            "dest_npi": 8, "protocol_id": 0x40, "priority": 2,
        },
        {"octets": GSM},
    ),
}  # fmt: skip


def octets(sent: Pdu) -> bytes:
    """As it lay on the wire."""
    return peer.pdu(sent.command, sent.sequence, sent.body, sent.status)


async def esme_pdus() -> dict[str, Said]:
    """By name."""
    seen: dict[str, Pdu] = {}
    await _dialogue(seen)
    await _pair(seen)
    await _busy(seen)
    await _enquiry(seen)
    await _broken(seen)
    for name, (profile, submit) in SUBMITS.items():
        async with line(quick(**profile), wall_clock=lambda: NOW) as both:
            both.submit(70_000, **submit)
            seen[name] = await both.wire.read()
    return {name: Said(False, octets(sent)) for name, sent in seen.items()}


async def _dialogue(seen: dict[str, Pdu]) -> None:
    """One transceiver's life, from its bind to its unbind."""
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        seen["bind_transceiver"] = await wire.accept_bind()
        seen["enquire_link_resp"] = await _answer(wire, peer.pdu(peer.ENQUIRE_LINK, 9))
        seen["deliver_sm_resp"] = await _answer(wire, peer.deliver_sm(9, b"1"))
        seen["data_sm_resp"] = await _answer(wire, peer.data_sm(9, b"1"))
        for name, command in UNSERVED.items():
            seen[name] = await _answer(wire, peer.pdu(command, 9))
        async with asyncio.TaskGroup() as group:
            group.create_task(both.link.stop(1.0))
            seen["unbind"] = await wire.expect(peer.UNBIND)
            wire.send(peer.pdu(peer.UNBIND | peer.RESPONSE, seen["unbind"].sequence))


async def _answer(wire: Wire, request: bytes) -> Pdu:
    wire.send(request)
    return await wire.read()


async def _pair(seen: dict[str, Pdu]) -> None:
    async with line(accept=False, bind="pair", password="a longer password") as both:
        for _ in range(2):
            bind = await (await both.smsc.accept()).accept_bind()
            name = {peer.BIND_RECEIVER: "bind_receiver", peer.BIND_TRANSMITTER: "bind_transmitter"}
            seen[name[bind.command]] = bind


async def _busy(seen: dict[str, Pdu]) -> None:
    async with line(owner=Recorder(status=BUSY)) as both:
        seen["deliver_sm_resp busy"] = await _answer(both.wire, peer.deliver_sm(9, b"1"))
        seen["data_sm_resp busy"] = await _answer(both.wire, peer.data_sm(9, b"1"))
        seen["unbind_resp"] = await _answer(both.wire, peer.pdu(peer.UNBIND, 9))


async def _enquiry(seen: dict[str, Pdu]) -> None:
    async with line(quick(enquire_link_timer_s=0.02)) as both:
        seen["enquire_link"] = await both.wire.expect(peer.ENQUIRE_LINK)


async def _broken(seen: dict[str, Pdu]) -> None:
    async with line() as both:
        seen["generic_nack of a length"] = await _answer(both.wire, peer.pdu(5, 9, length=5))
