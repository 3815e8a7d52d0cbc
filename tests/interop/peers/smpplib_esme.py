"""An ESME on smpplib, as its users write one: synchronous, split by its own make_parts.

Arguments: port, system_id, password, bind command.
"""

from __future__ import annotations

import select
import sys
from typing import Any

import smpplib.client
import smpplib.gsm
import smpplib.smpp
from lines import order, say, text_of

marks: dict[int, Any] = {}  # by sequence number: the order that was submitted under it


def deliver(pdu: Any) -> int:
    octets = pdu.message_payload or pdu.short_message or b""
    udhi = bool(pdu.esm_class & 0x40)
    say(
        "deliver",
        source=pdu.source_addr.decode(),
        destination=pdu.destination_addr.decode(),
        esm_class=pdu.esm_class,
        data_coding=pdu.data_coding,
        registered_delivery=pdu.registered_delivery,
        text=text_of(octets[octets[0] + 1 :] if udhi else octets, pdu.data_coding),
        receipted_message_id=(pdu.receipted_message_id or b"").rstrip(b"\0").decode(),
        message_state=pdu.message_state,
    )
    return 0


def answered(pdu: Any) -> None:
    message_id = pdu.message_id.decode() if pdu.message_id else ""
    say("submit_answered", mark=marks.get(pdu.sequence), status=pdu.status, message_id=message_id)


def submit(client: Any, what: dict[str, Any]) -> None:
    parts, data_coding, esm_class = smpplib.gsm.make_parts(what["text"])
    for part in parts:
        sent = client.send_message(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=what["source"],
            dest_addr_ton=0,
            dest_addr_npi=1,
            destination_addr=what.get("to", "1012"),
            short_message=part,
            data_coding=data_coding,
            esm_class=esm_class,
            registered_delivery=bool(what.get("registered_delivery")),
        )
        marks[sent.sequence] = what["mark"]


def main() -> None:
    port, system_id, password, command = sys.argv[1:]
    client = smpplib.client.Client("127.0.0.1", int(port), allow_unknown_opt_params=True)
    client.set_message_received_handler(deliver)
    client.set_message_sent_handler(answered)
    client.set_error_pdu_handler(answered)
    client.connect()
    try:
        bound = getattr(client, command)(system_id=system_id, password=password)
    except smpplib.exceptions.PDUError as refused:
        say("bind_answered", status=refused.args[1])
        client.disconnect()
        return
    say(
        "bind_answered", status=0, system_id=bound.system_id.decode(),
        version=bound.sc_interface_version,
    )  # fmt: skip
    while True:
        ready, _, _ = select.select([sys.stdin, client._socket], [], [])
        if client._socket in ready:
            try:
                client.read_once()
            except smpplib.exceptions.ConnectionError:
                say("closed")
                return
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            what = order(line)
            if what["do"] == "submit":
                submit(client, what)
            elif what["do"] == "enquire":
                client.send_pdu(smpplib.smpp.make_pdu("enquire_link", client=client))
                say("enquiry_answered", status=client.read_pdu().status)
            elif what["do"] == "unbind":
                say("unbind_answered", status=client.unbind().status)
                client.disconnect()
                say("closed")
                return


main()
