from __future__ import annotations

import base64
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import CallEnded, Digits, Ending, Gather, HangUp, Phrase, Shown
from ivr.dialects import secret_problem
from ivr.dialects.contract import CallRequest, Malformed, RawRequest, Refusal, RenderContext
from ivr.dialects.forms import FORM
from ivr.dialects.telnyx import WINDOW_S, Telnyx

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
BODY = b"CallSid=c1&From=%2B77010000001&To=1414&Digits=123456"
NOW_S = 1_700_000_000
SIGNED = "Tn8v0BKfDP9oxYD6BBC9RpYBgtErdXNbmO2wtM1DH3xUv7tkvgcTcMSRA1IiqM8FAxbwiwBqFVuTkDrrtKWmAA=="
STEP = "https://gw.example.kz/ivr/1414?step=3&nonce=abc"


def post(body: bytes = BODY, signature: str = SIGNED, timestamp: str = str(NOW_S)) -> RawRequest:
    headers = {
        "content-type": FORM,
        "telnyx-signature-ed25519": signature,
        "telnyx-timestamp": timestamp,
    }
    return RawRequest("POST", STEP, headers, body)


def signed(body: bytes, timestamp: str = str(NOW_S)) -> RawRequest:
    signature = base64.b64encode(PRIVATE.sign(timestamp.encode() + b"|" + body)).decode()
    return post(body, signature, timestamp)


class TestBelief:
    def test_the_vector_is_believed(self) -> None:
        assert Telnyx().verify(post(), [PUBLIC], NOW_S) is None

    def test_any_of_the_active_keys_will_do(self) -> None:
        other = base64.b64encode(bytes(range(1, 33))).decode()
        assert Telnyx().verify(post(), [other, PUBLIC], NOW_S) is None
        assert Telnyx().verify(post(), [other], NOW_S) == Refusal("mismatch")
        assert Telnyx().verify(post(), ["no key at all"], NOW_S) == Refusal("mismatch")

    @pytest.mark.parametrize("off", [WINDOW_S, -WINDOW_S])
    def test_the_window_is_five_minutes_either_way(self, off: int) -> None:
        assert Telnyx().verify(post(), [PUBLIC], NOW_S + off) is None
        outside = NOW_S + off + (1 if off > 0 else -1)
        assert Telnyx().verify(post(), [PUBLIC], outside) == Refusal("stale")

    @pytest.mark.parametrize("header", ["telnyx-signature-ed25519", "telnyx-timestamp"])
    def test_without_a_header_there_is_no_belief(self, header: str) -> None:
        request = post()
        headers = {name: value for name, value in request.headers.items() if name != header}
        assert Telnyx().verify(request._replace(headers=headers), [PUBLIC], NOW_S) == Refusal(
            "missing"
        )

    @pytest.mark.parametrize(
        ("signature", "timestamp"),
        [
            (SIGNED[:-4], str(NOW_S)),
            ("no base64!", str(NOW_S)),
            ("Қ", str(NOW_S)),
            (SIGNED, "1700000000.0"),
            (SIGNED, "-1"),
            (SIGNED, "١"),
            (SIGNED, "9" * 13),
        ],
    )
    def test_headers_of_another_form_are_malformed(self, signature: str, timestamp: str) -> None:
        request = post(signature=signature, timestamp=timestamp)
        assert Telnyx().verify(request, [PUBLIC], NOW_S) == Refusal("malformed")

    def test_what_was_changed_on_the_way_is_refused(self) -> None:
        assert Telnyx().verify(post(BODY + b"7"), [PUBLIC], NOW_S) == Refusal("mismatch")
        later = post(timestamp=str(NOW_S + 1))
        assert Telnyx().verify(later, [PUBLIC], NOW_S) == Refusal("mismatch")

    def test_a_get_would_have_nothing_signed(self) -> None:
        """Its fields stand in the query, and the signature covers the body alone."""
        empty = signed(b"")._replace(method="GET", url=f"{STEP}&{BODY.decode()}")
        assert Telnyx().verify(empty, [PUBLIC], NOW_S) == Refusal("malformed")

    @given(st.text(max_size=100), st.text(max_size=15), st.binary(max_size=50))
    def test_nothing_that_comes_raises(self, signature: str, stamp: str, body: bytes) -> None:
        request = post(body, signature, stamp)
        assert Telnyx().verify(request, [PUBLIC], NOW_S) is not None
        assert isinstance(Telnyx().parse(request), CallRequest | Malformed)


def test_a_secret_that_is_no_key_is_told_at_the_start() -> None:
    assert secret_problem("telnyx", PUBLIC) is None
    assert "public key" in (secret_problem("telnyx", "KEY0123456789") or "")
    assert secret_problem("twiml", "KEY0123456789") is None


def test_events_are_those_of_twiml() -> None:
    told = Telnyx().parse(post())
    assert told == CallRequest(
        "c1", "+77010000001", "1414", Digits("123456", Ending.TIMEOUT), "step 3", 3, "abc"
    )
    over = b"CallSid=v3%3A9X2v&CallStatus=completed&CallDuration=2&HangupSource=callee"
    ended = Telnyx().parse(signed(over))
    assert isinstance(ended, CallRequest)
    assert (ended.call_id, ended.event) == ("v3:9X2v", CallEnded("completed", 2))


def test_a_question_is_followed_by_the_way_on_without_keys() -> None:
    next_url = "https://gw.example.kz/ivr/1414?step=4&nonce=def"
    context = RenderContext(4, next_url, "115", lambda _: None)
    shown: list[Shown] = [Phrase("Number?", "en", private=False), Gather(1, 64, "#", 7, 4)]
    root = ElementTree.fromstring(Telnyx().render(shown, context).body)
    assert [verb.tag for verb in root] == ["Gather", "Redirect"]
    assert root[0].attrib == {
        "action": next_url,
        "finishOnKey": "#",
        "input": "dtmf",
        "method": "POST",
        "numDigits": "64",
        "timeout": "7",
    }
    assert root[1].text == next_url
    ended = ElementTree.fromstring(Telnyx().render([HangUp()], context).body)
    assert [verb.tag for verb in ended] == ["Hangup"]
