"""FastAGI: Asterisk connects, tells of a call in a block of lines, then does command for command.

Pure. A request here is what ivr.fastagi has of a call at one moment: the environment block as its
headers, and as its body what came of the last script (ivr.dialects.agi_script), as a form.
Nothing signs FastAGI; the secret is the last part of the path that the dialplan calls us by.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

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
    END_STATUSES,
    KEYS_KEPT_MAX,
    STEP_MAX,
    CallRequest,
    Document,
    Malformed,
    RawRequest,
    Refusal,
    RenderContext,
    sane_id,
    small_number,
)

NAME = "fastagi"
SCRIPT_TYPE = "text/x-agi"
SUBROUTINE = "jauap-operators"  # the dialplan's context by which callers reach people
COMMANDS_MAX = 64  # of one script
URL_SIGNS_MAX = 2_000  # a line of commands holds 8,192 octets
SECRET_SIGNS_MIN = 16  # it is all that tells Asterisk from a stranger, and may be tried at will
KEYS = "0123456789*#"

_SECRET = re.compile(r"[A-Za-z0-9_.~-]+")  # stands in a path as it is
_PRINTABLE = re.compile(r"[!-~]+")
_RESTRICTED, _PRESENTATION = 0x20, 0x60  # of agi_callingpres: the caller hides the number
_NO_NUMBER = frozenset({"", "unknown"})
_OUTCOME_FIELDS_MAX = 8
_NO_ARGUMENT = str.maketrans("", "", ",()")  # what parts a subroutine's arguments


def secret_problem(secret: str) -> str | None:
    """Why this cannot be the secret of a FastAGI table, as the end of a sentence; None where it
    can."""
    if not _SECRET.fullmatch(secret):
        return "stands in a path: write it with letters, digits and _ . ~ - alone"
    if len(secret) < SECRET_SIGNS_MIN:
        return f"is all that protects its calls: write at least {SECRET_SIGNS_MIN} signs"
    return None


def table_of(environment: Mapping[str, str]) -> str:
    """The `[[ivr]]` table that a dialplan's AGI(agi://host/ivr/<name>/<secret>) means, else ""."""
    parts = _path(environment)
    return parts[1] if len(parts) == 3 and parts[0] == "ivr" else ""


class FastAgi(NamedTuple):
    """See the module."""

    name: str = NAME
    echoes_nonce: bool = False  # a connection is one call: nothing can be sent again
    knows_by_url: bool = False

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        del now_s  # nothing tells the time
        parts = _path(request.headers)
        if len(parts) < 3:
            return Refusal("missing")
        given = parts[-1].encode("utf-8", "replace")
        right = [hmac.compare_digest(secret.encode(), given) for secret in secrets]
        return None if any(right) and len(parts) == 3 else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        told = request.headers
        call_id = sane_id(told.get("agi_uniqueid"))
        if not call_id:
            return Malformed("agi_uniqueid")
        outcome = _outcome(request.body)
        if outcome is None:
            return Malformed("outcome")
        step = small_number(outcome.get("step", ""), STEP_MAX)
        event = _event(outcome, step)
        if event is None:
            return Malformed("outcome")
        return CallRequest(call_id, _caller(told), _called(told), event, _key(event, step), step)

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        gather = next((action for action in actions if isinstance(action, Gather)), None)
        interrupting = KEYS if gather is not None and context.next_url else ""
        lines: list[str] = []
        for action in actions[:COMMANDS_MAX]:
            if isinstance(action, Phrase):
                url = context.prompt_url(action)
                if url and len(url) <= URL_SIGNS_MAX and _PRINTABLE.fullmatch(url):
                    keys = "" if action.whole else interrupting
                    lines.append(f'STREAM FILE {_quoted(url)} "{keys}"')
            elif isinstance(action, Gather):
                lines += _collect(action, context)
            elif isinstance(action, Transfer):
                lines += _transfer(action, context)
            else:
                lines.append("HANGUP")
        return Document(SCRIPT_TYPE, "\n".join(lines).encode())


# -- in


def _path(environment: Mapping[str, str]) -> list[str]:
    """Of agi_network_script: what stands behind the host."""
    path = environment.get("agi_network_script", "").partition("?")[0].strip("/")
    return path.split("/") if path else []


def _caller(environment: Mapping[str, str]) -> str:
    """The number, "" where it is hidden: Asterisk may know it all the same."""
    presentation = small_number(environment.get("agi_callingpres", ""), 0xFF) or 0
    if presentation & _PRESENTATION == _RESTRICTED:
        return ""
    number = environment.get("agi_callerid", "")
    return "" if number in _NO_NUMBER else number


def _called(environment: Mapping[str, str]) -> str:
    """As dialled; where the trunk does not say, the extension that the dialplan matched."""
    dialled = environment.get("agi_dnid", "")
    return environment.get("agi_extension", "") if dialled in _NO_NUMBER else dialled


def _outcome(body: bytes) -> dict[str, str] | None:
    """The form of ivr.dialects.agi_script; None where it is none."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_OUTCOME_FIELDS_MAX,
        )
    except ValueError:
        return None
    return dict(pairs)


def _event(outcome: Mapping[str, str], step: int | None) -> Event | None:
    seconds = small_number(outcome.get("seconds", ""), CALL_SECONDS_MAX)
    if not outcome:
        return CallStarted(None)
    if "ended" in outcome:
        status = outcome["ended"]
        return CallEnded(status if status in END_STATUSES else "failed", seconds, by="hangup")
    if step is None:
        return None
    if "connected" in outcome:
        connected = outcome["connected"] == "yes"
        return TransferResult(connected, seconds if connected else None)
    keys = outcome.get("keys", "")[:KEYS_KEPT_MAX]
    if not keys:
        return Digits("", Ending.EMPTY)
    timed_out = outcome.get("ending") == Ending.TIMEOUT
    return Digits(keys, Ending.TIMEOUT if timed_out else Ending.COMPLETE)


def _key(event: Event, step: int | None) -> str:
    if isinstance(event, CallEnded):
        return "end"
    return "start" if step is None else f"step {step}"


# -- out


def _quoted(text: str) -> str:
    """An argument as Asterisk reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _collect(gather: Gather, context: RenderContext) -> list[str]:
    if not context.next_url:
        return []  # nobody will be told what was keyed
    return [
        f"collect step={context.step} max={gather.max_keys} finish={gather.finish} "
        f"first_ms={gather.first_timeout_s * 1000} next_ms={gather.inter_timeout_s * 1000}"
    ]


def _transfer(transfer: Transfer, context: RenderContext) -> list[str]:
    """The subroutine's arguments: whom to call, the call's reference for them, the queue."""
    if not context.operator_target:
        return ["HANGUP"]
    target = context.operator_target.translate(_NO_ARGUMENT)
    arguments = _quoted(f"{target},{context.reference},{transfer.queue}")
    call = f"GOSUB {SUBROUTINE} s 1 {arguments}"
    return [call, f"report step={context.step}" if context.next_url else "HANGUP"]
