from __future__ import annotations

import pytest

from smpp.simulator import inspection
from smpp.simulator.text import Alphabet
from smpp.simulator.wire import Message

GOOD = Message("1012", "77010000001", b"in work", source_ton=0, registered_delivery=1)
UDH = bytes.fromhex("050003010201")


def defects(message: Message, sequence: int = 1, version: int = 0x34) -> list[str]:
    return inspection.submit_defects(message, sequence, {"1012"}, Alphabet.GSM, version)


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        GOOD._replace(source_ton=3, source_npi=0),
        GOOD._replace(octets=bytes(160)),
        GOOD._replace(octets=UDH + bytes(153), esm_class=0x40),
        GOOD._replace(octets=bytes(140), data_coding=8),
        GOOD._replace(octets=b"", tlvs=((0x0424, b"long"),)),
    ],
)
def test_a_decent_submit_has_no_defects(message: Message) -> None:
    assert defects(message) == []


@pytest.mark.parametrize(
    ("message", "defect"),
    [
        (GOOD._replace(source="1414"), "wrong_source"),
        (GOOD._replace(source_ton=1), "source_ton_npi"),
        (GOOD._replace(destination="+77010000001"), "wrong_destination"),
        (GOOD._replace(destination=""), "wrong_destination"),
        (GOOD._replace(destination="1012"), "wrong_destination"),
        (GOOD._replace(destination_ton=2), "destination_ton_npi"),
        (GOOD._replace(data_coding=0xF0), "data_coding"),
        (GOOD._replace(esm_class=0x04), "esm_class"),
        (GOOD._replace(registered_delivery=0x20), "registered_delivery"),
        (GOOD._replace(octets=b""), "empty_text"),
        (GOOD._replace(octets=b"\x41\xe9"), "gsm_eighth_bit"),
        (GOOD._replace(octets=bytes(161)), "text_too_long"),
        (GOOD._replace(octets=UDH + bytes(154), esm_class=0x40), "text_too_long"),
        (GOOD._replace(octets=bytes(142), data_coding=8), "text_too_long"),
        (GOOD._replace(octets=bytes(7), data_coding=8), "ucs2_odd"),
        (GOOD._replace(octets=UDH + bytes(7), esm_class=0x40, data_coding=8), "ucs2_odd"),
        (GOOD._replace(octets=b"\x09abc", esm_class=0x40), "udh_too_long"),
        (GOOD._replace(oddities=("time_form",)), "time_form"),
    ],
)
def test_each_defect_is_named(message: Message, defect: str) -> None:
    assert defects(message) == [defect]


@pytest.mark.parametrize("sequence", [0, 0x8000_0000])
def test_a_sequence_number_out_of_range_is_a_defect(sequence: int) -> None:
    assert defects(GOOD, sequence) == ["sequence_number"]


def test_tlvs_are_a_defect_from_a_peer_that_bound_below_3_4() -> None:
    message = GOOD._replace(tlvs=((0x0204, b"\0\1"),))
    assert defects(message, version=0x33) == ["tlvs_to_old_peer"]
    assert defects(message) == []


def test_a_deliver_sm_resp_has_one_nul_or_an_error_and_nothing() -> None:
    assert inspection.response_defect(0, b"\0") == ""
    assert inspection.response_defect(0x64, b"\0") == ""
    assert inspection.response_defect(0x64, b"") == ""
    assert inspection.response_defect(0, b"") == "deliver_response_body"
    assert inspection.response_defect(0, b"7\0") == "deliver_response_body"
