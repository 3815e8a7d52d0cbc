from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import (
    CallEnded,
    CallStarted,
    Digits,
    Ending,
    Event,
    Gather,
    HangUp,
    Phrase,
    Shown,
    Transfer,
    TransferResult,
)
from ivr.dialects.contract import (
    KEYS_KEPT_MAX,
    CallRequest,
    Malformed,
    Opening,
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialects.url_token import url_token
from ivr.dialects.vxml import Vxml
from tests.support.voice_xml import problems

VXML = Vxml()
SECRET = "topsecret"
URL = "https://gw.example.kz/ivr/1414"
TOKEN = url_token(SECRET, URL)
STEP = f"{URL}?step=3&nonce=ab&token={TOKEN}"
FORM = {"content-type": "application/x-www-form-urlencoded"}
CONTEXT = RenderContext(
    step=3,
    next_url=f"{URL}?step=3&nonce=ab",
    operator_target="+77172000000",
    prompt_url=lambda phrase: f"https://gw.example.kz/p/{len(phrase.text)}.wav",
    call_id="v1",
    token=TOKEN,
)


def post(url: str, body: bytes = b"", **fields: str) -> RawRequest:
    return RawRequest("POST", url, FORM, body or urlencode(fields).encode())


def event(url: str = STEP, **fields: str) -> Event | None:
    told = VXML.parse(post(url, call="v1", caller="tel:+77010000001", called="1414", **fields))
    assert isinstance(told, CallRequest)
    return told.event


# -- who is believed


@pytest.mark.parametrize("url", [STEP, f"{URL}?token={TOKEN}"])
def test_a_url_of_ours_is_believed(url: str) -> None:
    assert VXML.verify(post(url), (SECRET,), 0) is None


def test_either_secret_is_believed_while_it_is_changed() -> None:
    assert VXML.verify(post(STEP), ("new", SECRET), 0) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (URL, "missing"),
        (f"{URL}?token=", "missing"),
        (f"{URL}?token={TOKEN}&token=other", "missing"),  # it contradicts itself
        (f"{URL}?token={'0' * 64}", "mismatch"),
        (f"https://gw.example.kz/ivr/other?token={TOKEN}", "mismatch"),
        (f"{URL}?token=" + TOKEN.upper(), "mismatch"),
        (f"{URL}?" + "&".join(f"a{n}=1" for n in range(300)), "malformed"),
    ],
)
def test_others_are_refused(url: str, reason: str) -> None:
    assert VXML.verify(post(url), (SECRET,), 0) == Refusal(reason)


def test_a_token_in_the_body_opens_nothing() -> None:
    assert VXML.verify(post(URL, token=TOKEN), (SECRET,), 0) == Refusal("missing")


# -- what a request says


def test_a_get_asks_for_what_comes_before_the_call() -> None:
    request = RawRequest("GET", f"{URL}?token={TOKEN}", {}, b"")
    assert VXML.parse(request) == Opening()


def test_the_first_post_begins_the_call() -> None:
    request = post(
        f"{URL}?token={TOKEN}", call="v1", caller="sip:+77010000001@a", called="tel:1414"
    )
    assert VXML.parse(request) == CallRequest(
        "v1", "sip:+77010000001@a", "tel:1414", CallStarted(None), key="start"
    )


def test_a_step_is_named_by_our_url() -> None:
    told = VXML.parse(post(STEP, call="v1", caller="", called="", keys="1"))
    assert told == CallRequest(
        "v1", "", "", Digits("1", Ending.COMPLETE), key="step 3", step=3, nonce="ab"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"keys": "7 5 0 1"}, Digits("7501", Ending.COMPLETE)),  # the tokens of a grammar
        ({"keys": "7501"}, Digits("7501", Ending.COMPLETE)),
        ({"keys": "* 7"}, Digits("*7", Ending.COMPLETE)),
        ({"keys": "#"}, Digits("#", Ending.COMPLETE)),  # what no grammar takes
        ({"keys": ""}, Digits("", Ending.EMPTY)),
        ({"keys": "1 " * 500}, Digits("1" * KEYS_KEPT_MAX, Ending.COMPLETE)),
        ({"outcome": "far_end_disconnect", "seconds": "61.4"}, TransferResult(True, 61)),
        ({"outcome": "near_end_disconnect", "seconds": "0"}, TransferResult(True, 0)),
        ({"outcome": "network_disconnect", "seconds": ""}, TransferResult(True, None)),
        ({"outcome": "busy", "seconds": "0"}, TransferResult(False, 0)),
        ({"outcome": "noanswer", "seconds": "0"}, TransferResult(False, 0)),
        ({"outcome": "network_busy", "seconds": "undefined"}, TransferResult(False, None)),
        ({"outcome": "failed", "seconds": "0"}, TransferResult(False, 0)),
        ({"outcome": "unknown", "seconds": "3"}, TransferResult(True, 3)),  # they have spoken
        ({"outcome": "unknown", "seconds": "0"}, TransferResult(False, 0)),
        ({"event": "hangup", "seconds": "125"}, CallEnded("completed", 125, "hangup")),
        ({"event": "hangup", "seconds": "-1"}, CallEnded("completed", None, "hangup")),
        ({"event": "hangup", "keys": "1"}, CallEnded("completed", None, "hangup")),
    ],
)
def test_what_happened(fields: dict[str, str], expected: Event) -> None:
    assert event(**fields) == expected


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        (post(STEP), "call"),
        (post(STEP, call=""), "call"),
        (post(STEP, call="v1'+alert()+'"), "call"),
        (post(STEP, call="v1 2"), "call"),
        (post(STEP, call="v" * 129), "call"),
        (post(STEP, b"call=v1&call=v2"), "call"),
        (RawRequest("POST", STEP, {"content-type": "text/xml"}, b"<a/>"), "call"),
        (post(STEP, b"&".join(b"a=1" for _ in range(300))), "fields"),
    ],
)
def test_what_names_no_call_is_malformed(request_: RawRequest, what: str) -> None:
    assert VXML.parse(request_) == Malformed(what)


@given(st.text(max_size=200), st.binary(max_size=300), st.sampled_from(["GET", "POST", "PUT"]))
def test_anything_can_be_read(url: str, body: bytes, method: str) -> None:
    request = RawRequest(method, url, FORM, body)
    VXML.verify(request, (SECRET,), 0)
    VXML.parse(request)


# -- documents


GATHERS = (Gather(1, 64, "#", 7, 4), Gather(1, 1, "", 7, 4))
ENDS = (*GATHERS, Transfer("operators"), HangUp())


@given(
    st.lists(
        st.builds(
            Phrase,
            st.text(max_size=40),
            st.sampled_from(["kk", "ru", "en", "xx"]),
            st.booleans(),
            whole=st.booleans(),
        ),
        max_size=4,
    ),
    st.sampled_from(ENDS),
    st.sampled_from([CONTEXT, CONTEXT._replace(next_url="", token=""), CONTEXT._replace(step=0)]),
    st.sampled_from([None, "+77172000000", "sip:people@pbx.example.kz"]),
    st.sampled_from(["", "r-42"]),
    st.booleans(),
)
def test_whatever_is_said_the_document_is_voicexml(
    phrases: list[Phrase],
    end: Shown,
    context: RenderContext,
    target: str | None,
    reference: str,
    recorded: bool,
) -> None:
    context = context._replace(
        operator_target=target,
        reference=reference,
        prompt_url=context.prompt_url if recorded else lambda _: None,
    )
    document = VXML.render([*phrases, end], context)
    assert document.content_type == "application/voicexml+xml"
    assert problems(document.body) == ""


def test_nothing_to_do_is_a_document() -> None:
    document = VXML.render((), CONTEXT._replace(next_url="", step=0))
    assert problems(document.body) == ""
    assert b"<exit />" in document.body


def test_the_schema_knows_what_is_no_voicexml() -> None:
    body = VXML.render((GATHERS[0],), CONTEXT).body
    assert "submit" in problems(body.replace(b'namelist="call', b'names="call'))
    assert "gather" in problems(body.replace(b"field", b"gather"))
    assert problems(body[:-3]).startswith("not XML")
