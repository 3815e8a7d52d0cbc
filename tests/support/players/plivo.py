"""Plivo: numbers without a plus, another tag for each verb, its own library to sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

from tests.support.players.contract import Words
from tests.support.players.forms import Fields, FormPlayer, Sign, Tags

DIALECTS = ("plivo",)
TAGS = Tags("Speak", "GetInput", frozenset({"Number", "User"}))
NONCE = "05429567804466091622"
HIDDEN = "anonymous"


class PlivoTongue(NamedTuple):
    """See Tongue. Which key ended an entry is not told."""

    call_id: str
    caller: str
    called: str
    tags: Tags = TAGS

    def _told(self, status: str, **more: str) -> Fields:
        return {
            "CallUUID": self.call_id,
            "From": self.caller.removeprefix("+"),
            "To": self.called.removeprefix("+"),
            "CallStatus": status,
            "Direction": "inbound",
            **more,
        }

    def started(self) -> Fields:
        return self._told("ringing", Event="StartApp")

    def keyed(self, digits: str, *, finished: bool) -> Fields:
        del finished
        return self._told("in-progress", InputType="dtmf", Digits=digits)

    def silent(self) -> Fields:
        return self._told("in-progress", Event="Redirect")

    def dialled(self, *, connected: bool, seconds: int) -> Fields:
        more = {"DialBLegDuration": str(seconds)} if connected else {}
        return self._told(
            "in-progress", DialStatus="completed" if connected else "no-answer",
            DialRingStatus="true", DialALegUUID=self.call_id,
            DialHangupCause="NORMAL_CLEARING" if connected else "NO_ANSWER", **more,
        )  # fmt: skip

    def over(self, seconds: int) -> Fields:
        return self._told(
            "completed", Event="Hangup", Duration=str(seconds),
            BillDuration=str(-(-seconds // 60) * 60), HangupCause="NORMAL_CLEARING",
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
    """A player of `plivo`."""
    assert dialect == "plivo"
    tongue = PlivoTongue(call_id, caller or HIDDEN, called)
    return FormPlayer(base_url + path, tongue, signer(secret), words)


def signer(secret: str) -> Sign:
    """V3, as the platform's own library computes it."""

    def sign(url: str, fields: Fields) -> Mapping[str, str]:
        signed = construct_post_url(url, dict(fields)).decode()
        signature = get_signature_v3(secret.encode(), signed, NONCE).decode()
        return {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": NONCE}

    return sign
