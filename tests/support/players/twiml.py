"""Twilio with either digest, SignalWire, and Telnyx: one tongue, four ways to sign."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator

from tests.support.players.contract import Words
from tests.support.players.forms import Fields, FormPlayer, Sign, Tags

DIALECTS = ("twiml", "twiml-sha256", "signalwire", "telnyx")

# Telnyx keeps the one half of its key, and the settings have the other. The octets 00..1f.
TELNYX_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TELNYX_PUBLIC = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
SECRETS: Mapping[str, str] = {"telnyx": TELNYX_PUBLIC}  # what the settings hold; else the shared

HIDDEN: Mapping[str, str] = {"telnyx": "anonymous"}
ANONYMOUS = "+266696687"  # spells it, on the keys of a telephone

TAGS = Tags("Say", "Gather", frozenset({"Number", "Sip"}))


class TwimlTongue(NamedTuple):
    """See Tongue."""

    call_id: str
    caller: str
    called: str
    tags: Tags = TAGS

    def _told(self, status: str, **more: str) -> Fields:
        return {
            "AccountSid": "AC00000000000000000000000000000001",
            "ApiVersion": "2010-04-01",
            "CallSid": self.call_id,
            "CallStatus": status,
            "Called": self.called,
            "Caller": self.caller,
            "Direction": "inbound",
            "From": self.caller,
            "To": self.called,
            **more,
        }

    def started(self) -> Fields:
        return self._told("ringing")

    def keyed(self, digits: str, *, finished: bool) -> Fields:
        more = {"FinishedOnKey": "#"} if finished else {}
        return self._told("in-progress", Digits=digits, **more, msg="Gather End")

    def silent(self) -> Fields:
        return self._told("in-progress", Digits="", msg="Gather End")

    def dialled(self, *, connected: bool, seconds: int) -> Fields:
        more = {"DialCallDuration": str(seconds)} if connected else {}
        status = "completed" if connected else "no-answer"
        return self._told("in-progress", DialCallStatus=status, DialCallSid="CA" + "f" * 32, **more)

    def over(self, seconds: int) -> Fields:
        return self._told(
            "completed", CallDuration=str(seconds), CallbackSource="call-progress-events",
            SequenceNumber="0", Timestamp="Fri, 20 Nov 2026 05:01:35 +0000",
        )  # fmt: skip


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
) -> FormPlayer:
    """A player of one of DIALECTS. Telnyx signs with a key of its own: see SECRETS."""
    tongue = TwimlTongue(call_id, caller or HIDDEN.get(dialect, ANONYMOUS), called)
    return FormPlayer(base_url + path, tongue, signer(dialect, secret), words)


def signer(dialect: str, secret: str) -> Sign:
    """How the platform signs; Twilio's own library does it where the scheme is Twilio's."""
    if dialect == "telnyx":
        return _ed25519
    header = "X-SignalWire-Signature" if dialect == "signalwire" else "X-Twilio-Signature"
    algorithm = HMAC_SHA256 if dialect == "twiml-sha256" else HMAC_SHA1

    def sign(url: str, fields: Fields) -> Mapping[str, str]:
        signature = RequestValidator(secret).compute_signature(url, fields, algorithm)
        return {header: str(signature)}

    return sign


def _ed25519(_: str, fields: Fields) -> Mapping[str, str]:
    return ed25519_headers(urlencode(fields).encode(), int(time.time()))


def ed25519_headers(body: bytes, now_s: int) -> dict[str, str]:
    """What Telnyx adds to a request with this body."""
    signature = TELNYX_PRIVATE.sign(f"{now_s}|".encode() + body)
    return {
        "telnyx-timestamp": str(now_s),
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }
