from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import (
    CallEnded,
    CallStarted,
    Digits,
    Ending,
    Gather,
    HangUp,
    Phrase,
    Shown,
    Transfer,
    TransferResult,
)
from ivr.dialects.contract import CallRequest, Malformed, RawRequest, Refusal, RenderContext
from ivr.dialects.json_hmac import JsonHmac, sign

SECRET = "topsecret"
NOW = 1_700_000_000
VECTOR = b'{"call_id":"c1","event":"digits","digits":"123456"}'
SIGNATURE = "v1=462bb0dc47f41300bed2bed8819dc2c267c0e787b8c880195636554569cd586b"
URL = "https://gw.example.kz/ivr/1414"


def request(body: bytes = VECTOR, ts: str = str(NOW), signature: str | None = None) -> RawRequest:
    if signature is None:
        mac = hmac.digest(SECRET.encode(), ts.encode() + b"." + body, hashlib.sha256)
        signature = "v1=" + mac.hex()
    headers = {"x-timestamp": ts, "x-signature": signature}
    return RawRequest("POST", URL, headers, body)


def parsed(**members: Any) -> CallRequest:
    told = JsonHmac().parse(request(json.dumps({"call_id": "c1"} | members).encode()))
    assert isinstance(told, CallRequest)
    return told


def rendered(*actions: Shown, target: str | None = "115") -> Any:
    def recorded(phrase: Phrase) -> str | None:
        return "https://gw.example.kz/prompts/a.wav" if phrase.language == "kk" else None

    context = RenderContext(4, URL + "?step=4", target, recorded, reference="K7QM2X")
    document = JsonHmac().render(actions, context)
    assert document.content_type == "application/json"
    assert len(document.body) <= 65_536
    return json.loads(document.body)


def test_the_vector_is_met() -> None:
    assert sign(SECRET, str(NOW), VECTOR) == SIGNATURE
    assert JsonHmac().verify(request(signature=SIGNATURE), [SECRET], NOW) is None


def test_two_secrets_are_active_while_one_is_replaced() -> None:
    assert JsonHmac().verify(request(), ["new", SECRET], NOW) is None
    both = f"v1={'0' * 64}, {SIGNATURE}"
    assert JsonHmac().verify(request(signature=both), [SECRET], NOW) is None


@pytest.mark.parametrize(
    ("age_s", "reason"), [(300, None), (-300, None), (301, "stale"), (-301, "stale")]
)
def test_a_request_is_believed_for_five_minutes(age_s: int, reason: str | None) -> None:
    refusal = JsonHmac().verify(request(), [SECRET], NOW + age_s)
    assert (refusal and refusal.reason) == reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing"),
        ({"x-timestamp": str(NOW)}, "missing"),
        ({"x-signature": SIGNATURE}, "missing"),
        ({"x-timestamp": "١٧٠٠٠٠٠٠٠٠", "x-signature": SIGNATURE}, "malformed"),
        ({"x-timestamp": "-1", "x-signature": SIGNATURE}, "malformed"),
        ({"x-timestamp": "9" * 5_000, "x-signature": SIGNATURE}, "malformed"),
        ({"x-timestamp": str(NOW), "x-signature": ",".join(["x"] * 5)}, "malformed"),
        ({"x-timestamp": str(NOW), "x-signature": "v1=é"}, "mismatch"),
        ({"x-timestamp": str(NOW), "x-signature": SIGNATURE[3:]}, "mismatch"),
        ({"x-timestamp": str(NOW + 1), "x-signature": SIGNATURE}, "mismatch"),
    ],
)
def test_what_is_not_signed_is_refused(headers: dict[str, str], reason: str) -> None:
    refused = JsonHmac().verify(RawRequest("POST", URL, headers, VECTOR), [SECRET], NOW)
    assert refused == Refusal(reason)


def test_a_changed_body_is_refused() -> None:
    changed = request(VECTOR + b" ", signature=SIGNATURE)
    assert JsonHmac().verify(changed, [SECRET], NOW) == Refusal("mismatch")


def test_events_are_read() -> None:
    started = parsed(event="call_started", **{"from": "+77010000001", "to": "1414"}, event_id="e1")
    assert started == CallRequest("c1", "+77010000001", "1414", CallStarted(None), "event e1")
    keyed = parsed(event="digits", digits="123456", step=3)
    assert (keyed.event, keyed.step) == (Digits("123456", Ending.COMPLETE), 3)
    assert parsed(event="digits", digits="1", ending="timeout").event == Digits("1", Ending.TIMEOUT)
    assert parsed(event="digits").event == Digits("", Ending.EMPTY)
    assert parsed(event="transfer_result", connected=True).event == TransferResult(True)
    assert parsed(event="transfer_result", connected="yes").event == TransferResult(False)
    spoken = parsed(event="transfer_result", connected=True, seconds=40)
    assert spoken.event == TransferResult(True, 40)
    unanswered = parsed(event="transfer_result", connected=False, seconds=30)
    assert unanswered.event == TransferResult(False, None)
    assert parsed(event="hangup").event == CallEnded("completed", None, "hangup")
    assert parsed(event="hangup", status="busy", seconds=7).event == CallEnded("busy", 7, "hangup")
    odd = parsed(event="hangup", status="odd", seconds=-7)
    assert odd.event == CallEnded("failed", None, "hangup")
    assert parsed(event="hangup", seconds=True).event == CallEnded("completed", None, "hangup")


def test_a_retry_without_an_id_is_known_by_its_date_and_body() -> None:
    one, again = JsonHmac().parse(request()), JsonHmac().parse(request())
    later = JsonHmac().parse(request(ts=str(NOW + 1)))
    assert isinstance(one, CallRequest)
    assert isinstance(later, CallRequest)
    assert one == again
    assert one.key != later.key


@pytest.mark.parametrize("step", [True, -1, 1.5, "3", 10**30, None])
def test_a_step_that_is_no_count_is_none(step: Any) -> None:
    assert parsed(event="digits", step=step).step is None


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b"[" * 60_000, "body"),
        (b'{"call_id":"c1","call_id":"c2","event":"digits"}', "body"),
        (b'{"call_id":"c1","event":"digits","step":' + b"9" * 5_000 + b"}", "body"),
        (b"{}", "call_id"),
        (b'{"call_id":7,"event":"digits"}', "call_id"),
        (b'{"call_id":"a b","event":"digits"}', "call_id"),
        (b'{"call_id":"c1"}', "event"),
        (b'{"call_id":"c1","event":["digits"]}', "event"),
    ],
)
def test_what_cannot_be_understood_is_said_to_be(body: bytes, what: str) -> None:
    assert JsonHmac().parse(request(body)) == Malformed(what)


def test_ten_thousand_keys_are_cut_and_stay_too_many() -> None:
    event = parsed(event="digits", digits="1" * 10_000).event
    assert isinstance(event, Digits)
    assert len(event.keys) == 65


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
MEMBERS = ("call_id", "event", "event_id", "digits", "ending", "step", "seconds", "status", "from")


@given(st.one_of(
    st.binary(max_size=100),
    st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES | st.sampled_from(["c1", "digits"]))
    .map(lambda told: json.dumps(told).encode()),
), st.text(max_size=20), st.text(max_size=20))  # fmt: skip
def test_nothing_that_comes_raises(body: bytes, ts: str, signature: str) -> None:
    raw = request(body, signature=signature)._replace(
        headers={"x-timestamp": ts, "x-signature": signature}
    )
    assert JsonHmac().verify(raw, [SECRET], NOW) is not None
    assert isinstance(JsonHmac().parse(raw), CallRequest | Malformed)


def test_actions_are_a_list_in_their_order() -> None:
    assert rendered(
        Phrase("Қазақша", "kk", private=False),
        Phrase("English", "en", private=True),
        Gather(1, 64, "#", 7, 4),
    ) == [
        {
            "action": "say",
            "language": "kk",
            "text": "Қазақша",
            "url": "https://gw.example.kz/prompts/a.wav",
        },
        {"action": "say", "language": "en", "text": "English", "url": None},
        {
            "action": "gather", "min": 1, "max": 64, "finish": "#", "first_timeout_s": 7,
            "inter_timeout_s": 4, "barge_in": True, "step": 4,
        },
    ]  # fmt: skip


def test_what_must_be_heard_to_its_end_says_so() -> None:
    notice, welcome = rendered(
        Phrase("Recorded", "en", private=False, whole=True), Phrase("Welcome", "en", private=False)
    )
    assert notice["whole"] is True
    assert "whole" not in welcome


def test_a_transfer_names_its_target_or_is_the_end() -> None:
    assert rendered(Transfer("operators")) == [
        {
            "action": "transfer",
            "queue": "operators",
            "target": "115",
            "reference": "K7QM2X",
            "step": 4,
        }
    ]
    assert rendered(Transfer("operators"), target=None) == [{"action": "hangup"}]
    assert rendered(HangUp()) == [{"action": "hangup"}]
    assert rendered() == []


def test_however_long_the_texts_the_document_is_small() -> None:
    shown = rendered(*[Phrase("\x01" * 100_000, "en", private=False)] * 20)
    assert sum(len(each["text"]) for each in shown) == 8_000
    assert rendered(Phrase("\ud800", "en", private=False))[0]["text"] == "?"
