"""Writes the tables of recorded dialogues anew: `python -m tests.support.recorded TABLE...`.

For when the dialogue or a dialect has changed on purpose: read what comes before you keep it.
tests/conformance/test_dialects.py holds the dialects to the tables.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from ivr.dialects.contract import Document
from tests.conformance.test_dialects import PLATFORMS, TABLES, attendant
from tests.support.call_desk import ABSENT, AWAY, FOUND, LOCKED, TWICE, Counted, Desk
from tests.support.players.forms import Fields, Tongue
from tests.support.players.jambonz import JambonzTongue
from tests.support.players.plivo import PlivoTongue
from tests.support.players.twiml import ANONYMOUS, TwimlTongue

HEAD = """\
# Recorded dialogues: requests as the platform posts them, documents as they are answered.
# The requests are followed the way the platform does: see tests/conformance/test_dialects.py.
"""
KK, RU = "+77010000001", "+77010000002"


class Script(NamedTuple):
    """One dialogue. `steps`: keys, `-` silence, `~yes` and `~no` a transfer's result, `.61` the end
    after so many seconds; the start comes of itself."""

    title: str
    caller: str  # "" hidden
    steps: str
    language: str | None = None  # chosen before


SCRIPTS = (
    Script("a new caller chooses Russian, hears the status twice", RU, f"2 1 {FOUND}# 9 .61"),
    Script(
        "a known caller, two wrong numbers, two kinds, an operator",
        KK,
        f"1 {ABSENT}# 2 1234567 {TWICE}# 1 0 ~yes .95",
        "kk",
    ),
    Script("a hidden caller says nothing", "", "- - - .30"),
    Script("locked", KK, f"1 {LOCKED}#", "en"),
    Script("no source answers, and the operator is busy", KK, f"1 {AWAY}# 0 ~no -", "en"),
)

# By table: how the platform tells of the call of this number.
TONGUES: Mapping[str, Callable[[int, str], Tongue]] = {
    "twiml": lambda number, caller: TwimlTongue(f"CA{number:032}", caller or ANONYMOUS, "1414"),
    "telnyx": lambda number, caller: TwimlTongue(f"v3:{number:032}", caller or "anonymous", "1414"),
    "plivo": lambda number, caller: PlivoTongue(
        f"00000000-0000-0000-0000-{number:012}", caller or "anonymous", "1414"
    ),
}


def vxml_told(number: int, caller: str, step: str) -> list[str]:
    """What a voice browser sends; its first request has no body."""
    remote = f"tel:{caller}" if caller else "sip:anonymous@anonymous.invalid"
    call = {"call": f"v{number:08}", "caller": remote, "called": "sip:1414@pbx.example.kz"}
    if not step:
        return ["GET", urlencode(call)]
    if step[0] == "~":
        outcome, seconds = ("far_end_disconnect", "60") if step == "~yes" else ("noanswer", "0")
        return [urlencode(call | {"outcome": outcome, "seconds": seconds})]
    if step[0] == ".":
        return [urlencode(call | {"event": "hangup", "seconds": step[1:]})]
    keys = step.replace("-", "").removesuffix("#")
    return [urlencode(call | {"keys": " ".join(keys)})]


def jambonz_told(number: int, caller: str, step: str) -> list[str]:
    """What jambonz posts."""
    tongue = JambonzTongue(f"{number:08}-jambonz", caller, "1414")
    bodies = [tongue.keyed(step.removesuffix("#"))]
    if not step:
        bodies = [tongue.started()]
    elif step == "-":
        bodies = [tongue.silent()]
    elif step == "~yes":
        bodies = [tongue.leg("completed", 200, duration=60)]
    elif step == "~no":
        bodies = [tongue.dialled(connected=False)]
    elif step[0] == ".":
        bodies = [tongue.status("completed", duration=int(step[1:]))]
    return [json.dumps(body, ensure_ascii=False) for body in bodies]


# By table: requests of a step that are no form fields.
TOLD: Mapping[str, Callable[[int, str, str], list[str]]] = {
    "vxml": vxml_told,
    "jambonz": jambonz_told,
}


async def table(name: str) -> str:
    """The table as TOML."""
    dialect = next(each for each, (its, _) in PLATFORMS.items() if its == name)
    written = [HEAD]
    for number, script in enumerate(SCRIPTS, 1):
        written.append(f'\n[[dialogue]]\nname = "{script.title}"\n')
        caller = script.caller.removeprefix("+")
        known = {caller: script.language} if script.language else {}
        if known:
            written.append(f'languages = {{ {caller} = "{script.language}" }}\n')
        at_work = attendant(dialect, Desk(known), Counted())
        last: bytes | None = None
        for recorded in requests(name, number, script):
            document = await at_work.answer(PLATFORMS[dialect][1].request(recorded, last))
            assert isinstance(document, Document)
            last = document.body
            written.append(
                f"\n[[dialogue.step]]\nrequest = '''\n{recorded}\n'''\n"
                f"reply = '''\n{last.decode()}\n'''\n"
            )
    return "".join(written)


def requests(name: str, number: int, script: Script) -> Iterator[str]:
    """The bodies that the platform of this table posts."""
    steps = ["", *script.steps.split()]
    if name in TOLD:
        for step in steps:
            yield from TOLD[name](number, script.caller, step)
    else:
        tongue = TONGUES[name](number, script.caller)
        yield from (urlencode(told(tongue, step)) for step in steps)


def told(tongue: Tongue, step: str) -> Fields:
    """A step in the platform's fields."""
    if not step:
        return tongue.started()
    if step == "-":
        return tongue.silent()
    if step[0] == "~":
        return tongue.dialled(connected=step == "~yes", seconds=60)
    if step[0] == ".":
        return tongue.over(int(step[1:]))
    return tongue.keyed(step.removesuffix("#"), finished=step.endswith("#"))


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        (TABLES / f"{asked}.toml").write_text(asyncio.run(table(asked)), encoding="utf-8")
