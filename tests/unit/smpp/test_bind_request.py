"""bind_* and outbind octet by octet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.bind_request import (
    BindRequest,
    bind_response,
    decode_bind,
    decode_outbind,
    outbind_pdu,
)
from smpp.pdu import Malformed


def test_a_whole_request_is_read() -> None:
    body = b"agent\0s3cret\0VMA\0\x34\x01\x011012\0"
    assert decode_bind(body) == BindRequest("agent", "s3cret", "VMA", 0x34)


@pytest.mark.parametrize("tail", [b"", b"\0", b"VMA", b"VMA\0"])
def test_what_follows_the_password_may_be_missing(tail: bytes) -> None:
    found = decode_bind(b"agent\0s3cret\0" + tail)
    assert isinstance(found, BindRequest)
    assert (found.system_id, found.interface_version) == ("agent", 0x33)


@pytest.mark.parametrize(
    "body",
    [b"", b"agent", b"agent\0", b"agent\0s3cret", b"a" * 65 + b"\0b\0", b"a\0" + b"b" * 65 + b"\0"],
)
def test_a_request_without_its_credentials_is_malformed(body: bytes) -> None:
    for found in (decode_bind(body), decode_outbind(body)):
        assert isinstance(found, Malformed)
        assert found.status == 0x02


def test_longer_credentials_than_the_standard_s_are_read() -> None:
    assert decode_outbind(b"s" * 40 + b"\0" + b"p" * 40 + b"\0") == ("s" * 40, "p" * 40)


@pytest.mark.parametrize(
    ("version", "tail"),
    [(0x33, ""), (0x00, ""), (0x34, "0210000134"), (0x50, "0210000134")],
)
def test_the_response_tells_our_version_to_those_that_know_tlvs(version: int, tail: str) -> None:
    octets = bind_response(0x09, 7, "us", version)
    body = "757300" + tail
    head = f"{16 + len(body) // 2:08x}80000009 0000000000000007"
    assert octets == bytes.fromhex(head + body)


def test_an_outbind_is_these_octets() -> None:
    assert outbind_pdu(3, "us", "pw") == bytes.fromhex(
        "00000016 0000000b 00000000 00000003 757300 707700"
    )


@given(st.binary(max_size=200))
def test_no_octets_make_the_decoders_raise(body: bytes) -> None:
    request, outbind = decode_bind(body), decode_outbind(body)
    assert isinstance(request, Malformed) == isinstance(outbind, Malformed)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=16))
def test_an_outbind_is_read_as_it_was_written(name: str) -> None:
    assert decode_outbind(outbind_pdu(1, name, "pw")[16:]) == (name, "pw")
