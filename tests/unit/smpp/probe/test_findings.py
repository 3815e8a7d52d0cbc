"""From what was seen to what it means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import pdu
from smpp.operators import BindForm, MessageIdForm, OperatorProfile
from smpp.probe.findings import find
from smpp.probe.rows import Findings, id_words
from smpp.probe.seen import AttemptSeen, BindSeen, MessageSeen, Seen, first_attempt
from tests.support import peer

PROFILE = OperatorProfile()
BOUND = Seen(binds=(BindSeen(BindForm.TRANSCEIVER, 0, 0.01, 0x34),), enquiries_s=(0.01,))
ACCEPTED = AttemptSeen(first_attempt(PROFILE, 0x34), 0, 0.01, "1a2b")


def found(seen: Seen, profile: OperatorProfile = PROFILE) -> Findings:
    return find(seen, profile, ["1012"])


def proposals(findings: Findings) -> dict[str, object]:
    return {each.key: each.value for each in findings.proposals}


def read(body: bytes) -> pdu.ShortMessage | None:
    message = pdu.decode_short_message(pdu.DELIVER_SM, body)
    return message if isinstance(message, pdu.ShortMessage) else None


def test_an_operator_as_configured_changes_nothing() -> None:
    findings = found(BOUND)
    assert not findings.wrong
    assert findings.proposals == ()


def test_nothing_seen_is_no_finding() -> None:
    assert found(Seen()) == Findings((), ())


@pytest.mark.parametrize(("took_s", "wrong", "timer"), [(6.0, False, 24), (11.0, True, 44)])
def test_a_slow_response_asks_for_a_longer_timer(took_s: float, wrong: bool, timer: int) -> None:
    findings = found(replace(BOUND, enquiries_s=(0.01, took_s)))
    assert findings.wrong is wrong
    assert proposals(findings) == {"response_timer_s": timer}


def test_no_answer_to_any_enquire_link_is_wrong() -> None:
    assert found(replace(BOUND, enquiries_s=(None,))).wrong
    assert not found(replace(BOUND, enquiries_s=(0.01, None))).wrong


@pytest.mark.parametrize(("closed_s", "timer"), [(60.0, None), (20.0, 10), (15.0, 7), (0.5, 1)])
def test_an_idle_timer_below_ours_asks_for_a_shorter_one(
    closed_s: float, timer: int | None
) -> None:
    findings = found(replace(BOUND, closed_after_s=closed_s, waited_s=closed_s))
    assert findings.wrong is (timer is not None)
    assert proposals(findings) == ({} if timer is None else {"enquire_link_timer_s": timer})


def test_a_refused_second_bind_contradicts_two() -> None:
    refused = replace(BOUND, second=BindSeen(BindForm.TRANSCEIVER, 0x0D))
    assert not found(refused).wrong
    findings = found(refused, replace(PROFILE, binds=2))
    assert findings.wrong
    assert proposals(findings) == {"binds": 1}
    accepted = replace(BOUND, second=BindSeen(BindForm.TRANSCEIVER, 0, 0.01, 0x34))
    assert proposals(found(accepted, replace(PROFILE, binds=2))) == {}


def test_a_form_of_ids_that_is_configured_otherwise_is_wrong() -> None:
    receipt = read(peer.message_body(peer.receipt_text(b"6699"), esm_class=4))
    assert receipt is not None
    seen = replace(BOUND, attempts=(ACCEPTED,), receipts=(MessageSeen(1.0, receipt),))
    for configured, wrong in (
        (MessageIdForm.AS_IS, True),
        (MessageIdForm.HEX_TO_DEC, False),
        (MessageIdForm.LEARN, False),
    ):
        findings = found(seen, replace(PROFILE, message_id_form=configured))
        assert findings.wrong is wrong
        told = proposals(findings).get("message_id_form", "hex_to_dec")
        assert told == "hex_to_dec"


def test_a_reference_that_is_not_echoed_contradicts_one_that_is() -> None:
    receipt = read(peer.message_body(peer.receipt_text(b"1a2b"), esm_class=4))
    assert receipt is not None
    seen = replace(BOUND, attempts=(ACCEPTED,), receipts=(MessageSeen(1.0, receipt),))
    findings = found(seen, replace(PROFILE, user_message_reference=True))
    assert findings.wrong
    assert proposals(findings)["user_message_reference"] is False


def test_a_response_without_an_id_is_wrong() -> None:
    assert found(replace(BOUND, attempts=(ACCEPTED._replace(message_id=""),))).wrong


@pytest.mark.parametrize(
    ("message_id", "words"),
    [
        ("0042", "4 characters, decimal, leading zeros"),
        ("1A2B", "4 characters, hexadecimal, upper case"),
        ("5f-1", "4 characters, text"),
        ("", "empty"),
    ],
)
def test_an_id_is_told_by_its_form(message_id: str, words: str) -> None:
    assert id_words(message_id) == words


@given(st.lists(st.binary(max_size=80), max_size=6), st.integers(0, 255), st.integers(0, 255))
def test_whatever_came_is_judged_and_its_text_is_not_told(
    texts: list[bytes], esm_class: int, data_coding: int
) -> None:
    bodies = [
        peer.message_body(b"SECRET" + text, esm_class=esm_class, data_coding=data_coding)
        for text in texts
    ]
    seen = [MessageSeen(float(at), m) for at, m in enumerate(map(read, bodies)) if m is not None]
    findings = found(replace(BOUND, messages=tuple(seen)))
    assert "SECRET" not in repr(findings)
    assert "77011234567" not in repr(findings)
