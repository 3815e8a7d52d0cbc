"""Every touch point with aiosmpplib."""

from __future__ import annotations

import struct

import pytest
from aiosmpplib import state

from smpp import library, pdu, text, tlv
from smpp.operators import OperatorProfile


def test_another_version_is_refused_with_the_remedy() -> None:
    library.check_version("0.7.4")
    with pytest.raises(library.LibraryError, match=r"found 0\.8\.0.*aiosmpplib==0\.7\.4"):
        library.check_version("0.8.0")


def test_both_gsm_tables_agree_and_a_difference_is_named() -> None:
    basic = {code: char for code, char in enumerate(text.GSM_BASIC) if char != "\x1b"}
    extension = {text.GSM_BASIC.index(base): char for base, char in text.GSM_EXTENSION.items()}
    library.check_tables(basic, extension)
    assert (len(library.GSM_BASIC), len(library.GSM_EXTENSION)) == (127, 10)
    with pytest.raises(library.LibraryError, match=r"basic tables .* at 0x00, 0x41"):
        library.check_tables({**basic, 0: "x", 0x41: "А"}, extension)
    with pytest.raises(library.LibraryError, match=r"extension tables .* at 0x65"):
        library.check_tables(
            basic, {code: char for code, char in extension.items() if code != 0x65}
        )


def test_row_c7_names_are_looked_up_and_unknown_numbers_stay_numbers() -> None:
    assert library.command_name(pdu.DELIVER_SM) == "deliver_sm"
    assert library.command_name(pdu.DATA_SM_RESP) == "data_sm_resp"
    assert library.command_name(0x000F0F0F) == "0x000F0F0F"
    assert library.status_name(pdu.RTHROTTLED) == "ESME_RTHROTTLED"
    assert library.status_name(0) == "ESME_ROK"
    assert library.status_name(0x520) == "0x00000520"


def test_our_numbers_are_those_of_the_library() -> None:
    for name, number in vars(pdu).items():
        if name.isupper() and isinstance(number, int):
            command = library.COMMAND_NAMES.get(number, "").upper()
            status = library.STATUS_NAMES.get(number, "").removeprefix("ESME_")
            others = {"RESPONSE_BIT", "ESM_UDHI", "HEADER_OCTETS", "PDU_SIZE_MAX"}
            assert name in {command, status} | others
    for name, tag in vars(tlv).items():
        if name.isupper() and isinstance(tag, int):
            assert getattr(state, name) == tag


PROFILE = OperatorProfile(
    system_type="SMS", interface_version=0x34, address_ton=1, address_npi=1, address_range="^1012$"
)


def expected_bind(command_id: int, system_id: bytes, password: bytes, middle: bytes) -> bytes:
    body = system_id + b"\0" + password + b"\0SMS\0" + middle + b"^1012$\0"
    return struct.pack(">4I", 16 + len(body), command_id, 0, 5) + body


@pytest.mark.parametrize(
    "command_id", [pdu.BIND_RECEIVER, pdu.BIND_TRANSMITTER, pdu.BIND_TRANSCEIVER]
)
def test_row_b8_a_bind_carries_the_profile(command_id: int) -> None:
    octets = library.bind(command_id, 5, "1012", "secret", PROFILE)
    assert octets == expected_bind(command_id, b"1012", b"secret", b"\x34\x01\x01")


@pytest.mark.parametrize(
    ("system_id", "password"),
    [("1012", "ninechars"), ("sixteen-letters-", "secret"), ("1012", "пароль"), ("1012", "p" * 64)],
)
def test_row_b9_longer_credentials_are_sent_as_configured(system_id: str, password: str) -> None:
    octets = library.bind(pdu.BIND_TRANSCEIVER, 5, system_id, password, PROFILE)
    assert octets == expected_bind(
        pdu.BIND_TRANSCEIVER, system_id.encode(), password.encode(), b"\x34\x01\x01"
    )


def test_row_b9_the_configuration_is_warned_about_them() -> None:
    assert library.bind_warnings("fifteen-letters", "12345678") == ()
    long_id, long_password = library.bind_warnings("s" * 16, "p" * 9)
    assert "16 characters" in long_id
    assert "9 characters" in long_password
    assert "ppp" not in long_password


def test_row_c10_a_ton_the_library_does_not_list_is_sent() -> None:
    profile = OperatorProfile(
        system_type="SMS", address_ton=7, address_npi=2, address_range="^1012$"
    )
    octets = library.bind(pdu.BIND_RECEIVER, 5, "1012", "secret", profile)
    assert octets == expected_bind(pdu.BIND_RECEIVER, b"1012", b"secret", b"\x34\x07\x02")


@pytest.mark.parametrize(("system_id", "password"), [("a\0b", "secret"), ("1012", "a\0b")])
def test_a_nul_in_a_credential_is_refused(system_id: str, password: str) -> None:
    with pytest.raises(ValueError, match="holds a NUL"):
        library.bind(pdu.BIND_TRANSCEIVER, 5, system_id, password, PROFILE)


def test_the_session_s_own_pdus_are_headers_alone() -> None:
    for octets, command_id in (
        (library.unbind(7), 0x06),
        (library.unbind_resp(7), 0x80000006),
        (library.enquire_link(7), 0x15),
        (library.enquire_link_resp(0xFFFFFFFF), 0x80000015),
    ):
        sequence = 0xFFFFFFFF if command_id == 0x80000015 else 7
        assert octets == struct.pack(">4I", 16, command_id, 0, sequence)
