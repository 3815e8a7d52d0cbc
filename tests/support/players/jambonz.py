"""jambonz: posts its hooks signed, does the verbs it gets, and tells every status of both legs."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from tests.support.players.contract import GATHER, HANGUP, TRANSFER, Heard, Words

DIALECTS = ("jambonz",)
DOCUMENT_OCTETS_MAX = 65_536

Verb = Mapping[str, Any]

# What its own check takes of the verbs that we use: a property that is not known, or is of another
# type, makes it throw the whole document away. A type in brackets: required.
_CHECKED: Mapping[str, Mapping[str, str]] = {
    "play": {"url": "(string|array)"},
    "say": {"text": "(string|array)", "synthesizer": "#synthesizer"},
    "synthesizer": {"vendor": "(string)", "language": "string", "voice": "string"},
    "gather": {
        "actionHook": "string",
        "finishOnKey": "string",
        "input": "array",
        "minDigits": "number",
        "maxDigits": "number",
        "interDigitTimeout": "number",
        "timeout": "number",
        "dtmfBargein": "boolean",
        "play": "#play",
        "say": "#say",
    },
    "dial": {
        "actionHook": "string",
        "headers": "object",
        "target": "(array)",
        "timeout": "number",
    },
    "hangup": {},
}
_TYPES: Mapping[type, str] = {
    str: "string", list: "array", int: "number", bool: "boolean", dict: "object",
}  # fmt: skip


def check(name: str, verb: Verb) -> None:
    """Raises AssertionError where jambonz would refuse the verb."""
    known = _CHECKED[name]
    for property_, value in verb.items():
        assert property_ in known, f"{name}: {property_} is not known"
        wanted = known[property_].strip("()")
        if wanted.startswith("#"):
            check(wanted[1:], value)
        else:
            assert _TYPES[type(value)] in wanted.split("|"), f"{name}: {property_}"
    required = {property_ for property_, wanted in known.items() if wanted.startswith("(")}
    assert required <= verb.keys(), f"{name} lacks {required - verb.keys()}"


def signature(secret: str, body: bytes, now_s: int) -> str:
    """The header's value."""
    mac = hmac.digest(secret.encode(), f"{now_s}.".encode() + body, hashlib.sha256)
    return f"t={now_s},v1={mac.hex()}"


class JambonzTongue:
    """The bodies in which one call is told."""

    def __init__(self, call_sid: str, caller: str, called: str) -> None:
        self.info: dict[str, Any] = {
            "call_sid": call_sid,
            "direction": "inbound",
            "from": caller or "anonymous",
            "to": called,
            "call_id": "2a6f3a4e-sip",
            "sip_status": 100,
            "sip_reason": "Trying",
            "call_status": "trying",
            "account_sid": "ac-1",
            "trace_id": "7a1e",
            "application_sid": "app-1",
            "originating_sip_ip": "192.0.2.10",
        }
        self.answered = self.info | {
            "sip_status": 200, "sip_reason": "OK", "call_status": "in-progress",
        }  # fmt: skip

    def status(self, name: str, **more: object) -> dict[str, Any]:
        return self.answered | {"call_status": name} | more

    def leg(self, name: str, sip_status: int, **more: object) -> dict[str, Any]:
        """The status of the operator's leg."""
        return self.answered | {
            "call_sid": self.info["call_sid"] + "-leg", "parent_call_sid": self.info["call_sid"],
            "direction": "outbound", "call_status": name, "sip_status": sip_status, **more,
        }  # fmt: skip

    def started(self) -> dict[str, Any]:
        defaults = {"synthesizer": {"vendor": "microsoft", "language": "ru-RU"}, "recognizer": {}}
        return self.info | {"sip": {"headers": {}}, "defaults": defaults}

    def keyed(self, digits: str) -> dict[str, Any]:
        return self.answered | {"digits": digits, "reason": "dtmfDetected"}

    def silent(self) -> dict[str, Any]:
        return self.answered | {"reason": "timeout"}

    def dialled(self, *, connected: bool) -> dict[str, Any]:
        status, sip_status = ("completed", 200) if connected else ("no-answer", 487)
        return self.answered | {"dial_call_status": status, "dial_sip_status": sip_status}


class JambonzPlayer:
    """See Player."""

    def __init__(self, webhook: str, secret: str, tongue: JambonzTongue, words: Words) -> None:
        self._webhook = webhook
        self._secret = secret
        self._tongue = tongue
        self._words = words
        self._waits: Verb = {}

    async def call(self) -> Heard:
        await self._told(self._tongue.info)  # the status hook is called as well, with "trying"
        heard = await self._follow(self._webhook, self._tongue.started())
        await self._told(self._tongue.status("in-progress"))
        return heard

    async def keys(self, keys: str) -> Heard:
        asked = self._asked("gather")
        finish: str = asked.get("finishOnKey", "")
        digits = (keys.partition(finish)[0] if finish else keys)[: asked["maxDigits"]]
        assert len(digits) >= asked["minDigits"] or (finish and finish in keys)
        return await self._follow(asked["actionHook"], self._tongue.keyed(digits))

    async def silence(self) -> Heard:
        return await self._follow(self._asked("gather")["actionHook"], self._tongue.silent())

    async def operator(self, *, connected: bool, seconds: int = 0) -> Heard:
        asked = self._asked("dial")
        await self._told(self._tongue.leg("trying", 100))
        if connected:
            await self._told(self._tongue.leg("in-progress", 200))
            await self._told(self._tongue.leg("completed", 200, duration=seconds))
        else:
            await self._told(self._tongue.leg("no-answer", 487))
        return await self._follow(asked["actionHook"], self._tongue.dialled(connected=connected))

    async def hang_up(self, seconds: int) -> None:
        await self._told(self._tongue.status("completed", duration=seconds))

    def _asked(self, name: str) -> Verb:
        assert self._waits.get("verb") == name, f"the call waits for {self._waits or 'nothing'}"
        return self._waits

    async def _follow(self, url: str, told: Verb) -> Heard:
        """Post to a hook, and do the verbs that it answers with."""
        verbs = await self._post(url, told)
        assert verbs, "the hook gives no verbs: the call would end in silence"
        said: list[tuple[str, str]] = []
        for verb in verbs:
            rest = {name: value for name, value in verb.items() if name != "verb"}
            check(verb["verb"], rest)
            if verb["verb"] in {"play", "say"}:
                said += self._said(verb["verb"], rest)
                continue
            for name in ("play", "say"):
                said += self._said(name, verb[name]) if name in verb else []
            self._waits = verb
            return Heard(tuple(said), _THEN[verb["verb"]])
        raise AssertionError("the verbs end in silence")

    def _said(self, name: str, given: Verb) -> list[tuple[str, str]]:
        if name == "say":
            assert given["text"]
            return [(given["synthesizer"]["language"][:2], given["text"])]
        urls: Sequence[str] = [given["url"]] if isinstance(given["url"], str) else given["url"]
        return [self._words(url) for url in urls]

    async def _told(self, status: Verb) -> None:
        """A status: what is answered does not count."""
        await self._post(self._webhook, status)

    async def _post(self, url: str, told: Verb) -> list[dict[str, Any]]:
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Jambonz-Signature": signature(self._secret, body, int(time.time())),
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=headers) as reply,
        ):
            assert (reply.status, reply.content_type) == (200, "application/json")
            octets = await reply.read()
            assert len(octets) <= DOCUMENT_OCTETS_MAX
            verbs: list[dict[str, Any]] = json.loads(octets)
            return verbs


_THEN = {"gather": GATHER, "dial": TRANSFER, "hangup": HANGUP}


def make(
    dialect: str,
    *,
    base_url: str,
    path: str,
    secret: str,
    caller: str,
    called: str,
    call_id: str,
    words: Words,
) -> JambonzPlayer:
    """See MakePlayer."""
    assert dialect in DIALECTS
    return JambonzPlayer(base_url + path, secret, JambonzTongue(call_id, caller, called), words)
