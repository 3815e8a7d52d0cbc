"""An ESME that binds, answers and replies: rightly, or wrong in ways that a test names."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Collection

from smpp.simulator import wire
from smpp.simulator.framing import Pdu, encode_pdu
from tests.support.raw_esme import bind_body
from tests.support.service import a_look

CODE = "1012"
LENGTH_MAX = 70_000
NUMBER_MAX = 15
TYPE_BITS = 0x3C
VENDOR_TAG = 0x1400
TEMPORARY = (wire.RTHROTTLED, wire.RSYSERR)


class NaiveEsme(asyncio.Protocol):
    """One connection, over when `over` is done. Without `faults` it does well; each fault is a
    name out of the ifs below.
    """

    def __init__(self, faults: Collection[str] = ()) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._faults = frozenset(faults)
        self._buffer = b""
        self._sequence = 0
        self._sent: dict[int, bytes] = {}
        self._hangs = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask(wire.BIND_TRANSCEIVER, bind_body())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():  # else the test has ended with it
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 16:
            length, command, status, number = struct.unpack(">4I", self._buffer[:16])
            if not 16 <= length <= LENGTH_MAX:
                self._broken(number if length > LENGTH_MAX else 0)
                return
            if len(self._buffer) < length:
                return
            body, self._buffer = self._buffer[16:length], self._buffer[length:]
            self._receive(Pdu(command, status, number, body))

    def _broken(self, number: int) -> None:
        self._buffer = b""
        if "length_ignored" not in self._faults:
            self.transport.write(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDLEN, number))
            self.transport.close()

    def _receive(self, came: Pdu) -> None:
        if self._hangs:
            return
        if came.command == wire.DELIVER_SM:
            self._delivered(came)
        elif came.command == wire.ENQUIRE_LINK:
            self._answer(came)
        elif came.command == wire.UNBIND:
            if "unbind_unanswered" not in self._faults:
                self._answer(came)
            self.transport.close()
        elif came.command in wire.UNSUPPORTED and "nacks_known_requests" not in self._faults:
            self._answer(came, wire.RINVCMDID)
        elif came.command == wire.SUBMIT_SM | wire.RESPONSE:
            self._submitted(came)
        elif not came.command & wire.RESPONSE or "answers_responses" in self._faults:
            if "closes_on_unknown_command" in self._faults:
                self.transport.close()
            self.transport.write(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDID, came.sequence))

    def _submitted(self, came: Pdu) -> None:
        if came.status >= 0x400 and "closes_on_unknown_status" in self._faults:
            self.transport.close()
        sent = self._sent.pop(came.sequence, None)
        if sent is None:
            return
        if came.status in TEMPORARY and "throttled_text_lost" not in self._faults:
            self._ask(wire.SUBMIT_SM, sent)
        if not came.status and came.body == b"\0" and "empty_id_means_again" in self._faults:
            self._ask(wire.SUBMIT_SM, sent)

    def _delivered(self, came: Pdu) -> None:
        message = wire.decode_message(came.body)
        if isinstance(message, wire.Malformed):
            taken = "takes_what_is_cut_off" in self._faults
            self._answer(came, wire.ROK if taken else message.status, b"\0")
        elif message.tlv(VENDOR_TAG) is not None and "hangs_on_vendor_tlvs" in self._faults:
            self._hangs = True
        elif message.tlv(VENDOR_TAG) is not None and "nacks_vendor_tlvs" in self._faults:
            self.transport.write(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDID, came.sequence))
        elif not message.octets and "refuses_empty_texts" in self._faults:
            self._answer(came, wire.RSYSERR, b"\0")
        elif came.status and "minds_request_status" in self._faults:
            self._answer(came, came.status, b"\0")
        else:
            self._answer(came, body=b"" if "no_nul" in self._faults else b"\0")
            self._reply(message)

    def _reply(self, message: wire.Message) -> None:
        if message.esm_class & TYPE_BITS and "receipts_are_questions" not in self._faults:
            return
        digits = message.source.isdecimal() and len(message.source) <= NUMBER_MAX
        if not digits and "answers_letters" not in self._faults:
            return
        wrong_type = "wrong_type_of_number" in self._faults
        by_calendar = "validity_by_the_calendar" in self._faults
        reply = wire.Message(
            CODE,
            message.source,
            b"answer",
            source_ton=1 if wrong_type else 0,
            validity=b"2026-01-01 00:00" if by_calendar else b"",
        )
        for _ in range(2 if "replies_twice" in self._faults else 1):
            self._ask(wire.SUBMIT_SM, wire.encode_message(reply))

    def _ask(self, command: int, body: bytes) -> None:
        if "one_number_for_all" not in self._faults or not self._sequence:
            self._sequence += 1
        self._sent[self._sequence] = body
        self.transport.write(encode_pdu(command, 0, self._sequence, body))

    def _answer(self, came: Pdu, status: int = 0, body: bytes = b"") -> None:
        number = came.sequence
        if "numbers_of_31_bits" in self._faults:
            number &= 0x7FFF_FFFF
        if "counts_its_own_responses" in self._faults:
            number += 1
        self.transport.write(encode_pdu(came.command | wire.RESPONSE, status, number, body))


async def keep_bound(port: int, faults: Collection[str] = ()) -> None:
    """Connect, and connect anew as often as it ends, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        _, esme = await loop.create_connection(lambda: NaiveEsme(faults), "127.0.0.1", port)
        try:
            await esme.over
        finally:
            esme.transport.abort()
        if "comes_back_at_once" not in faults:
            await a_look()
