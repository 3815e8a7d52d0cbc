"""An ESME on smpp34, a Rust library: it answers deliveries before Python sees them.

Arguments: port, system_id, password, bind command.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import smpp34
from lines import order, say, text_of

BIND_TYPES = {"bind_transceiver": "TRX", "bind_transmitter": "TX", "bind_receiver": "RX"}


def deliver(event: Any) -> None:
    tlvs = {tlv.tag: tlv for tlv in event.tlvs}
    payload = tlvs.get(smpp34.TLV_MESSAGE_PAYLOAD)
    octets = payload.value if payload else event.short_message
    if event.esm_class & 0x40:
        octets = octets[octets[0] + 1 :]
    receipted = tlvs.get(smpp34.TLV_RECEIPTED_MESSAGE_ID)
    state = tlvs.get(smpp34.TLV_MESSAGE_STATE)
    say(
        "deliver",
        source=event.source_addr,
        destination=event.destination_addr,
        esm_class=event.esm_class,
        data_coding=event.data_coding,
        registered_delivery=event.registered_delivery,
        text=text_of(octets, event.data_coding),
        receipted_message_id=receipted.as_string() if receipted else "",
        message_state=state.as_int() if state else None,
    )


async def submit(smsc: Any, what: dict[str, Any]) -> None:
    text, header = what["text"], bytes.fromhex(what.get("udh", ""))
    octets = text.encode("utf-16-be" if what["data_coding"] == 8 else "ascii")
    response = await smsc.submit_sm(
        what.get("to", "1012"), header + octets, source_addr=what["source"], source_addr_ton=1,
        source_addr_npi=1, dest_addr_ton=0, dest_addr_npi=1, data_coding=what["data_coding"],
        esm_class=0x40 if header else 0, registered_delivery=what.get("registered_delivery", 0),
    )  # fmt: skip
    say(
        "submit_answered", mark=what["mark"], status=response.command_status,
        message_id=response.message_id or "",
    )  # fmt: skip


async def listen(smsc: Any) -> None:
    while isinstance(event := await smsc.next(), smpp34.DeliverSmEvent):
        deliver(event)
    say("closed")


async def main() -> None:
    port, system_id, password, command = sys.argv[1:]
    client = smpp34.Client(
        "127.0.0.1", int(port), system_id, password, bind_type=BIND_TYPES[command],
        connect_timeout_ms=1_500,
    )  # fmt: skip
    try:
        smsc = await client.connect()
    except smpp34.SmppError as refused:  # "bind timed out", whatever it was refused with
        say("bind_answered", status=None, what=str(refused))
        return
    say("bind_answered", status=0, system_id=smsc.system_id)
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen(smsc))
        while line := await orders.readline():
            what = order(line)
            if what["do"] == "submit":
                group.create_task(submit(smsc, what))
            elif what["do"] == "unbind":
                await smsc.unbind()
        listening.cancel()
    await client.stop()


asyncio.run(main())
