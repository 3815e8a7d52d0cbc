"""An ESME on aiosmpplib's own session: a naive one, that waits for every hook.

Arguments: port, system_id, password, bind command.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiosmpplib import ESME, AbstractHook, DeliverSm, PhoneNumber, SubmitSm, SubmitSmResp
from aiosmpplib.broker import SimpleBroker
from aiosmpplib.protocol import BindTransceiverResp, EnquireLinkResp, SmppMessage
from aiosmpplib.state import NPI, TON, BindMode
from lines import order, say

ONE_PART = 70  # characters, whatever the alphabet: tests write UCS-2 where it matters
MODES = {
    "bind_transceiver": BindMode.TRANSCEIVER,
    "bind_transmitter": BindMode.TRANSMITTER,
    "bind_receiver": BindMode.RECEIVER,
}
BIND_RESPONSES = {bytes((0x80, 0, 0, mode)) for mode in (1, 2, 9)}


class Teller(AbstractHook):
    """Tells of all that comes in."""

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        pass

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        say("error", what=repr(error))

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        match smpp_message:
            case BindTransceiverResp():
                say(
                    "bind_answered",
                    status=int(smpp_message.command_status),
                    system_id=smpp_message.system_id,
                    version=smpp_message.sc_interface_version,
                )
            case DeliverSm():
                deliver(smpp_message)
            case SubmitSmResp():
                say(
                    "submit_answered",
                    mark=smpp_message.log_id,
                    status=int(smpp_message.command_status),
                    message_id=smpp_message.message_id,
                )
            case EnquireLinkResp():
                say("enquiry_answered", status=int(smpp_message.command_status))
            case None if pdu[4:8] in BIND_RESPONSES:
                # a refusal has no body, which it cannot read: it tries again as after a lost line
                say("bind_answered", status=int.from_bytes(pdu[8:12], "big"))
            case None:
                pass  # a segment that it holds until it has them all


def deliver(message: DeliverSm) -> None:
    tlvs = {param.tag: param.value for param in message.optional_params or []}
    say(
        "deliver",
        source=message.source.number,
        destination=message.destination.number,
        esm_class=message.esm_class,
        data_coding=8 if message.encoding == "ucs2" else 0,
        registered_delivery=message.registered_delivery,
        text=message.short_message or message.message_payload,
        receipted_message_id=tlvs.get(0x001E, ""),
        message_state=tlvs.get(0x0427),
        correlated=message.log_id,  # of the submit that a receipt is matched with
    )


def submit(what: dict[str, Any]) -> SubmitSm:
    long = len(what["text"]) > ONE_PART
    return SubmitSm(
        short_message=what["text"],
        source=PhoneNumber(what["source"], TON.INTERNATIONAL, NPI.ISDN),
        destination=PhoneNumber(what.get("to", "1012"), TON.UNKNOWN, NPI.ISDN),
        registered_delivery=what.get("registered_delivery", 0),
        log_id=what["mark"],
        esm_class=0x40 if long else 0,  # it splits with a UDH, and only with this bit set
        auto_message_payload=not long,  # without either, its sender ends for good
    )


async def main() -> None:
    port, system_id, password, command = sys.argv[1:]
    broker = SimpleBroker()
    esme = ESME(
        "127.0.0.1", int(port), system_id, password, hook=Teller(), broker=broker,
        bind_mode=MODES[command], log_level="ERROR", enquire_link_interval=0.5,
    )  # fmt: skip
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    running = loop.create_task(esme.start())
    while line := await orders.readline():
        what = order(line)
        if what["do"] == "submit":
            await broker.enqueue(submit(what))
        elif what["do"] == "unbind":
            await esme.stop()  # it does not wait for the response
            await running
            say("closed")


asyncio.run(main())
