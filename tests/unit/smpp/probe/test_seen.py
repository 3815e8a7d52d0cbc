"""Which submit is tried next, and which receipt is the probe's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import pdu
from smpp.operators import MessageIdForm, OperatorProfile, ValidityForm
from smpp.probe.seen import (
    ATTEMPTS_MAX,
    AttemptSeen,
    first_attempt,
    id_form,
    is_own_receipt,
    is_receipt,
    next_attempt,
    receipt_field_names,
    receipt_id,
    with_attempt,
)
from tests.support import peer

FIRST = first_attempt(OperatorProfile(), None)
REFERENCE = 0xBEEF


def read(text: bytes, **fields: object) -> pdu.ShortMessage:
    body = peer.message_body(text, **fields)  # type: ignore[arg-type]  # tests name fields at will
    message = pdu.decode_short_message(pdu.DELIVER_SM, body)
    assert isinstance(message, pdu.ShortMessage)
    return message


@pytest.mark.parametrize(("version", "with_tlv"), [(None, True), (0x34, True), (0x33, False)])
def test_a_tlv_is_tried_unless_the_peer_is_old(version: int | None, with_tlv: bool) -> None:
    assert first_attempt(OperatorProfile(), version).tlv is with_tlv


@pytest.mark.parametrize(
    ("status", "changed"),
    [
        (0x48, {"source": (3, 0)}),
        (0x0A, {"source": (3, 0)}),
        (0x50, {"dest": (0, 1)}),
        (0x62, {"validity": ValidityForm.ABSOLUTE}),
        (0xC0, {"tlv": False}),
    ],
)
def test_what_was_refused_is_changed_and_nothing_else(
    status: int, changed: dict[str, object]
) -> None:
    assert next_attempt([AttemptSeen(FIRST, status, 0.0)]) == FIRST._replace(**changed)


@pytest.mark.parametrize("status", [None, 0, 0x08, 0x14, 0x58, 0x64, 0x45, 0x0B0B])
def test_other_answers_end_the_trying(status: int | None) -> None:
    assert next_attempt([AttemptSeen(FIRST, status, 0.0)]) is None


@given(st.lists(st.sampled_from([0x0A, 0x0B, 0x48, 0x50, 0x61, 0x62, 0xC0, 2]), min_size=30))
def test_the_trying_ends_and_nothing_is_tried_twice(statuses: list[int]) -> None:
    tried: list[AttemptSeen] = []
    attempt = FIRST
    for status in statuses:
        tried.append(AttemptSeen(attempt, status, 0.0))
        following = next_attempt(tried)
        if following is None:
            break
        attempt = following
    assert len(tried) <= ATTEMPTS_MAX
    assert len({each.attempt for each in tried}) == len(tried)


def test_an_attempt_changes_the_profile_that_writes_it() -> None:
    profile = with_attempt(OperatorProfile(), FIRST._replace(source=(6, 0), tlv=True))
    assert profile.source_head == b"\0\6\0"
    assert profile.user_message_reference


@pytest.mark.parametrize(
    ("said", "receipted", "form"),
    [
        ("1a2b", "1A2B", MessageIdForm.AS_IS),
        ("0000000042", "42", MessageIdForm.AS_IS),
        ("1a2b", "6699", MessageIdForm.HEX_TO_DEC),
        ("6699", "1A2B", MessageIdForm.DEC_TO_HEX),
        ("0000000000006699", "00001A2B", MessageIdForm.DEC_TO_HEX),
        ("5f1c-uuid", "5F1C-UUID", MessageIdForm.AS_IS),
        ("1a2b", "77", None),
        ("", "", None),
        ("1", "", None),
    ],
)
def test_two_ids_are_one_in_some_form(
    said: str, receipted: str, form: MessageIdForm | None
) -> None:
    assert id_form(said, receipted) is form


ACCEPTED = AttemptSeen(FIRST, 0, 0.0, "1a2b")


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        (read(peer.receipt_text(b"6699"), esm_class=4), True),
        (read(peer.receipt_text(b"1A2B")), True),  # without the flag
        (read(b"", esm_class=4, tail=peer.tlv(0x001E, b"1a2b\0")), True),
        (read(b"", esm_class=4, tail=peer.tlv(0x0204, b"\xbe\xef")), True),
        (read(peer.receipt_text(b"another"), esm_class=4), False),
        (read(b"1a2b"), False),
    ],
)
def test_the_probes_own_receipt_is_known(message: pdu.ShortMessage, ours: bool) -> None:
    assert is_own_receipt(message, ACCEPTED, REFERENCE) is ours
    assert not is_own_receipt(message, None, REFERENCE)


def test_a_receipt_in_ucs2_is_read() -> None:
    message = read("id:7 sub:001 stat:DELIVRD err:0 text:".encode("utf-16-be"), data_coding=8)
    assert is_receipt(message)
    assert receipt_id(message) == "7"
    assert receipt_field_names(message) == ["id", "sub", "stat", "err", "text"]
