from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

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
from ivr.dialects.contract import (
    CallRequest,
    Malformed,
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialects.twilio_signature import sign
from ivr.dialects.twiml import Twiml

TOKEN = "12345"
START = "https://gw.example.kz/ivr/1414"
STEP = START + "?step=3&nonce=abc"
FORM = "application/x-www-form-urlencoded"
CALL = {"CallSid": "CA1", "From": "+77010000001", "To": "+77001414141", "CallStatus": "in-progress"}
NEXT = "https://gw.example.kz/ivr/1414?step=4&nonce=def"


def post(
    url: str, fields: dict[str, str] | list[tuple[str, str]], token: str = TOKEN
) -> RawRequest:
    pairs = list(fields.items()) if isinstance(fields, dict) else fields
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    mac = base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
    headers = {"content-type": FORM, "x-twilio-signature": mac}
    return RawRequest("POST", url, headers, urlencode(pairs).encode())


def parsed(url: str, **fields: str) -> CallRequest:
    told = Twiml().parse(post(url, CALL | fields))
    assert isinstance(told, CallRequest)
    return told


def context(target: str | None = "+77172000000", url: str | None = None) -> RenderContext:
    return RenderContext(4, NEXT, target, lambda phrase: url)


def rendered(*actions: Shown, target: str | None = "+77172000000", url: str | None = None) -> str:
    document = Twiml().render(actions, context(target, url))
    assert document.content_type == "text/xml"
    assert len(document.body) <= 65_536
    return document.body.decode().removeprefix('<?xml version="1.0" encoding="UTF-8"?>')


class TestBelief:
    def test_a_signed_request_is_believed(self) -> None:
        assert Twiml().verify(post(STEP, CALL | {"CallerName": "Әсел Қ"}), [TOKEN], 0) is None

    def test_any_of_the_active_secrets_will_do(self) -> None:
        assert Twiml().verify(post(STEP, CALL), ["new", TOKEN], 0) is None

    def test_no_signature_no_belief(self) -> None:
        bare = post(STEP, CALL)._replace(headers={"content-type": FORM})
        assert Twiml().verify(bare, [TOKEN], 0) == Refusal("missing")

    def test_what_was_changed_on_the_way_is_refused(self) -> None:
        request = post(STEP, CALL)
        refused = Refusal("mismatch")
        assert Twiml().verify(request, ["other"], 0) == refused
        assert Twiml().verify(request, [], 0) == refused
        assert Twiml().verify(request._replace(url=STEP + "1"), [TOKEN], 0) == refused
        assert Twiml().verify(request._replace(body=request.body + b"&x=1"), [TOKEN], 0) == refused

    def test_too_many_fields_are_refused(self) -> None:
        request = post(STEP, [(f"F{n}", "") for n in range(201)])
        assert Twiml().verify(request, [TOKEN], 0) == Refusal("malformed")

    def test_a_get_is_signed_by_its_url_alone(self) -> None:
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        headers = {"x-twilio-signature": "zYQTYrRWXE7LtzbG4PfP7/bkkGo="}
        assert Twiml().verify(RawRequest("GET", url, headers, b""), [TOKEN], 0) is None

    def test_a_json_body_is_signed_by_its_hash(self) -> None:
        body = b'{"property": "value", "boolean": true}'
        url = f"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={hashlib.sha256(body).hexdigest()}"
        headers = {
            "content-type": "application/json",
            "x-twilio-signature": "a9nBmqA0ju/hNViExpshrM61xv4=",
        }
        request = RawRequest("POST", url, headers, body)
        assert Twiml().verify(request, [TOKEN], 0) is None
        assert Twiml().verify(request._replace(body=b"{}"), [TOKEN], 0) == Refusal("mismatch")

    def test_a_body_of_another_type_is_not_left_unsigned(self) -> None:
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        headers = {
            "content-type": "text/plain",
            "x-twilio-signature": "zYQTYrRWXE7LtzbG4PfP7/bkkGo=",
        }
        request = RawRequest("POST", url, headers, b"CallSid=CA1")
        assert Twiml().verify(request, [TOKEN], 0) == Refusal("mismatch")

    def test_the_digest_is_ours_to_choose(self) -> None:
        request = post(STEP, CALL)
        settings = {"x-twilio-webhooks-signature-settings": "key=1,algorithm=HMAC_SHA256"}
        downgrade = request._replace(headers={**request.headers, **settings})
        assert Twiml().verify(downgrade, [TOKEN], 0) is None
        assert Twiml("sha256").verify(request, [TOKEN], 0) == Refusal("mismatch")
        assert Twiml("sha256").name == "twiml-sha256"


class TestEvents:
    def test_the_first_request_starts_a_call(self) -> None:
        told = parsed(START, CallStatus="ringing")
        assert told == CallRequest(
            "CA1", "+77010000001", "+77001414141", CallStarted(None), "start"
        )

    def test_a_step_brings_keys(self) -> None:
        told = parsed(STEP, Digits="123456", FinishedOnKey="#")
        assert told.event == Digits("123456", Ending.COMPLETE)
        assert (told.key, told.step, told.nonce) == ("step 3", 3, "abc")
        assert parsed(STEP, Digits="12").event == Digits("12", Ending.TIMEOUT)

    def test_no_keys_are_silence(self) -> None:
        assert parsed(STEP).event == Digits("", Ending.EMPTY)
        assert parsed(STEP, Digits="").event == Digits("", Ending.EMPTY)

    @pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
    def test_a_final_status_ends_the_call_wherever_it_is_posted(self, status: str) -> None:
        for url in (START, STEP):
            told = parsed(url, CallStatus=status, CallDuration="17", Digits="12")
            assert told.event == CallEnded(status, 17)

    def test_a_duration_that_is_none_is_not_known(self) -> None:
        for duration in ("", "-1", "1.5", "9" * 20, "٣"):
            event = parsed(START, CallStatus="completed", CallDuration=duration).event
            assert event == CallEnded("completed", None)

    def test_progress_of_a_call_is_no_step(self) -> None:
        assert parsed(START, CallbackSource="call-progress-events").event is None

    @pytest.mark.parametrize(
        ("status", "connected"),
        [
            ("completed", True),
            ("answered", True),
            ("busy", False),
            ("no-answer", False),
            ("", False),
        ],
    )
    def test_a_transfer_has_a_result(self, status: str, connected: bool) -> None:
        assert parsed(STEP, DialCallStatus=status).event == TransferResult(connected)

    def test_a_conversation_has_its_own_seconds(self) -> None:
        told = parsed(STEP, DialCallStatus="completed", DialCallDuration="95")
        assert told.event == TransferResult(connected=True, seconds=95)

    def test_who_hangs_up_on_an_operator_ends_the_call_by_a_report_of_its_own(self) -> None:
        """Then the transfer's result has the final status, and not the call's seconds."""
        fields = {"DialCallStatus": "completed", "DialCallDuration": "40"}
        told = parsed(STEP, CallStatus="completed", **fields)
        assert told.event == TransferResult(connected=True, seconds=40)

    @pytest.mark.parametrize("status", ["completed", "no-answer", "in-progress"])
    def test_an_operators_leg_is_no_call_of_ours(self, status: str) -> None:
        leg = {"ParentCallSid": "CA1", "CallSid": "CA2", "CallbackSource": "call-progress-events"}
        assert parsed(START, CallStatus=status, CallDuration="40", **leg).event is None

    def test_a_get_tells_the_same_in_its_query(self) -> None:
        query = urlencode(CALL | {"CallStatus": "ringing"})
        told = Twiml().parse(RawRequest("GET", f"{START}?{query}", {}, b""))
        assert told == CallRequest(
            "CA1", "+77010000001", "+77001414141", CallStarted(None), "start"
        )

    @pytest.mark.parametrize("call_id", ["", "C A", "Қ", "x" * 129, "a\x00"])
    def test_without_a_sane_call_id_there_is_no_call(self, call_id: str) -> None:
        assert Twiml().parse(post(STEP, CALL | {"CallSid": call_id})) == Malformed("CallSid")

    def test_a_field_that_contradicts_itself_is_not_read(self) -> None:
        pairs = [*CALL.items(), ("CallSid", "CA2")]
        assert Twiml().parse(post(STEP, pairs)) == Malformed("CallSid")
        told = Twiml().parse(post(STEP, [*CALL.items(), ("Digits", "1"), ("Digits", "2")]))
        assert isinstance(told, CallRequest)
        assert told.event == Digits("", Ending.EMPTY)

    def test_ten_thousand_keys_are_cut_and_stay_too_many(self) -> None:
        event = parsed(STEP, Digits="1" * 10_000).event
        assert isinstance(event, Digits)
        assert len(event.keys) == 65

    def test_a_step_out_of_this_world_is_none(self) -> None:
        assert parsed(START + "?step=99999999999").step is None
        assert parsed(START + "?step=-1").step is None

    @given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from(["GET", "POST"]))
    def test_nothing_that_comes_raises(self, body: bytes, query: str, method: str) -> None:
        headers = {"content-type": FORM, "x-twilio-signature": query}
        request = RawRequest(method, f"{START}?{query}", headers, body)
        assert Twiml().verify(request, [TOKEN], 0) is not None
        assert isinstance(Twiml().parse(request), CallRequest | Malformed)


class TestTheirOwnLibrary:
    """Twilio's: it signs what is believed here, believes what is signed so, and writes what we
    write."""

    @given(st.lists(st.tuples(st.sampled_from("ABab"), st.text(max_size=8)), max_size=6))
    def test_what_it_signs_is_believed(self, pairs: list[tuple[str, str]]) -> None:
        told = MultiDict(pairs)
        body = urlencode(pairs, errors="replace").encode()
        assume(parse_qsl(body.decode(), keep_blank_values=True) == pairs)  # no lone surrogates
        for algorithm, dialect in (("HMAC_SHA1", Twiml()), ("HMAC_SHA256", Twiml("sha256"))):
            signature = RequestValidator(TOKEN).compute_signature(STEP, told, algorithm)
            headers = {"content-type": FORM, "x-twilio-signature": signature}
            assert dialect.verify(RawRequest("POST", STEP, headers, body), [TOKEN], 0) is None

    def test_it_believes_what_is_signed_here(self) -> None:
        fields = CALL | {"CallerName": "Әсел Қ"}
        theirs = RequestValidator(TOKEN)
        assert theirs.validate(STEP, fields, sign(TOKEN, STEP, fields.items(), "sha1"))
        signature = sign(TOKEN, STEP, fields.items(), "sha256")
        assert theirs.validate(STEP, fields, signature, "HMAC_SHA256")
        assert not theirs.validate(STEP, fields, signature)

    def test_it_writes_the_same_question(self) -> None:
        theirs = VoiceResponse()
        gather = theirs.gather(
            action=NEXT, action_on_empty_result=True, finish_on_key="#", input="dtmf",
            method="POST", num_digits=64, timeout=7,
        )  # fmt: skip
        gather.say("Number?", language="en-US")
        ours = rendered(Phrase("Number?", "en", private=False), Gather(1, 64, "#", 7, 4))
        assert canonical(ours) == canonical(theirs.to_xml())

    def test_it_writes_the_same_transfer(self) -> None:
        theirs = VoiceResponse()
        theirs.play("https://gw.example.kz/a.wav")
        theirs.dial(action=NEXT, method="POST", timeout=30).sip("sip:a@b?X-Jauap-Call=k7")
        document = Twiml().render(
            [Phrase("...", "kk", private=False), Transfer("operators")],
            context("sip:a@b", "https://gw.example.kz/a.wav")._replace(reference="k7"),
        )
        assert canonical(document.body.decode()) == canonical(theirs.to_xml())


def canonical(xml: str) -> str:
    return ElementTree.canonicalize(xml)


class TestDocuments:
    def test_what_is_said_before_a_question_can_be_interrupted(self) -> None:
        xml = rendered(Phrase("Number?", "en", private=False), Gather(1, 64, "#", 7, 4))
        assert xml == (
            f'<Response><Gather action="{NEXT.replace("&", "&amp;")}" actionOnEmptyResult="true" '
            'finishOnKey="#" input="dtmf" method="POST" numDigits="64" timeout="7">'
            '<Say language="en-US">Number?</Say></Gather></Response>'
        )

    @pytest.mark.parametrize("language", ["kk", "ru", "en"])
    def test_what_is_recorded_is_played(self, language: str) -> None:
        url = "https://gw.example.kz/prompts/a.wav?b=1&c=2"
        assert rendered(Phrase("...", language, private=False), HangUp(), url=url) == (
            "<Response><Play>https://gw.example.kz/prompts/a.wav?b=1&amp;c=2</Play>"
            "<Hangup /></Response>"
        )

    @pytest.mark.parametrize(
        ("language", "voice"), [("kk", "ru-RU"), ("ru", "ru-RU"), ("en", "en-US"), ("de", "en-US")]
    )
    def test_what_is_not_recorded_is_said(self, language: str, voice: str) -> None:
        assert rendered(Phrase("До свидания!", language, private=False)) == (
            f'<Response><Say language="{voice}">До свидания!</Say></Response>'
        )

    def test_each_phrase_asks_for_its_own_recording(self) -> None:
        one, two = Phrase("One", "en", private=False), Phrase("Two", "en", private=True)
        asked: list[Phrase] = []
        Twiml().render([one, two, HangUp()], context()._replace(prompt_url=asked.append))
        assert asked == [one, two]

    def test_a_recording_is_asked_for_in_words_as_they_are(self) -> None:
        """The recording is known by its text: what XML forbids and what is too long stays in it."""
        phrase = Phrase("\x07" + "a" * 9_000, "en", private=False)
        asked: list[Phrase] = []
        Twiml().render([phrase, HangUp()], context()._replace(prompt_url=asked.append))
        assert asked == [phrase]

    def test_what_must_be_heard_whole_stands_before_the_question(self) -> None:
        notice = Phrase("Recorded.", "en", private=False, whole=True)
        root = ElementTree.fromstring(
            rendered(notice, Phrase("Number?", "en", private=False), Gather(1, 64, "#", 7, 4))
        )
        assert [verb.tag for verb in root] == ["Say", "Gather"]
        assert (root[0].text, root[1][0].text) == ("Recorded.", "Number?")

    def test_a_transfer_comes_back_with_its_result(self) -> None:
        action = NEXT.replace("&", "&amp;")
        assert rendered(Transfer("operators")) == (
            f'<Response><Dial timeout="30" action="{action}" method="POST">'
            "<Number>+77172000000</Number></Dial></Response>"
        )
        assert "<Sip>sip:desk@pbx.example.kz</Sip>" in rendered(
            Transfer("operators"), target="sip:desk@pbx.example.kz"
        )

    @pytest.mark.parametrize(
        ("target", "dialled"),
        [
            ("sip:desk@pbx.example.kz", "sip:desk@pbx.example.kz?X-Jauap-Call=k7"),
            ("sips:a@b;transport=tls?X-A=1", "sips:a@b;transport=tls?X-A=1&X-Jauap-Call=k7"),
            ("+77172000000", "+77172000000"),
        ],
    )
    def test_a_sip_phone_learns_which_call_it_gets(self, target: str, dialled: str) -> None:
        document = Twiml().render([Transfer("operators")], context(target)._replace(reference="k7"))
        assert ElementTree.fromstring(document.body)[0][0].text == dialled

    def test_without_a_target_a_transfer_is_the_end(self) -> None:
        assert rendered(Transfer("operators"), target=None) == "<Response><Hangup /></Response>"

    def test_a_transfer_nobody_asks_about_is_followed_by_the_end(self) -> None:
        silent = RenderContext(0, "", "115", lambda *_: None)
        assert (
            Twiml()
            .render([Transfer("operators")], silent)
            .body.decode()
            .endswith('<Dial timeout="30"><Number>115</Number></Dial><Hangup /></Response>')
        )

    def test_nothing_to_do_is_a_document_too(self) -> None:
        assert rendered() == "<Response />"

    def test_what_xml_forbids_is_left_out(self) -> None:
        xml = rendered(Phrase("a\x07b\x00c\ufffed\ud800e<&>", "en", private=False))
        assert ElementTree.fromstring(xml)[0].text == "abcde<&>"

    def test_however_long_the_texts_the_document_is_small(self) -> None:
        phrases = [Phrase("&" * 100_000, "en", private=False)] * 20
        said = ElementTree.fromstring(rendered(*phrases, Gather(1, 1, "", 7, 4)))[0]
        assert [len(verb.text or "") for verb in said] == [4_096, 3_904]

    @given(
        st.lists(st.builds(Phrase, st.text(), st.sampled_from(["kk", "ru", "en"]), st.booleans()))
    )
    def test_any_text_makes_well_formed_xml(self, phrases: list[Phrase]) -> None:
        assert ElementTree.fromstring(rendered(*phrases, HangUp())).tag == "Response"
