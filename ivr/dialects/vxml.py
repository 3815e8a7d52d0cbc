"""VoiceXML 2.1: form posts of a voice browser in, documents for it out. Pure.

The platform names no calls and signs nothing. So the start URL, given to the platform, holds a
token, as every URL of ours does; and the call is named by the document that the start URL gives.
docs/reference/ivr-vxml.md tells the whole course of a call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ivr.actions import (
    CallEnded,
    CallStarted,
    Digits,
    Ending,
    Event,
    Gather,
    Phrase,
    Shown,
    Transfer,
    TransferResult,
)
from ivr.dialects.contract import (
    CALL_SECONDS_MAX,
    KEYS_KEPT_MAX,
    STEP_MAX,
    CallRequest,
    Document,
    Malformed,
    Opening,
    RawRequest,
    Refusal,
    RenderContext,
    sane_id,
    small_number,
)
from ivr.dialects.forms import Fields, has, one, posted, query_of
from ivr.dialects.url_token import opens
from ivr.dialects.vxml_documents import CONNECTED, HANG_UP, farewell, question, root, transfer

# A call's name comes back into a script of the document: no sign may end a string there.
_CALL = re.compile("[0-9A-Za-z_.:@-]+")
_SPACES = re.compile(r"\s+")


class Vxml(NamedTuple):
    """See the module."""

    name: str = "vxml"
    echoes_nonce: bool = True
    knows_by_url: bool = False

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        del now_s  # a start URL is configured once: its token does not age
        query = query_of(request.url)
        if query is None:
            return Refusal("malformed")
        given = one(query, "token")
        if not given:
            return Refusal("missing")
        right = [opens(given, secret, request.url) for secret in secrets]
        return None if any(right) else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed | Opening:
        if request.method == "GET":
            return Opening()
        fields, query = posted(request), query_of(request.url)
        if fields is None or query is None:
            return Malformed("fields")
        call_id = sane_id(one(fields, "call"))
        if not _CALL.fullmatch(call_id):
            return Malformed("call")
        step = small_number(one(query, "step"), STEP_MAX)
        return CallRequest(
            call_id,
            one(fields, "caller"),
            one(fields, "called"),
            _event(fields, step),
            key="start" if step is None else f"step {step}",
            step=step,
            nonce=one(query, "nonce"),
        )

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        phrases = [action for action in actions if isinstance(action, Phrase)]
        hands_over = any(isinstance(action, Transfer) for action in actions)
        if context.next_url and not context.step:
            return root(phrases, context, hands_over=hands_over)
        gather = next((action for action in actions if isinstance(action, Gather)), None)
        if gather is not None:
            return question(phrases, gather, context)
        if hands_over and context.operator_target:
            return transfer(phrases, context)
        return farewell(phrases, context, disconnects=bool(actions))


def _event(fields: Fields, step: int | None) -> Event:
    if one(fields, "event") == HANG_UP:
        return CallEnded("completed", _seconds(fields), by="hangup")
    if has(fields, "outcome"):
        seconds = _seconds(fields)
        return TransferResult(one(fields, "outcome") in CONNECTED or bool(seconds), seconds)
    if step is None:
        return CallStarted(None)
    # A grammar gives its keys with spaces between them, and does not tell what ended the entry.
    keys = _SPACES.sub("", one(fields, "keys")[: 2 * KEYS_KEPT_MAX])[:KEYS_KEPT_MAX]
    return Digits(keys, Ending.COMPLETE if keys else Ending.EMPTY)


def _seconds(fields: Fields) -> int | None:
    """A duration: whole from our script, with a fraction from the browser's own variable."""
    return small_number(one(fields, "seconds").partition(".")[0], CALL_SECONDS_MAX)
