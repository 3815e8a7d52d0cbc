from __future__ import annotations

import base64
import hmac
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import CallEnded, CallStarted, Digits, Ending, Gather, Phrase, Shown
from ivr.dialects.contract import CallRequest, Malformed, RawRequest, Refusal, RenderContext
from ivr.dialects.forms import FORM
from ivr.dialects.signalwire import SignalWire, sign_body
from ivr.dialects.twiml import Twiml

KEY = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
P = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("From", "+14158675309"),
    ("Digits", "1234"),
    ("To", "+18005551212"),
]
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="  # a form has Twilio's scheme, so it has its vectors


def form(url: str = URL, signature: str = SIGNED, kind: str = FORM) -> RawRequest:
    headers = {"content-type": kind, "x-signalwire-signature": signature}
    return RawRequest("POST", url, headers, urlencode(P).encode())


def test_a_form_is_signed_as_twilio_signs() -> None:
    assert SignalWire().verify(form(), [KEY], 0) is None
    assert SignalWire().verify(form(), ["new", KEY], 0) is None
    with_port = URL.replace(".com", ".com:443")
    assert SignalWire().verify(form(with_port), [KEY], 0) is None


def test_a_get_is_signed_by_its_url() -> None:
    headers = {"x-signalwire-signature": "zYQTYrRWXE7LtzbG4PfP7/bkkGo="}
    assert SignalWire().verify(RawRequest("GET", URL, headers, b""), [KEY], 0) is None


def test_another_body_is_signed_in_hexadecimal_behind_the_url() -> None:
    body = '{"call":{"from":"Әсел"}}'.encode()
    expected = hmac.new(KEY.encode(), URL.encode() + body, "sha1").hexdigest()
    assert sign_body(KEY, URL, body) == expected
    request = form(signature=expected, kind="application/json")._replace(body=body)
    assert SignalWire().verify(request, [KEY], 0) is None
    assert SignalWire().verify(request._replace(body=body + b" "), [KEY], 0) == Refusal("mismatch")
    assert SignalWire().verify(request, ["other"], 0) == Refusal("mismatch")


def test_such_a_body_is_believed_and_not_understood() -> None:
    assert SignalWire().parse(form(kind="application/json")) == Malformed("CallSid")


def test_a_form_signed_like_another_body_is_refused() -> None:
    body = urlencode(P).encode()
    request = form(signature=sign_body(KEY, URL, body))
    assert SignalWire().verify(request, [KEY], 0) == Refusal("mismatch")


def test_another_body_signed_like_an_empty_form_is_refused() -> None:
    request = form(signature="zYQTYrRWXE7LtzbG4PfP7/bkkGo=", kind="application/json")
    assert SignalWire().verify(request, [KEY], 0) == Refusal("mismatch")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"headers": {"content-type": FORM}}, "missing"),
        ({"headers": {"content-type": FORM, "x-twilio-signature": SIGNED}}, "missing"),
        ({"url": URL + "1"}, "mismatch"),
        ({"body": urlencode(P).encode() + b"&x=1"}, "mismatch"),
        ({"body": b"&".join([b"a="] * 201)}, "malformed"),
    ],
)
def test_what_is_not_signed_is_refused(changed: dict[str, object], reason: str) -> None:
    request = RawRequest(**(form()._asdict() | changed))
    assert SignalWire().verify(request, [KEY], 0) == Refusal(reason)


def test_events_and_documents_are_those_of_twiml() -> None:
    told = SignalWire().parse(form())
    assert told == CallRequest(
        "CA1234567890ABCDE", "+14158675309", "+18005551212", CallStarted(None), "start"
    )
    step = SignalWire().parse(form(URL + "&step=2&nonce=n"))
    assert isinstance(step, CallRequest)
    assert step.event == Digits("1234", Ending.TIMEOUT)
    over = form()._replace(body=b"CallSid=1&CallStatus=completed&CallDuration=9&AudioInMos=4.5")
    ended = SignalWire().parse(over)
    assert isinstance(ended, CallRequest)
    assert ended.event == CallEnded("completed", 9)
    context = RenderContext(1, URL, "115", lambda _: None)
    shown: list[Shown] = [Phrase("Number?", "en", private=False), Gather(1, 64, "#", 7, 4)]
    assert SignalWire().render(shown, context) == Twiml().render(shown, context)


@given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from(["GET", "POST"]))
def test_nothing_that_comes_raises(body: bytes, text: str, method: str) -> None:
    for kind in (FORM, "application/json"):
        headers = {"content-type": kind, "x-signalwire-signature": text}
        request = RawRequest(method, f"{URL}?{text}", headers, body)
        assert SignalWire().verify(request, [KEY], 0) is not None
        assert isinstance(SignalWire().parse(request), CallRequest | Malformed)


def test_the_signature_of_a_form_is_base64() -> None:
    assert len(base64.b64decode(SIGNED)) == 20
