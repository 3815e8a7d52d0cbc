"""Rows C: commands and statuses that nobody expects never cost the session."""

from __future__ import annotations

from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.connection import ALERT_NOTIFICATION, told
from smpp.conform.plays import ESME, Play
from smpp.conform.shaping import RECEIPT, body_of, payload, receipt_text, tlv
from smpp.conform.verdicts import FailedError, Role
from smpp.simulator import wire
from smpp.simulator.framing import encode_pdu

UNKNOWN: Final = (0x0A, 0x112, 0x0001_0204, 0x7FFF_FFFF)
OPTIONAL: Final = (wire.QUERY_SM, wire.CANCEL_SM, wire.REPLACE_SM, wire.SUBMIT_MULTI)
STATUSES: Final = {Role.ESME: (0x22, 0x10, 0x400, 0x40B, 0x520), Role.SMSC: (0x40B,)}
VENDOR_TLVS: Final = tlv(0x1400, b"\0\xff\x80") + tlv(0x3FFF, b"") + tlv(0x0666, bytes(range(256)))
ODD_TYPES: Final = ((7, 2), (0xFF, 0xFF), (8, 14))


async def unknown_request(bench: Bench) -> str:
    connection = await bench.session()
    for command in UNKNOWN:
        sequence = connection.ask(command, b"whatever")
        response = await connection.response(sequence, bench.options.answer_s)
        if (response.command, response.status) != (wire.GENERIC_NACK, wire.RINVCMDID):
            raise FailedError(f"command 0x{command:08X} was answered with {told(response)}")
        await bench.alive(connection)
    return ""


async def unknown_response(bench: Bench) -> str:
    connection = await bench.session()
    number = connection.next_sequence()
    connection.send(encode_pdu(0x8000_0112, 0, number))
    await bench.alive(connection)
    came = connection.take(lambda pdu: pdu.sequence == number)
    if came is not None:
        raise FailedError(f"a response was answered with {told(came)}")
    return ""


async def optional_requests(bench: Bench) -> str:
    connection = await bench.session()
    statuses = []
    for command in OPTIONAL:
        response = await bench.carry(connection, b"id\0\1\1" + b"1012\0" + bytes(12), command)
        if not response.status:
            raise FailedError(f"{told(response)} to a request that names nothing")
        statuses.append(response.status)
        await bench.alive(connection)
    return "statuses " + ", ".join(f"0x{status:02X}" for status in statuses)


async def message_in_data_sm(bench: Bench) -> str:
    connection, msisdn = await bench.session(), bench.subscriber(replies_max=1)
    asked = bench.message(msisdn=msisdn)._replace(tlvs=((wire.TAG_MESSAGE_PAYLOAD, bench.text),))
    await bench.accepted(connection, wire.encode_data(asked), wire.DATA_SM)
    if bench.role is Role.ESME:
        receipt = bench.message(msisdn=bench.subscriber(replies_max=0), esm_class=RECEIPT)
        words = receipt_text("4711").encode("ascii")
        body = wire.encode_data(receipt) + payload(words)
        await bench.accepted(connection, body, wire.DATA_SM)
    return await bench.answered_alike(msisdn)


async def alert(bench: Bench) -> str:
    connection = await bench.session()
    addresses = b"\1\1" + bench.subscriber(replies_max=0).encode() + b"\0\0\0" + b"1012\0"
    sequence = connection.ask(ALERT_NOTIFICATION, addresses)
    await bench.alive(connection)
    came = connection.take(lambda pdu: pdu.sequence == sequence)
    if came is not None:
        raise FailedError(f"answered with {told(came)}")
    return ""


async def nacks(bench: Bench) -> str:
    connection = await bench.session()
    for number in (0, 8_888_888):
        connection.send(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDID, number))
        await bench.alive(connection)
    held = await bench.one_held()
    nack = encode_pdu(wire.GENERIC_NACK, wire.RINVMSGLEN, held.pdu.sequence)
    held.connection.send(nack)
    await bench.alive(held.connection)
    return ""


async def unknown_statuses(bench: Bench) -> str:
    for status in STATUSES[bench.role]:
        held = await bench.one_held(bench.subscriber())  # sent again later, as it may be
        bench.release(held, b"", status=status)
        await bench.alive(held.connection)
    return ""


async def status_in_a_request(bench: Bench) -> str:
    connection, msisdn = await bench.session(), bench.subscriber(replies_max=1)
    body = body_of(bench.message(bench.text, msisdn=msisdn))
    response = await bench.carry(connection, body, status=0x58)
    if response.status:
        raise FailedError(f"answered with {told(response)}")
    return await bench.answered_alike(msisdn)


async def vendor_tlvs(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    await bench.takes(bench.text, msisdn=msisdn, tail=VENDOR_TLVS)
    return await bench.answered_alike(msisdn)


async def unknown_types_of_number(bench: Bench) -> str:
    """An SMSC may refuse to route such an address, but in the response to it."""
    connection = await bench.session()
    for ton, npi in ODD_TYPES:
        asked = bench.message(bench.text)
        if bench.role is Role.ESME:
            asked = asked._replace(source_ton=ton, source_npi=npi)
            await bench.accepted(connection, body_of(asked))
        else:
            asked = asked._replace(destination_ton=ton, destination_npi=npi)
            await bench.carry(connection, body_of(asked))
        await bench.alive(connection)
    return ""


PLAYS: Final = (
    Play("C1", unknown_request),
    Play("C2", unknown_response),
    Play("C3", optional_requests),
    Play("C4", message_in_data_sm),
    Play("C5", alert, ESME),
    Play("C6", nacks),
    Play("C7", unknown_statuses),
    Play("C8", status_in_a_request),
    Play("C9", vendor_tlvs),
    Play("C10", unknown_types_of_number),
)
