"""The contract of every dialect: the same dialogues, told in its own recorded requests.

tests/unit/ivr/dialects/<name>.toml holds them: each step is a request and the exact document that
answers it, with texts by their ids. EXPECTED is what the gateway was asked on the way. A new
dialect adds its file and a platform below, which signs and follows documents as the real one does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest

from ivr.actions import HangUp, Phrase
from ivr.attendant.attendant import REQUESTS_MAX, Attendant
from ivr.attendant.documents import Documents
from ivr.dialects import DIALECTS
from ivr.dialects.agi_script import Reply, carry_out, ended, number_in, read_reply
from ivr.dialects.contract import Document, RawRequest, Refusal, RenderContext
from ivr.dialects.url_token import url_token
from ivr.switch import Leg
from tests.support.call_desk import FOUND, Counted, Desk, named_texts
from tests.support.players import jambonz, plivo
from tests.support.players.twiml import SECRETS, ed25519_headers
from tests.support.voice_browser import VXML

TABLES = Path(__file__).parents[1] / "unit" / "ivr" / "dialects"
SECRET = "12345"
URL = "https://gw.example.kz/ivr/1414"
NOW_US = 1_795_150_800_000_000  # 2026-11-20 10:00 +05:00


class Platform(Protocol):
    def request(self, recorded: str, reply: bytes | None) -> RawRequest: ...


class FormPlatform:
    """Posts to the action of the last document, else to the start. `sign` makes the headers that
    sign a URL and a body."""

    def __init__(self, sign: Callable[[str, str], Mapping[str, str]]) -> None:
        self.sign = sign

    def request(self, recorded: str, reply: bytes | None) -> RawRequest:
        url = URL
        if reply is not None:
            verbs = ElementTree.fromstring(reply).iter()
            url = next((verb.attrib["action"] for verb in verbs if "action" in verb.attrib), URL)
        signed = {name.lower(): value for name, value in self.sign(url, recorded).items()}
        headers = {"content-type": "application/x-www-form-urlencoded", **signed}
        return RawRequest("POST", url, headers, recorded.encode())


def by_hmac(header: str, digest: str) -> Callable[[str, str], Mapping[str, str]]:
    """Twilio's scheme, under any header."""

    def sign(url: str, body: str) -> Mapping[str, str]:
        fields = sorted(parse_qsl(body, keep_blank_values=True))
        text = url + "".join(name + value for name, value in fields)
        mac = hmac.digest(SECRET.encode(), text.encode(), digest)
        return {header: base64.b64encode(mac).decode()}

    return sign


def by_ed25519(_: str, body: str) -> Mapping[str, str]:
    return ed25519_headers(body.encode(), NOW_US // 1_000_000)


def by_plivo(url: str, body: str) -> Mapping[str, str]:
    return plivo.signer(SECRET)(url, dict(parse_qsl(body, keep_blank_values=True)))


class VxmlPlatform:
    """ "GET" asks for the root; what else is recorded is posted to where the last document's block
    submits it, the end of a call to where its root has it."""

    def request(self, recorded: str, reply: bytes | None) -> RawRequest:
        token = url_token(SECRET, URL)
        if recorded == "GET":
            return RawRequest("GET", f"{URL}?token={token}", {}, b"")
        url = f"{URL}?at=end&token={token}"
        if reply is not None and "event=" not in recorded:
            blocks = ElementTree.fromstring(reply).iter(VXML + "block")
            told = (each.get("next") for block in blocks for each in block)
            url = next(where for where in told if where)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return RawRequest("POST", url, headers, recorded.encode())


class JambonzPlatform:
    """Posts to the hook of the verb that waits, and statuses to the start."""

    def request(self, recorded: str, reply: bytes | None) -> RawRequest:
        url, body = URL, recorded.encode()
        if reply is not None and '"duration"' not in recorded:
            verbs = json.loads(reply)
            url = next((verb["actionHook"] for verb in verbs if "actionHook" in verb), URL)
        signed = jambonz.signature(SECRET, body, NOW_US // 1_000_000)
        return RawRequest("POST", url, {"jambonz-signature": signed}, body)


class JsonPlatform:
    def request(self, recorded: str, reply: bytes | None) -> RawRequest:
        body, ts = recorded.encode(), str(NOW_US // 1_000_000)
        mac = hmac.digest(SECRET.encode(), ts.encode() + b"." + body, hashlib.sha256)
        return RawRequest("POST", URL, {"x-timestamp": ts, "x-signature": "v1=" + mac.hex()}, body)


class AsteriskPlatform:
    """What is recorded is Asterisk's side of the line: the environment, and its replies to each
    command of the last script; HANGUP and what it bills at the end."""

    def request(self, recorded: str, reply: bytes | None) -> RawRequest:
        block, _, said = recorded.partition("\n\n")
        pairs = (line.partition(": ") for line in block.splitlines())
        told = {name: value for name, _, value in pairs}
        told["agi_network_script"] = f"ivr/1414/{SECRET}"
        lines = said.splitlines()
        if lines[:1] == ["HANGUP"]:
            outcome = ended(number_in(self.read(lines[1])))
        else:
            outcome = self.carried(reply, lines) if reply and lines else b""
        return RawRequest("AGI", "/ivr/1414", told, outcome)

    def read(self, line: str) -> Reply:
        reply = read_reply(line)
        assert reply is not None, line
        return reply

    def carried(self, script: bytes, lines: list[str]) -> bytes:
        steps = carry_out(script)
        try:
            next(steps)
            for line in lines:
                steps.send(self.read(line))
        except StopIteration as done:
            assert line is lines[-1]
            outcome: bytes = done.value.outcome
            return outcome
        raise AssertionError("Asterisk is asked for more")


PLATFORMS: dict[str, tuple[str, Platform]] = {
    "twiml": ("twiml", FormPlatform(by_hmac("X-Twilio-Signature", "sha1"))),
    "twiml-sha256": ("twiml", FormPlatform(by_hmac("X-Twilio-Signature", "sha256"))),
    "signalwire": ("twiml", FormPlatform(by_hmac("X-SignalWire-Signature", "sha1"))),
    "telnyx": ("telnyx", FormPlatform(by_ed25519)),
    "plivo": ("plivo", FormPlatform(by_plivo)),
    "vxml": ("vxml", VxmlPlatform()),
    "jambonz": ("jambonz", JambonzPlatform()),
    "json": ("json", JsonPlatform()),
    "fastagi": ("fastagi", AsteriskPlatform()),
}
VOICELESS = frozenset({"fastagi"})  # they play recordings, or say nothing


def dialogues(table: str) -> dict[str, Mapping[str, Any]]:
    read = tomllib.loads((TABLES / f"{table}.toml").read_text(encoding="utf-8"))
    return {dialogue["name"]: dialogue for dialogue in read["dialogue"]}


def recorded_url(phrase: Phrase) -> str:
    name = hashlib.sha256(phrase.text.encode()).hexdigest()[:8]
    return f"https://gw.example.kz/prompts/{name}.wav"


def every_url(phrase: Phrase) -> str:
    """For a platform that plays recordings or says nothing."""
    return recorded_url(phrase).replace("/prompts/", f"/prompts/{phrase.language}/")


def prompt_url(phrase: Phrase) -> str | None:
    """Kazakh is recorded; Russian and English the platform speaks."""
    return recorded_url(phrase) if phrase.language == "kk" else None


def attendant(name: str, desk: Desk, counted: Counted) -> Attendant:
    dialect, secrets = DIALECTS[name], (SECRETS.get(name, SECRET),)
    return Attendant(
        link="1414", dialect=dialect, secrets=secrets, desk=desk, numbers=("1414",),
        operator=True, now_us=lambda: NOW_US, loop_time=lambda: 0.0, counters=counted,
        documents=Documents(
            link="1414", dialect=dialect, nonce_secret=SECRET, voice=named_texts(),
            prompt_url=every_url if name in VOICELESS else prompt_url,
            operator_target="+77172000000", now_us=lambda: NOW_US,
        ),
    )  # fmt: skip


async def replay(name: str, title: str) -> tuple[list[str], Desk]:
    """The documents that a recorded dialogue gets, and the desk it was held with."""
    table, platform = PLATFORMS[name]
    dialogue = dialogues(table)[title]
    desk = Desk(dialogue.get("languages", {}))
    at_work = attendant(name, desk, Counted())
    replies: list[str] = []
    last: bytes | None = None
    for recorded in dialogue["step"]:
        document = await at_work.answer(platform.request(recorded["request"].strip(), last))
        assert isinstance(document, Document)
        last = document.body
        replies.append(last.decode())
    return replies, desk


TITLES = sorted(dialogues("twiml"))


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("name", sorted(DIALECTS))
async def test_a_recorded_dialogue_gets_its_documents(name: str, title: str) -> None:
    replies, _ = await replay(name, title)
    assert replies == [
        step["reply"].strip() for step in dialogues(PLATFORMS[name][0])[title]["step"]
    ]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("name", sorted(DIALECTS))
async def test_every_dialect_asks_the_gateway_the_same(name: str, title: str) -> None:
    _, desk = await replay(name, title)
    asked = [
        f"{q.step} {q.caller} {q.called} {q.digits} {q.menu or '-'} {q.kind or '-'} {q.language}"
        for q in desk.questions
    ]
    ended = [
        f"{end.caller} {end.outcome} {end.seconds}" for end in desk.ends if end.leg is Leg.CALLER
    ]
    assert (asked, ended, desk.languages) == EXPECTED[title]


KK, RU = "77010000001", "77010000002"
EXPECTED: dict[str, tuple[list[str], list[str], dict[str, str]]] = {
    "a new caller chooses Russian, hears the status twice": (
        [f"4 {RU} 1414 750100000000431215 appeal - ru"],
        [f"{RU} completed 61"],
        {RU: "ru"},
    ),
    "a known caller, two wrong numbers, two kinds, an operator": (
        [
            f"3 {KK} 1414 750100000000431216 appeal - kk",
            f"5 {KK} 1414 1234567 appeal - kk",
            f"6 {KK} 1414 230000000000017 appeal - kk",
            f"7 {KK} 1414 230000000000017 appeal crime_report kk",
        ],
        [f"{KK} transferred 95"],
        {KK: "kk"},
    ),
    "a hidden caller says nothing": ([], [" transferred 30"], {}),
    "locked": ([f"3 {KK} 1414 111111111111111 appeal - en"], [], {KK: "en"}),
    "no source answers, and the operator is busy": (
        [f"3 {KK} 1414 222222222222222 appeal - en"],
        [],
        {KK: "en"},
    ),
}


def test_every_dialect_has_its_table_and_its_platform() -> None:
    assert PLATFORMS.keys() == DIALECTS.keys()
    assert all(sorted(dialogues(table)) == TITLES for table, _ in PLATFORMS.values())
    assert sorted(EXPECTED) == TITLES


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_the_registry_and_the_dialect_agree_on_its_name(name: str) -> None:
    assert DIALECTS[name].name == name


@pytest.mark.parametrize("name", sorted(DIALECTS))
async def test_nothing_is_done_for_who_does_not_sign(name: str) -> None:
    desk, counted = Desk(), Counted()
    at_work = attendant(name, desk, counted)
    answer = await at_work.answer(RawRequest("POST", URL, {}, b"CallSid=CA1"))
    assert answer == Refusal("missing")
    assert counted.refused == [(name, "missing")]
    assert counted.steps == []
    assert len(at_work.calls) == 0


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_octets_that_are_no_text_are_refused_like_any_forgery(name: str) -> None:
    told, secret = PLATFORMS[name][1].request("nonsense", None), SECRETS.get(name, SECRET)
    headers = dict.fromkeys(told.headers, "\udcff") | {"content-type": "application/json"}
    url = f"{URL}?bodySHA256=\udcff&step=\udcff&nonce=\udcff&token=\udcff"
    for method in ("GET", "POST"):
        forged = RawRequest(method, url, headers, b"{}")
        assert isinstance(DIALECTS[name].verify(forged, [secret], NOW_US // 1_000_000), Refusal)
        DIALECTS[name].parse(forged)


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("recorded", ["", "CallSid=", "{}", "[1]", "nonsense"])
async def test_who_signs_nonsense_gets_a_document(name: str, recorded: str) -> None:
    desk, counted = Desk(), Counted()
    request = PLATFORMS[name][1].request(recorded, None)
    document = await attendant(name, desk, counted).answer(request)
    assert isinstance(document, Document)
    assert b"+77172000000" in document.body
    assert counted.outcomes() == ["malformed"]


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_documents_stay_below_64_kb(name: str) -> None:
    shown = [Phrase("&\x01Ә" * 50_000, "ru", private=False)] * 9
    context = RenderContext(1, URL, None, lambda *_: None)
    assert len(DIALECTS[name].render([*shown, HangUp()], context).body) <= 65_536


def test_a_json_document_is_a_list() -> None:
    context = RenderContext(1, URL, None, lambda *_: None)
    assert json.loads(DIALECTS["json"].render((), context).body) == []


def event(event_id: str, name: str, **members: str | int) -> RawRequest:
    told = {"event_id": event_id, "call_id": "c1", "event": name, "from": "+77010000001"} | members
    return JsonPlatform().request(json.dumps(told), None)


async def test_an_event_posted_again_is_answered_once() -> None:
    desk, counted = Desk({"77010000001": "en"}), Counted()
    at_work = attendant("json", desk, counted)
    started = await at_work.answer(event("1", "call_started"))
    assert await at_work.answer(event("1", "call_started")) == started
    told = await at_work.answer(event("2", "digits", digits=FOUND))
    assert await at_work.answer(event("2", "digits", digits=FOUND)) == told
    assert await at_work.answer(event("1", "call_started")) == told
    assert counted.outcomes() == ["started", "repeated", "step", "repeated", "repeated"]
    assert len(desk.questions) == 1


async def test_an_event_that_answers_an_earlier_action_is_late() -> None:
    desk, counted = Desk({"77010000001": "en"}), Counted()
    at_work = attendant("json", desk, counted)
    await at_work.answer(event("1", "call_started"))
    told = await at_work.answer(event("2", "digits", digits=FOUND, step=1))
    assert await at_work.answer(event("3", "digits", digits="0", step=1)) == told
    again = await at_work.answer(event("4", "digits", digits="9", step=2))
    assert again != told
    assert counted.outcomes() == ["started", "step", "repeated", "step"]


async def test_a_call_does_not_grow_however_many_events_it_has() -> None:
    counted = Counted()
    at_work = attendant("json", Desk({"77010000001": "en"}), counted)
    for number in range(REQUESTS_MAX + 20):
        await at_work.answer(event(str(number), "digits", digits="9"))
    call = at_work.calls.find("c1", 0.0)
    assert call is not None
    assert len(call.keys) == REQUESTS_MAX
    assert counted.outcomes().count("repeated") == 20
