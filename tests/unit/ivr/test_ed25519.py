"""The vector is the platform's scheme with RFC 8032 keys made of the octets 00..1f."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ivr.ed25519 import is_key, is_signed, octets

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
MESSAGE = b"1700000000|CallSid=c1&From=%2B77010000001&To=1414&Digits=123456"
SIGNATURE = (
    "Tn8v0BKfDP9oxYD6BBC9RpYBgtErdXNbmO2wtM1DH3xUv7tkvgcTcMSRA1IiqM8FAxbwiwBqFVuTkDrrtKWmAA=="
)


def test_the_vector_is_met() -> None:
    public = PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert base64.b64encode(public).decode() == PUBLIC
    assert base64.b64encode(PRIVATE.sign(MESSAGE)).decode() == SIGNATURE
    signature = octets(SIGNATURE, 64)
    assert signature is not None
    assert is_signed(PUBLIC, signature, MESSAGE)
    assert not is_signed(PUBLIC, signature, MESSAGE + b"7")


@pytest.mark.parametrize(
    "key", ["", "12345", PUBLIC[:-4], PUBLIC + "AAAA", "é" * 44, "/" * 43 + "="]
)
def test_nothing_is_signed_under_what_is_no_key(key: str) -> None:
    assert not is_signed(key, PRIVATE.sign(MESSAGE), MESSAGE)


def test_a_key_has_32_octets() -> None:
    assert is_key(PUBLIC)
    assert not is_key(PUBLIC[:-1])
    assert not is_key(base64.b64encode(bytes(33)).decode())


@given(
    st.binary(max_size=70) | st.binary(min_size=64, max_size=64),
    st.binary(min_size=32, max_size=32) | st.just(b"\xff" * 32),  # the last is no point at all
)
def test_no_octets_raise(signature: bytes, key: bytes) -> None:
    assert isinstance(is_signed(base64.b64encode(key).decode(), signature, MESSAGE), bool)
    assert not is_signed(PUBLIC, signature, MESSAGE)


@given(st.text(max_size=50))
def test_no_text_raises(text: str) -> None:
    assert octets(text, 64) is None
