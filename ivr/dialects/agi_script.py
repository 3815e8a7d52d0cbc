"""A script for Asterisk, carried out command for command: what to send, given each reply. Pure.

A script (ivr.dialects.fastagi renders it) is commands as they are sent and, as its last line, at
most one order of ours: `collect` the keys that are pressed, or `report` how a transfer went.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from ivr.actions import Ending

OK = 200
TRYING = 100  # a reply that another one follows
DEAD = 511  # the channel is gone
SYNTAX = 520
STRAY_KEYS_MAX = 16  # keys that no phone has, in one entry
PLAY_S_MAX = 300.0  # one recording, fetched and played
TRANSFER_S_MAX = 4 * 3_600.0  # an operator's conversation, and the queue before it
GRACE_S = 30.0  # for Asterisk, above what a command takes by itself
BILLED = "GET VARIABLE CDR(billsec)"  # also of a channel that has hung up

_REPLY = re.compile(r"([1-9][0-9]{2})(?:[ -](.*))?", re.DOTALL)
_RESULT = re.compile(r"result=(-?[0-9]{1,9})\b(.*)", re.DOTALL)
_VALUE = re.compile(r"\((.*)\)", re.DOTALL)
_WAIT = re.compile(r"WAIT FOR DIGIT ([0-9]{1,9})")
_KEYS = frozenset("0123456789*#")
_PLAY = "STREAM FILE"
_UNINTERRUPTED = ' ""'
_CALL_ON = "GOSUB"


class Reply(NamedTuple):
    """What Asterisk answered to a command. `result` is None where it gave no number; `value` is
    what stands in parentheses behind it. `hung_up`: the caller has gone."""

    code: int
    result: int | None = None
    value: str = ""
    hung_up: bool = False


class Carried(NamedTuple):
    """A script that was carried out. `outcome` is the body of the next request, b"" where none
    follows; `failed` are the commands that Asterisk could not do, by their names."""

    outcome: bytes
    failed: tuple[str, ...] = ()


def read_reply(line: str) -> Reply | None:
    """One line of Asterisk's as a reply, None where it is none."""
    read = _REPLY.fullmatch(line)
    if read is None:
        return None
    code, rest = int(read[1]), read[2] or ""
    found = _RESULT.match(rest)
    if found is None:
        return Reply(code, hung_up=code == DEAD)
    value = _VALUE.search(found[2])
    return Reply(code, int(found[1]), value[1] if value else "", code == DEAD)


def reply_within_s(command: str) -> float:
    """How long Asterisk may take for a command, in seconds; longer, and the connection is lost."""
    if command.startswith(_CALL_ON):
        return TRANSFER_S_MAX
    wait = _WAIT.fullmatch(command)
    return GRACE_S + (int(wait[1]) / 1000 if wait else PLAY_S_MAX if _is_play(command) else 0.0)


def carry_out(script: bytes) -> Generator[str, Reply, Carried]:
    """Yields commands, takes their replies; the value is what became of it all."""
    keys = ""
    failed: list[str] = []
    for line in script.decode().splitlines():
        if line.startswith("collect "):
            outcome = yield from _collect(_words(line), keys)
            return Carried(outcome, tuple(failed))
        if line.startswith("report "):
            outcome = yield from _report(_words(line), reached=_CALL_ON not in failed)
            return Carried(outcome, tuple(failed))
        if keys and _is_play(line) and not line.endswith(_UNINTERRUPTED):
            continue  # who has begun to key has heard enough
        reply = yield line
        if not reply.hung_up and (reply.code != OK or reply.result == -1):
            failed.append(_PLAY if _is_play(line) else line.partition(" ")[0])
        if _is_play(line):
            if reply.hung_up:
                break
            keys += _key(reply)
    return Carried(b"", tuple(failed))


def number_in(reply: Reply) -> int | None:
    """A count that a variable holds."""
    known = reply.code == OK and reply.result == 1 and re.fullmatch(r"[0-9]{1,9}", reply.value)
    return int(reply.value) if known else None


def ended(seconds: int | None) -> bytes:
    """The outcome that tells of a call's end; `seconds` as Asterisk bills them."""
    billed = {} if seconds is None else {"seconds": str(seconds)}
    return urlencode({"ended": "completed", **billed}).encode()


def _collect(order: Mapping[str, str], keys: str) -> Generator[str, Reply, bytes]:
    """`keys` is what interrupted the words before."""
    most, finish = int(order["max"]), order["finish"]
    ending = Ending.TIMEOUT if keys else Ending.EMPTY
    for _ in range(most + STRAY_KEYS_MAX):
        if finish and keys.endswith(finish):
            keys, ending = keys[:-1], Ending.COMPLETE
            break
        if len(keys) >= most:
            ending = Ending.COMPLETE
            break
        reply = yield f"WAIT FOR DIGIT {order['next_ms' if keys else 'first_ms']}"
        if reply.hung_up or reply.result == -1:  # the channel is gone: HANGUP may yet be coming
            return b""
        pressed = _key(reply)
        if not pressed and (reply.result or 0) <= 0:
            break  # silence; a key that no phone has is passed over
        keys += pressed
        ending = Ending.TIMEOUT if keys else Ending.EMPTY
    return urlencode({"step": order["step"], "keys": keys, "ending": ending}).encode()


def _report(order: Mapping[str, str], *, reached: bool) -> Generator[str, Reply, bytes]:
    """How the transfer went: what the subroutine returned, else what Dial left. Asterisk tells that
    also when the caller has hung up."""
    outcome = {"step": order["step"], "connected": "no"}
    if reached:
        returned = yield "GET VARIABLE GOSUB_RETVAL"
        dialled = yield "GET VARIABLE DIALSTATUS"
        if (returned.value or dialled.value) == "ANSWER":
            outcome["connected"] = "yes"
            spoken = number_in((yield "GET VARIABLE ANSWEREDTIME"))
            if spoken is not None:
                outcome["seconds"] = str(spoken)
    return urlencode(outcome).encode()


def _words(line: str) -> Mapping[str, str]:
    return dict(word.split("=", 1) for word in line.split(" ")[1:])


def _is_play(command: str) -> bool:
    return command.startswith(_PLAY)


def _key(reply: Reply) -> str:
    """The key that Asterisk names by its ASCII code, "" for none and for the keys A to D."""
    code = reply.result if reply.code == OK else None
    return chr(code) if code is not None and 0 < code < 128 and chr(code) in _KEYS else ""
