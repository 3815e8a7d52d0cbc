"""An operator's SMSC on smpp34, a Rust library: takes any bind, delivers what it is told to,
answers each submit_sm and sends the receipt that it asks for.

Arguments: system_id, password (which smpp34 has no way to check).
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import smpp34
from lines import order, say, text_of

bound: list[Any] = []


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def submit(event: Any, number: int) -> None:
    message_id = f"smpp34-{number}"
    say(
        "submit",
        source=event.source_addr,
        source_ton=event.source_addr_ton,
        destination=event.destination_addr,
        esm_class=event.esm_class,
        data_coding=event.data_coding,
        registered_delivery=event.registered_delivery,
        text=text_of(event.short_message, event.data_coding),
        message_id=message_id,
    )
    event.accept(message_id)
    if event.registered_delivery & 1:
        words = f"id:{message_id} sub:001 dlvrd:001 submit date:2611201000 done date:2611201001"
        response = await bound[0].deliver_sm(
            event.source_addr, f"{words} stat:DELIVRD err:000 text:".encode("ascii"),
            source_addr=event.destination_addr, esm_class=0x04,
            tlvs=[smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, message_id.encode("ascii") + b"\0")],
        )  # fmt: skip
        say("receipt_answered", message_id=message_id, status=response.command_status)


async def deliver(what: dict[str, Any]) -> None:
    header = bytes.fromhex(what["udh"])
    octets = what["text"].encode("utf-16-be" if what["data_coding"] == 8 else "ascii")
    response = await bound[0].deliver_sm(
        "1012", header + octets, source_addr=what["source"], source_addr_ton=1,
        source_addr_npi=1, dest_addr_ton=0, dest_addr_npi=1, data_coding=what["data_coding"],
        esm_class=0x40 if header else 0,
    )  # fmt: skip
    say("delivered", mark=what["mark"], status=response.command_status)


async def serve(server: Any, group: asyncio.TaskGroup) -> None:
    submits = 0
    while True:
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            bound.append(event)
            say("bound", command="bind_transceiver", system_id=event.system_id)
        elif isinstance(event, smpp34.Unbound):
            bound.clear()
            say("unbound")
        else:
            submits += 1
            group.create_task(submit(event, submits))


async def main() -> None:
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    say("listening", port=port)
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve(server, group))
        while line := await orders.readline():
            what = order(line)
            if what["do"] == "deliver":
                group.create_task(deliver(what))
            elif what["do"] == "unbind":
                await bound[0].unbind()
                say("unbind_answered", status=0)
        serving.cancel()
    await server.stop()


asyncio.run(main())
