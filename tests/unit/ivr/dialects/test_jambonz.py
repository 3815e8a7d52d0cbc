from __future__ import annotations

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
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialects.dated import SIGNATURES_MAX, WINDOW_S
from ivr.dialects.jambonz import Jambonz, sign
from tests.support.players.jambonz import JambonzTongue, check

JAMBONZ = Jambonz()
SECRET = "wh_secret"
NOW_S = 1_700_000_000
URL = "https://gw.example.kz/ivr/1414"
STEP = f"{URL}?step=3&nonce=ab"
BODY = b'{"call_sid":"c1","digits":"123456"}'
VECTOR = "e684c79c1337430bc663e3bb27284c317e4c31832d03b1346a5a50e824a3e34b"
TONGUE = JambonzTongue("c1", "+77010000001", "1414")
CONTEXT = RenderContext(3, STEP, "+77172000000", lambda _: None, "r-42")

NUMBER = Gather(1, 64, "#", 7, 4)
KEY = Gather(1, 1, "", 7, 4)
KK, RU, EN = (Phrase(f"[{name}]", name, False) for name in ("kk", "ru", "en"))


def signed(header: str, body: bytes = BODY) -> RawRequest:
    return RawRequest("POST", STEP, {"jambonz-signature": header} if header else {}, body)


def refusal(header: str, *secrets: str, now_s: int = NOW_S, body: bytes = BODY) -> str | None:
    refused = JAMBONZ.verify(signed(header, body), secrets or (SECRET,), now_s)
    return None if refused is None else refused.reason


# -- who is believed


def test_the_published_vector_is_believed() -> None:
    assert sign(SECRET, str(NOW_S), BODY) == VECTOR
    assert refusal(f"t={NOW_S},v1={VECTOR}") is None


@pytest.mark.parametrize(
    "header",
    [
        f"v1={VECTOR},t={NOW_S}",
        f"t={NOW_S}, v1={VECTOR}",
        f"t={NOW_S},v0=00,v1={VECTOR}",
        f"t={NOW_S},v1={'0' * 64},v1={VECTOR}",
    ],
)
def test_the_header_may_be_written_otherwise(header: str) -> None:
    assert refusal(header) is None


def test_either_secret_is_believed_while_it_is_changed() -> None:
    assert refusal(f"t={NOW_S},v1={VECTOR}", "new", SECRET) is None


@pytest.mark.parametrize("age_s", [-WINDOW_S, WINDOW_S])
def test_a_signature_holds_for_five_minutes(age_s: int) -> None:
    assert refusal(f"t={NOW_S},v1={VECTOR}", now_s=NOW_S + age_s) is None


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "missing"),
        (f"v1={VECTOR}", "malformed"),
        (f"t={NOW_S}", "malformed"),
        (f"t={NOW_S},t={NOW_S + 1},v1={VECTOR}", "malformed"),
        (f"t=-{NOW_S},v1={VECTOR}", "malformed"),
        (f"t=1{'0' * 12},v1={VECTOR}", "malformed"),
        (f"t=١,v1={VECTOR}", "malformed"),
        (f"t={NOW_S}" + f",v1={VECTOR}" * (SIGNATURES_MAX + 1), "malformed"),
        (f"t={NOW_S - 1},v1={VECTOR}", "mismatch"),
        (f"t={NOW_S},v1={VECTOR.upper()}", "mismatch"),
        (f"t={NOW_S},v1={VECTOR[:-1]}", "mismatch"),
        (f"t={NOW_S},v1=Қ", "mismatch"),
        (f"t={NOW_S - WINDOW_S - 1},v1={VECTOR}", "stale"),
        (f"t={NOW_S + WINDOW_S + 1},v1={VECTOR}", "stale"),
    ],
)
def test_others_are_refused(header: str, reason: str) -> None:
    assert refusal(header) == reason


def test_another_body_is_refused() -> None:
    assert refusal(f"t={NOW_S},v1={VECTOR}", body=BODY + b" ") == "mismatch"


def test_basic_authentication_alone_is_not_enough() -> None:
    request = RawRequest("POST", URL, {"authorization": "Basic dTp3aF9zZWNyZXQ="}, BODY)
    assert JAMBONZ.verify(request, (SECRET,), NOW_S) == Refusal("missing")


# -- what a request says


def parsed(told: object, url: str = STEP) -> CallRequest | Malformed:
    return JAMBONZ.parse(RawRequest("POST", url, {}, json.dumps(told).encode()))


def event(told: dict[str, Any], url: str = STEP) -> Event | None:
    request = parsed(told, url)
    assert isinstance(request, CallRequest)
    return request.event


def test_the_hook_begins_the_call() -> None:
    assert parsed(TONGUE.started(), URL) == CallRequest(
        "c1", "+77010000001", "1414", CallStarted(None), key="start"
    )


def test_the_status_of_the_same_moment_is_the_same_request() -> None:
    assert parsed(TONGUE.info, URL) == parsed(TONGUE.started(), URL)


def test_a_step_is_named_by_our_url() -> None:
    assert parsed(TONGUE.keyed("1")) == CallRequest(
        "c1", "+77010000001", "1414", Digits("1", Ending.COMPLETE), "step 3", step=3, nonce="ab"
    )


@pytest.mark.parametrize(
    ("told", "url", "expected"),
    [
        (TONGUE.keyed("7501*"), STEP, Digits("7501*", Ending.COMPLETE)),
        (TONGUE.keyed(""), STEP, Digits("", Ending.EMPTY)),
        (TONGUE.keyed("1" * 500), STEP, Digits("1" * KEYS_KEPT_MAX, Ending.COMPLETE)),
        (TONGUE.keyed("1") | {"reason": "timeout"}, STEP, Digits("1", Ending.TIMEOUT)),
        (TONGUE.keyed("1") | {"digits": 1}, STEP, Digits("", Ending.EMPTY)),
        (TONGUE.silent(), STEP, Digits("", Ending.EMPTY)),
        (TONGUE.dialled(connected=True), f"{STEP}&of=dial", TransferResult(True)),
        (TONGUE.dialled(connected=False), f"{STEP}&of=dial", TransferResult(False)),
        (TONGUE.answered, f"{STEP}&of=dial", TransferResult(False)),  # given up while it rang
        (TONGUE.dialled(connected=True) | {"call_status": "completed"}, f"{STEP}&of=dial",
         TransferResult(True)),
        (TONGUE.status("in-progress"), URL, None),
        (TONGUE.status("early-media"), URL, None),
        (TONGUE.status("completed", duration=61), URL, CallEnded("completed", 61)),
        (TONGUE.status("completed"), URL, CallEnded("completed", None)),
        (TONGUE.status("completed", duration=True), URL, CallEnded("completed", None)),
        (TONGUE.status("completed", duration=-1), URL, CallEnded("completed", None)),
        (TONGUE.status("no-answer"), URL, CallEnded("no-answer", None)),
        (TONGUE.status("failed"), STEP, CallEnded("failed", None)),
    ],
)  # fmt: skip
def test_what_happened(told: dict[str, Any], url: str, expected: Event | None) -> None:
    assert event(told, url) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (TONGUE.leg("trying", 100), None),
        (TONGUE.leg("in-progress", 200), None),
        (TONGUE.leg("no-answer", 487), None),
        (TONGUE.leg("completed", 487, duration=0), None),  # answered as it was given up
        (TONGUE.leg("completed", 200, duration=42), TransferResult(True, 42)),
    ],
)
def test_the_operators_leg_tells_its_seconds_to_the_call(
    told: dict[str, Any], expected: Event | None
) -> None:
    request = parsed(told, URL)
    assert isinstance(request, CallRequest)
    assert (request.call_id, request.event) == ("c1", expected)
    assert (request.key, request.step) == ("leg c1-leg", None)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ([], "body"),
        ("text", "body"),
        ({}, "call_sid"),
        ({"call_sid": 1}, "call_sid"),
        ({"call_sid": "a b"}, "call_sid"),
        ({"call_sid": "c" * 129}, "call_sid"),
        ({"call_sid": "c1", "parent_call_sid": None}, "call_sid"),
    ],
)
def test_what_names_no_call_is_malformed(told: object, what: str) -> None:
    assert parsed(told) == Malformed(what)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(body: bytes) -> None:
    assert JAMBONZ.parse(RawRequest("POST", URL, {}, body)) == Malformed("body")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=4,
)
FIELDS = ("call_sid", "parent_call_sid", "call_status", "digits", "duration", "from", "sip")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.text(max_size=100), st.text(max_size=60))
def test_anything_can_be_read(told: dict[str, Any], url: str, header: str) -> None:
    body = json.dumps(told).encode()
    JAMBONZ.verify(signed(header, body), (SECRET,), NOW_S)
    JAMBONZ.parse(RawRequest("POST", url, {}, body))
    JAMBONZ.parse(RawRequest("POST", url, {}, header.encode("utf-8", "replace")))


# -- documents


def verbs(*actions: Shown, context: RenderContext = CONTEXT) -> list[dict[str, Any]]:
    document = JAMBONZ.render(actions, context)
    assert document.content_type == "application/json"
    shown: list[dict[str, Any]] = json.loads(document.body)
    for verb in shown:
        check(verb["verb"], {name: value for name, value in verb.items() if name != "verb"})
    return shown


def recorded(*languages: str) -> RenderContext:
    return CONTEXT._replace(
        prompt_url=lambda phrase: (
            f"https://p/{phrase.language}" * (phrase.language in languages) or None
        )
    )


def names(shown: list[dict[str, Any]]) -> list[str]:
    return [verb["verb"] for verb in shown]


def test_a_question_is_a_gather_and_behind_it_people() -> None:
    gather, dial, hangup = verbs(EN, NUMBER)
    assert gather == {
        "verb": "gather", "input": ["digits"], "minDigits": 1, "maxDigits": 64, "timeout": 7,
        "interDigitTimeout": 4, "dtmfBargein": True, "actionHook": STEP, "finishOnKey": "#",
        "say": {"text": "[en]", "synthesizer": {
            "vendor": "microsoft", "language": "en-US", "voice": "en-US-JennyNeural"}},
    }  # fmt: skip
    assert dial["target"] == [{"type": "phone", "number": "+77172000000"}]
    assert "actionHook" not in dial
    assert hangup == {"verb": "hangup"}


def test_every_key_counts_where_nothing_finishes() -> None:
    assert "finishOnKey" not in verbs(EN, KEY)[0]


def test_kazakh_has_a_voice() -> None:
    voice = verbs(KK, KEY)[0]["say"]["synthesizer"]
    assert voice == {
        "vendor": "microsoft", "language": "kk-KZ", "voice": "kk-KZ-AigulNeural",
    }  # fmt: skip


def test_recordings_are_one_list_that_a_key_interrupts() -> None:
    shown = verbs(KK, RU, EN, KEY, context=recorded("kk", "ru", "en"))
    assert shown[0]["play"] == {"url": ["https://p/kk", "https://p/ru", "https://p/en"]}
    assert verbs(KK, KEY, context=recorded("kk"))[0]["play"] == {"url": "https://p/kk"}


def test_of_words_and_recordings_the_last_is_interrupted() -> None:
    assert names(verbs(KK, RU, EN, KEY)) == ["say", "say", "gather", "dial", "hangup"]
    shown = verbs(KK, RU, EN, KEY, context=recorded("ru", "en"))
    assert names(shown) == ["say", "gather", "dial", "hangup"]
    assert shown[1]["play"] == {"url": ["https://p/ru", "https://p/en"]}
    shown = verbs(KK, RU, EN, KEY, context=recorded("kk", "ru"))
    assert names(shown) == ["play", "play", "gather", "dial", "hangup"]
    assert shown[2]["say"]["text"] == "[en]"
    more = EN._replace(text="More.")
    shown = verbs(RU, EN, more, KEY)
    assert names(shown) == ["say", "gather", "dial", "hangup"]
    assert shown[1]["say"]["text"] == "[en] More."


def test_what_must_be_heard_whole_stands_before_the_gather() -> None:
    notice = KK._replace(whole=True)
    shown = verbs(notice, RU, KEY, context=recorded("kk", "ru"))
    assert names(shown) == ["play", "gather", "dial", "hangup"]
    assert shown[1]["play"] == {"url": "https://p/ru"}
    alone = verbs(notice, KEY)
    assert names(alone) == ["say", "gather", "dial", "hangup"]
    assert "say" not in alone[1]


def test_a_transfer_carries_the_reference_and_reports() -> None:
    say, dial, hangup = verbs(EN, Transfer("operators"))
    assert say["text"] == "[en]"
    assert dial == {
        "verb": "dial", "target": [{"type": "phone", "number": "+77172000000"}], "timeout": 30,
        "actionHook": f"{STEP}&of=dial", "headers": {"X-Jauap-Call": "r-42"},
    }  # fmt: skip
    assert hangup == {"verb": "hangup"}


def test_a_sip_address_is_dialled_as_it_is() -> None:
    context = CONTEXT._replace(operator_target="sip:people@pbx.example.kz", reference="")
    dial = verbs(Transfer("operators"), context=context)[0]
    assert dial["target"] == [{"type": "sip", "sipUri": "sip:people@pbx.example.kz"}]
    assert "headers" not in dial


def test_without_people_nothing_is_dialled() -> None:
    context = CONTEXT._replace(operator_target=None)
    assert names(verbs(EN, KEY, context=context)) == ["gather", "hangup"]
    assert names(verbs(EN, Transfer("operators"), context=context)) == ["say", "hangup"]


def test_a_farewell_hangs_up() -> None:
    assert names(verbs(EN, RU, HangUp())) == ["say", "say", "hangup"]


def test_an_apology_for_no_call_reports_to_nobody() -> None:
    context = CONTEXT._replace(next_url="", reference="")
    shown = verbs(EN, Transfer("operators"), context=context)
    assert names(shown) == ["say", "dial", "hangup"]
    assert "actionHook" not in shown[1]


def test_nothing_to_do_is_an_empty_list() -> None:
    assert verbs() == []
