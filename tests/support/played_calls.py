"""Calls that every voice platform must hold alike: what is pressed, what is heard, what is kept.

Heard are sentences of the voice catalogue by language and id, then what the platform waits for;
`_` in a language's place stands for all three, one after the other. Pressed are keys; `-` is
silence, `~60` an operator who spoke for 60 s, `~no` one who was not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ivr.actions import LANGUAGES
from tests.support.feed import appeal, fine
from tests.support.players.contract import HANGUP, Heard
from tests.support.service import FAR

OPEN = "750100000000431215"
OVERDUE = "750100000000431223"
AWAY = "750100000000431231"  # its source does not answer, until it does
ABSENT = "750100000000999999"
ENFORCED = "197500000431233"
NO_ACT = "123457"

TICKETS = (
    appeal(number=OPEN, status="in_review", due_on=FAR, forward_count=0, events=[]),
    appeal(number=OVERDUE, status="in_review", due_on="2026-10-20", forward_count=0, events=[]),
    appeal(number=AWAY, status="in_review", due_on=FAR, forward_count=0, events=[]),
    fine(number=ENFORCED),
)

MOBILE = "+7701{dialect:03}{call:04}"
LANDLINE = "+7727{dialect:03}{call:04}"
HIDDEN = ""

WELCOME = "_:recording _:welcome gather"
OPTIONS = "repeat+another_number"
BY_SMS = f"offer_sms+sms_price+offer_follow+{OPTIONS}"


class Call(NamedTuple):
    """`records` are "leg outcome seconds language" of the call's legs, the seconds as the platform
    counts them; `questions` are channel and result of what was asked; `texts` are the SMS
    that reach the caller's phone."""

    title: str
    caller: str
    steps: Sequence[tuple[str, str]]
    seconds: int
    records: tuple[str, ...]
    questions: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    called: str = "1414"


CALLS = (
    Call(
        "a new caller: language, line, number, status, again, by SMS, another number",
        MOBILE,
        (
            ("", WELCOME),
            ("2", "ru:menu gather"),
            ("1", "ru:ask_number gather"),
            (f"111*{OPEN}#", f"ru:appeal.in_review ru:{BY_SMS} gather"),
            ("9", f"ru:appeal.in_review ru:{BY_SMS} gather"),
            ("5", f"ru:sms_sent+{OPTIONS} gather"),
            ("2", "ru:ask_number gather"),
            ("2#", "ru:menu gather"),
            ("3", "ru:ask_number gather"),
            (f"{ENFORCED}#", f"ru:fine.paid_but_enforced_call ru:{BY_SMS} gather"),
            ("7", f"ru:{BY_SMS} gather"),
            ("-", "ru:goodbye hangup"),
        ),
        61,
        ("caller completed 61 ru",),
        ("ivr status", "copy status", "ivr status"),
        ("*1215: на рассмотрении. ДГД Шымкент. Ответ до 31.12.99",),
    ),
    Call(
        "wrong numbers: read back, wrong length, an operator after the third",
        MOBILE,
        (
            ("", WELCOME),
            ("3", "en:menu gather"),
            ("7", "en:ask_number+menu gather"),
            (f"{ABSENT}#", "en:confirm_number gather"),
            ("1", "en:not_found+no_slip gather"),
            ("123#", "en:operator transfer"),
            ("~42", "en:goodbye hangup"),
        ),
        95,
        ("caller transferred 95 en", "operator completed 42 en"),
        ("ivr not_found", "ivr bad_length"),
    ),
    Call(
        "an overdue appeal: the complaint goes to people, the queue, a call-back",
        MOBILE,
        (
            ("", WELCOME),
            ("1", "kk:menu gather"),
            ("1", "kk:ask_number gather"),
            (f"{OVERDUE}#", f"kk:appeal.overdue kk:{BY_SMS} gather"),
            ("1", "kk:operator transfer"),
            ("~no", "kk:queue gather"),
            ("-", "kk:operator transfer"),
            ("~no", "kk:queue gather"),
            ("1", "kk:call_back_kept+goodbye hangup"),
        ),
        120,
        ("caller completed 120 kk", "operator no-answer 0 kk"),
        ("ivr status",),
    ),
    Call(
        "an inspection without an act: the report goes to people",
        MOBILE,
        (
            ("", WELCOME),
            ("2", "ru:menu gather"),
            ("2", "ru:ask_number gather"),
            (f"{NO_ACT}#", f"ru:insp.unregistered ru:{BY_SMS} gather"),
            ("1", "ru:operator transfer"),
            ("~300", "ru:goodbye hangup"),
        ),
        330,
        ("caller transferred 330 ru", "operator completed 300 ru"),
        ("ivr unregistered",),
    ),
    Call(
        "no source answers: the answer comes by SMS when it can",
        MOBILE,
        (
            ("", WELCOME),
            ("3", "en:menu gather"),
            ("1", "en:ask_number gather"),
            (f"{AWAY}#", "en:unavailable gather"),
            ("1", "en:sms_later+another_number gather"),
            ("-", "en:goodbye hangup"),
        ),
        40,
        ("caller completed 40 en",),
        ("ivr unavailable", "copy status"),
        ("*1231: under review. Shymkent Tax. Reply due 31.12.99",),
    ),
    Call(
        "a landline is offered no SMS",
        LANDLINE,
        (
            ("", WELCOME),
            ("2", "ru:menu gather"),
            ("*", "_:welcome gather"),
            ("2", "ru:menu gather"),
            ("-", "ru:silence+menu gather"),
            (f"{OPEN}#", f"ru:appeal.in_review ru:{OPTIONS} gather"),
            ("0", "ru:operator transfer"),
            ("~no", "ru:queue gather"),
            ("2", "ru:ask_number gather"),
        ),
        50,
        ("caller completed 50 ru", "operator no-answer 0 ru"),
        ("ivr status",),
    ),
    Call(
        "nor is the caller of a number without SMS",
        MOBILE,
        (
            ("", WELCOME),
            ("3", "en:menu gather"),
            ("1", "en:ask_number gather"),
            (f"{OPEN}#", f"en:appeal.in_review en:{OPTIONS} gather"),
        ),
        21,
        ("caller completed 21 en",),
        ("ivr status",),
        called="88000807777",
    ),
    Call(
        "a hidden caller who says nothing",
        HIDDEN,
        (
            ("", WELCOME),
            ("-", "_:silence gather"),
            ("-", "_:ask_number gather"),
            ("-", "kk:operator transfer"),
            ("~no", "kk:queue_wait gather"),
            ("-", "kk:operator transfer"),
            ("~no", "kk:queue_wait gather"),
            ("-", "kk:operator transfer"),
            ("~no", "kk:operators_busy+call_later+goodbye hangup"),
        ),
        90,
        ("caller completed 90 kk", "operator no-answer 0 kk"),
    ),
    Call(
        "hung up at the welcome",
        MOBILE,
        (("", WELCOME),),
        3,
        ("caller completed 3 kk",),
    ),
)


AT_NIGHT = Call(
    "operators are asked for outside their hours",
    MOBILE,
    (
        ("", WELCOME),
        ("1", "kk:menu gather"),
        ("0", "kk:operators_closed kk:menu gather"),
        ("1", "kk:ask_number gather"),
        (
            f"{OVERDUE}#",
            f"kk:appeal.overdue kk:offer_sms+sms_price+{OPTIONS} gather",
        ),
        (
            "1",
            f"kk:operators_closed kk:appeal.overdue kk:offer_sms+sms_price+{OPTIONS} gather",
        ),
        ("2", "kk:ask_number gather"),
        ("-", "kk:silence gather"),
        ("-", "kk:silence+no_slip gather"),
        ("-", "kk:operators_closed+call_later+goodbye hangup"),
    ),
    30,
    ("caller completed 30 kk",),
    ("ivr status",),
)


def number_of(call: Call, dialect: int) -> str:
    """Each call of each dialect has a phone of its own."""
    at = CALLS.index(call) if call in CALLS else len(CALLS)
    return call.caller.format(dialect=dialect, call=at)


def id_of(call: Call) -> str:
    """The platform's id of the call."""
    return "-".join(re.findall(r"\w+", call.title))


def agrees(heard: Heard, expected: str, texts: Mapping[str, Mapping[str, str]]) -> str | None:
    """None where `heard` is what was expected, else what is heard, for people."""
    *phrases, then = expected.split()
    wanted = [
        (language, text_ids)
        for phrase in _each(phrases)
        for language, _, text_ids in [phrase.partition(":")]
    ]
    right = heard.then == then and len(heard.said) == len(wanted)
    for (language, text), (as_wanted, text_ids) in zip(heard.said, wanted, strict=False):
        right &= language == as_wanted and _says(text, text_ids, language, texts)
    # A platform may end a call by itself after a conversation.
    if right or (then == HANGUP and "goodbye" in expected and heard == Heard((), HANGUP)):
        return None
    return " / ".join([*(f"{language}: {text}" for language, text in heard.said), heard.then])


def _each(phrases: Sequence[str]) -> list[str]:
    """`_:recording _:welcome`: the three of each."""
    return [
        each
        for phrase in phrases
        for each in (
            [f"{language}{phrase[1:]}" for language in LANGUAGES]
            if phrase.startswith("_")
            else [phrase]
        )
    ]


def _says(text: str, text_ids: str, language: str, texts: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether the text is these sentences, whatever stands in their braces."""
    patterns = [
        ".+".join(re.escape(part) for part in re.split(r"\{[a-z_]+\}", texts[text_id][language]))
        for text_id in text_ids.split("+")
    ]
    return re.fullmatch(" ".join(patterns), text) is not None
