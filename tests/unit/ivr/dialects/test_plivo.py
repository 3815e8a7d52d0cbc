from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plivo import plivoxml

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
from ivr.dialects.forms import FORM
from ivr.dialects.plivo import Plivo
from ivr.dialects.plivo_signature import sign

TOKEN, NONCE = "my_auth_token", "12345"
START = "https://gw.example.kz/ivr/1414"
STEP = START + "?step=3&nonce=abc"
NEXT = "https://gw.example.kz/ivr/1414?step=4&nonce=def"
CALL = {"CallUUID": "c1", "From": "77010000001", "To": "77172414141", "CallStatus": "in-progress"}


def post(url: str, fields: dict[str, str], token: str = TOKEN) -> RawRequest:
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    headers = {
        "content-type": FORM,
        "x-plivo-signature-v3": sign(token, url, query, list(fields.items()), NONCE),
        "x-plivo-signature-v3-nonce": NONCE,
    }
    return RawRequest("POST", url, headers, urlencode(fields).encode())


def parsed(url: str, **fields: str) -> CallRequest:
    told = Plivo().parse(post(url, CALL | fields))
    assert isinstance(told, CallRequest)
    return told


def rendered(
    *actions: Shown, target: str = "+77172000000", url: str | None = None, reference: str = ""
) -> str:
    context = RenderContext(4, NEXT, target, lambda _: url, reference)
    document = Plivo().render(actions, context)
    assert document.content_type == "text/xml"
    return document.body.decode().removeprefix('<?xml version="1.0" encoding="UTF-8"?>')


class TestBelief:
    def test_a_signed_request_is_believed(self) -> None:
        assert Plivo().verify(post(STEP, CALL | {"CallerName": "Әсел Қ"}), [TOKEN], 0) is None
        assert Plivo().verify(post(STEP, CALL), ["new", TOKEN], 0) is None

    def test_a_get_is_believed_by_its_query(self) -> None:
        url = f"{START}?{urlencode(CALL)}"
        request = post(url, {})._replace(method="GET")
        assert Plivo().verify(request, [TOKEN], 0) is None
        told = Plivo().parse(request)
        assert isinstance(told, CallRequest)
        assert (told.call_id, told.event) == ("c1", CallStarted(None))
        assert Plivo().verify(request._replace(url=url + "1"), [TOKEN], 0) == Refusal("mismatch")

    def test_one_of_several_signatures_will_do(self) -> None:
        request = post(STEP, CALL)
        both = f"AAAA, {request.headers['x-plivo-signature-v3']}"
        headers = {**request.headers, "x-plivo-signature-v3": both}
        assert Plivo().verify(request._replace(headers=headers), [TOKEN], 0) is None

    def test_what_was_changed_on_the_way_is_refused(self) -> None:
        request, refused = post(STEP, CALL), Refusal("mismatch")
        assert Plivo().verify(request, ["other"], 0) == refused
        assert Plivo().verify(request, [], 0) == refused
        assert Plivo().verify(request._replace(url=STEP + "1"), [TOKEN], 0) == refused
        assert Plivo().verify(request._replace(body=request.body + b"&x=1"), [TOKEN], 0) == refused
        nonce = {**request.headers, "x-plivo-signature-v3-nonce": "12346"}
        assert Plivo().verify(request._replace(headers=nonce), [TOKEN], 0) == refused

    def test_the_scheme_that_does_not_sign_the_body_is_refused_by_name(self) -> None:
        headers = {
            "content-type": FORM,
            "x-plivo-signature-v2": "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=",
            "x-plivo-signature-v2-nonce": NONCE,
        }
        request = RawRequest("POST", "https://answer.url", headers, b"CallUUID=c1")
        assert Plivo().verify(request, [TOKEN], 0) == Refusal("weak")
        as_v3 = {name.replace("v2", "v3"): value for name, value in headers.items()}
        assert Plivo().verify(request._replace(headers=as_v3), [TOKEN], 0) == Refusal("mismatch")

    @pytest.mark.parametrize("header", ["x-plivo-signature-v3", "x-plivo-signature-v3-nonce"])
    def test_without_a_header_there_is_no_belief(self, header: str) -> None:
        request = post(STEP, CALL)
        headers = {name: value for name, value in request.headers.items() if name != header}
        assert Plivo().verify(request._replace(headers=headers), [TOKEN], 0) == Refusal("missing")

    @pytest.mark.parametrize(
        ("header", "value"),
        [("x-plivo-signature-v3", ",".join(["a"] * 9)), ("x-plivo-signature-v3-nonce", "1" * 129)],
    )
    def test_absurd_headers_are_malformed(self, header: str, value: str) -> None:
        request = post(STEP, CALL)
        request = request._replace(headers={**request.headers, header: value})
        assert Plivo().verify(request, [TOKEN], 0) == Refusal("malformed")

    def test_too_many_fields_are_refused(self) -> None:
        request = post(STEP, {f"F{n}": "" for n in range(201)})
        assert Plivo().verify(request, [TOKEN], 0) == Refusal("malformed")

    @given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from(["GET", "POST"]))
    def test_nothing_that_comes_raises(self, body: bytes, text: str, method: str) -> None:
        headers = {
            "content-type": FORM,
            "x-plivo-signature-v3": text,
            "x-plivo-signature-v3-nonce": text,
        }
        request = RawRequest(method, f"{START}?{text}", headers, body)
        assert Plivo().verify(request, [TOKEN], 0) is not None
        assert isinstance(Plivo().parse(request), CallRequest | Malformed)


class TestEvents:
    def test_the_first_request_starts_a_call(self) -> None:
        told = parsed(START, CallStatus="ringing", Event="StartApp")
        assert told == CallRequest("c1", "77010000001", "77172414141", CallStarted(None), "start")

    def test_a_step_brings_keys_or_silence(self) -> None:
        told = parsed(STEP, Digits="12*34", InputType="dtmf")
        assert told.event == Digits("12*34", Ending.TIMEOUT)
        assert (told.key, told.step, told.nonce) == ("step 3", 3, "abc")
        assert parsed(STEP, Event="Redirect").event == Digits("", Ending.EMPTY)

    @pytest.mark.parametrize(
        ("status", "ended"),
        [
            ("completed", "completed"),
            ("busy", "busy"),
            ("failed", "failed"),
            ("no-answer", "no-answer"),
            ("timeout", "no-answer"),
            ("cancel", "canceled"),
            ("whatever", "failed"),
        ],
    )
    def test_a_hang_up_ends_the_call(self, status: str, ended: str) -> None:
        told = parsed(START, CallStatus=status, Event="Hangup", Duration="61", BillDuration="120")
        assert told.event == CallEnded(ended, 61)

    def test_a_final_status_ends_the_call_wherever_it_is_posted(self) -> None:
        assert parsed(STEP, CallStatus="completed", Digits="1").event == CallEnded(
            "completed", None
        )

    @pytest.mark.parametrize(
        ("status", "connected"),
        [("completed", True), ("busy", False), ("timeout", False), ("no-answer", False)],
    )
    def test_a_transfer_has_a_result(self, status: str, connected: bool) -> None:
        told = parsed(STEP, DialStatus=status, DialHangupCause="NORMAL_CLEARING")
        assert told.event == TransferResult(connected)
        told = parsed(STEP, DialStatus=status, DialBLegDuration="40", CallStatus="completed")
        assert told.event == TransferResult(connected, 40)

    def test_without_a_call_id_there_is_no_call(self) -> None:
        assert Plivo().parse(post(STEP, CALL | {"CallUUID": ""})) == Malformed("CallUUID")


class TestDocuments:
    """Their own library writes what we write."""

    def test_a_question(self) -> None:
        theirs = plivoxml.ResponseElement()
        theirs.add(plivoxml.SpeakElement("Recorded.", language="en-US"))
        question = plivoxml.GetInputElement(
            action=NEXT, method="POST", input_type="dtmf", execution_timeout=7,
            digit_end_timeout=4, finish_on_key="#", num_digits=32, redirect=True,
        )  # fmt: skip
        theirs.add(question.add_speak("Нөмір?", language="ru-RU"))
        theirs.add(plivoxml.RedirectElement(NEXT, method="POST"))
        ours = rendered(
            Phrase("Recorded.", "en", private=False, whole=True),
            Phrase("Нөмір?", "kk", private=False),
            Gather(1, 64, "#", 7, 4),
        )
        assert same(ours, theirs)

    def test_one_key_of_any_kind_and_the_shortest_times(self) -> None:
        theirs = plivoxml.ResponseElement()
        question = plivoxml.GetInputElement(
            action=NEXT, method="POST", input_type="dtmf", execution_timeout=5,
            digit_end_timeout=2, finish_on_key="none", num_digits=1, redirect=True,
        )  # fmt: skip
        theirs.add(question.add_play("https://gw.example.kz/a.wav"))
        theirs.add(plivoxml.RedirectElement(NEXT, method="POST"))
        phrase = Phrase("...", "kk", private=False)
        ours = rendered(phrase, Gather(1, 1, "", 3, 1), url="https://gw.example.kz/a.wav")
        assert same(ours, theirs)
        longest = ElementTree.fromstring(rendered(Gather(1, 1, "", 90, 30)))[0].attrib
        assert (longest["executionTimeout"], longest["digitEndTimeout"]) == ("60", "10")

    def test_a_transfer(self) -> None:
        theirs = plivoxml.ResponseElement()
        dial = plivoxml.DialElement(action=NEXT, method="POST", timeout=30)
        theirs.add(dial.add_number("+77172000000"))
        assert same(rendered(Transfer("operators"), reference="k7"), theirs)

    def test_a_transfer_to_a_sip_phone_says_which_call_it_is(self) -> None:
        theirs = plivoxml.ResponseElement()
        dial = plivoxml.DialElement(
            action=NEXT, method="POST", timeout=30, sip_headers="JauapCall=k7"
        )
        theirs.add(dial.add_user("sip:desk@pbx.example.kz"))
        target = "sip:desk@pbx.example.kz"
        assert same(rendered(Transfer("operators"), target=target, reference="k7"), theirs)

    def test_the_end(self) -> None:
        theirs = plivoxml.ResponseElement()
        theirs.add(plivoxml.SpeakElement("Goodbye!", language="en-US"))
        theirs.add(plivoxml.HangupElement())
        assert same(rendered(Phrase("Goodbye!", "en", private=False), HangUp()), theirs)

    def test_nothing_to_do_is_a_document_too(self) -> None:
        assert rendered() == "<Response />"


def same(ours: str, theirs: plivoxml.ResponseElement) -> bool:
    canonical = ElementTree.canonicalize
    return canonical(ours) == canonical(theirs.to_string(pretty=False))
