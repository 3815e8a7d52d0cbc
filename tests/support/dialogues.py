"""Dialogues in brief: a call as a line of words, and what is said and asked as another.

Events: keys as pressed; `-` silence; `!found` the gateway's answer to a number; `+taken` what
became of an SMS; `^kept` or `^lost` a call-back; `~yes`, `~no` or `~no4` the result of a transfer,
with the place in the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ivr.actions import (
    Action,
    Answered,
    CalledBack,
    CallStarted,
    Consult,
    Digits,
    Ending,
    Event,
    Gather,
    HangUp,
    KeepCallBack,
    RememberLanguage,
    Say,
    SendText,
    Texted,
    Transfer,
    TransferResult,
)
from ivr.dialogue.state import CallState, new_call
from ivr.dialogue.step import step
from ivr.switch import CallAnswer, CallOutcome, Sentence, TextOffer, TextOutcome, Wish

STATUS = Sentence("appeal.in_review", {"due": date(2026, 12, 15)})
TWO = CallAnswer(
    CallOutcome.AMBIGUOUS,
    (Sentence("ambiguous", {"kind1": "report", "kind2": "case"}),),
    ("crime_report", "investigation"),
)
PRICED = TextOffer(15)
ANSWERS = {
    "found": CallAnswer(CallOutcome.FOUND, (STATUS,)),
    "mobile": CallAnswer(CallOutcome.FOUND, (STATUS,), text=PRICED),
    "free": CallAnswer(CallOutcome.FOUND, (STATUS,), text=TextOffer(0)),
    "late": CallAnswer(CallOutcome.FOUND, (STATUS,), wish=Wish.COMPLAIN, text=PRICED),
    "paid": CallAnswer(CallOutcome.FOUND, (STATUS,), wish=Wish.CORRECT),
    "wordless": CallAnswer(CallOutcome.FOUND, ()),
    "absent": CallAnswer(CallOutcome.NOT_FOUND, ()),
    "short": CallAnswer(CallOutcome.BAD_LENGTH, (Sentence("bad_length", {"got": 3, "want": "8"}),)),
    "short-wordless": CallAnswer(CallOutcome.BAD_LENGTH, ()),
    "two": TWO,
    "two-wordless": CallAnswer(CallOutcome.AMBIGUOUS, (), TWO.kinds),
    "two-of-one": TWO._replace(kinds=("crime_report",)),
    "locked": CallAnswer(CallOutcome.LOCKED, ()),
    "away": CallAnswer(CallOutcome.UNAVAILABLE, ()),
    "away-mobile": CallAnswer(CallOutcome.UNAVAILABLE, (), text=PRICED),
}
NIGHT = (9, 18)  # hours at which operators would be there


def shown(actions: Sequence[Action]) -> str:
    """Actions in brief: what is said in which language, and how it goes on."""
    return " ".join(_word(action) for action in actions)


def _word(action: Action) -> str:
    match action:
        case Say():
            ids = "+".join(sentence.id for sentence in action.sentences)
            word = f"{action.language}:{ids}" + ("!" if action.whole else "")
        case Gather():
            word = "number?" if action.max_keys > 1 else "key?"
        case Consult() | SendText():
            verb = "consult" if isinstance(action, Consult) else "text"
            more = "".join(f"/{each}" for each in (action.menu, action.kind) if each)
            word = f"{verb} {action.digits}{more}"
        case KeepCallBack():
            word = f"keep {action.wish}"
        case RememberLanguage():
            word = f"remember {action.language}"
        case Transfer():
            word = "transfer" if action.wish is Wish.OPERATOR else f"transfer/{action.wish}"
        case HangUp():
            word = "hangup"
    return word


def event_of(word: str) -> Event:
    """See the module."""
    rest = word[1:]
    match word[0]:
        case "!":
            return Answered(ANSWERS[rest])
        case "+":
            return Texted(TextOutcome(rest))
        case "^":
            return CalledBack(rest == "kept")
        case "~":
            return _transfer_result(rest)
    return Digits("", Ending.EMPTY) if word == "-" else Digits(word, Ending.COMPLETE)


def _transfer_result(word: str) -> TransferResult:
    if word == "yes":
        return TransferResult(connected=True, seconds=60)
    return TransferResult(connected=False, place=int(word.removeprefix("no") or "1"))


def started(
    language: str | None = "en",
    *,
    operator: bool = True,
    closed: tuple[int, int] | None = None,
    reachable: bool = False,
    notice: bool = False,
) -> tuple[CallState, tuple[Action, ...]]:
    """A call that has begun; `language` is what its caller chose before."""
    state = new_call("kk", operator=operator, notice=notice)
    return step(state._replace(closed=closed, callable=reachable), CallStarted(language))


def follow(state: CallState, words: str) -> tuple[CallState, list[str]]:
    """What each event of `words` gets, and where the call stands then."""
    heard = []
    for word in words.split():
        state, actions = step(state, event_of(word))
        heard.append(shown(actions))
    return state, heard
