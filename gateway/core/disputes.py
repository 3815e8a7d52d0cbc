"""Money given back afterwards: by a person's decision, or by rule where an answer failed. Pure.

Both end in an entry that `gateway.core.ledger` allows, or in a Finding that says why there is
none. What is given back by rule has one key for a question, whichever rule it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.cdr import Entry
from gateway.core.ledger import BY_RULE, Finding, credit, kept_tiyn
from gateway.core.records import Chain, QuestionState, ReplyState, ReplyTrace
from gateway.core.results import Result
from gateway.core.tariff_failed import FailedRule, Failure

DESK = "desk"  # in front of the causes that people decide
REASON_MAX = 200  # characters
CASE_MAX = 40
BY_MAX = 40
DIGITS_MAX = 9  # in each of them: a phone, an IIN and a ticket number have more

_HOUR_US = 3_600_000_000
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_FAILED = frozenset((ReplyState.FAILED, ReplyState.UNDELIVERED, ReplyState.EXPIRED))
_OPEN = frozenset((ReplyState.QUEUED, ReplyState.SUBMITTING))


class DecisionError(ValueError):
    """A decision that cannot be booked as it was put; the text says what to change."""


class Decision(NamedTuple):
    """Who gives money back and why. A question has one decision a `case`."""

    case: str
    reason: str
    by: str

    @classmethod
    def read(cls, case: str, reason: str, by: str) -> Decision:
        """Raises DecisionError. Operators read these words in the billing file: no phone, no
        number of a ticket or a person belongs there."""
        reason, by = reason.strip(), by.strip()
        if not _CASE.fullmatch(case):
            raise DecisionError(
                f"case {case!r}: up to 40 of A-Z, a-z, 0-9, '.', '_', '-', no sign first"
            )
        for name, text, most in (
            ("case", case, CASE_MAX), ("reason", reason, REASON_MAX), ("by", by, BY_MAX),
        ):  # fmt: skip
            one_line(name, text, most)
        return cls(case, reason, by)

    @property
    def cause(self) -> str:
        return f"{DESK}:{self.case}"

    @property
    def words(self) -> str:
        """As the entry's reason has them."""
        return f"{self.reason} ({self.by}, {self.case})"


def one_line(name: str, text: str, most: int) -> str:
    """Words of the staff as they are kept. Raises DecisionError for what is no line of at most so
    many characters, and for what might be a phone or a number."""
    text = text.strip()
    if not text or len(text) > most or not text.isprintable():
        raise DecisionError(f"{name}: one line of 1 to {most} characters")
    if ";" in text:
        raise DecisionError(f"{name}: without ';', which parts reasons in the billing file")
    if sum(sign.isdigit() for sign in text) > DIGITS_MAX:
        raise DecisionError(
            f"{name}: more than {DIGITS_MAX} digits; phones, IINs and ticket numbers do "
            "not belong into the ledger"
        )
    return text


class Verdict(NamedTuple):
    """What the rule says of a question. Without a `failure` nothing is given back; `waits`: that
    may still change."""

    failure: Failure | None
    waits: bool = False


def key_of(question_id: int, cause: str) -> str:
    """The key under which a credit stands."""
    return f"credited:{question_id}:{cause}"


def decide(
    entries: Sequence[Entry],
    decision: Decision,
    *,
    day: int,
    at_us: int,
    amount_tiyn: int | None = None,
) -> Entry | Finding:
    """The entry that gives `amount_tiyn` back, all that is left by default."""
    new = credit(entries, decision.cause, day=day, at_us=at_us, amount_tiyn=amount_tiyn)
    return new._replace(reason=decision.words) if isinstance(new, Entry) else new


def judge(chain: Chain, rule: FailedRule, now_us: int) -> Verdict:
    """Whether the answer to a question that costs something by now has failed, by that rule."""
    by_rule = key_of(chain.question_id, BY_RULE)
    if kept_tiyn(chain.entries) <= 0 or any(each.key == by_rule for each in chain.entries):
        return Verdict(None)
    term_us = chain.received_us + rule.within_h * _HOUR_US
    answer = _answer(chain)
    if chain.state is not QuestionState.ANSWERED:
        failure = Failure.UNANSWERED if now_us > term_us else None
    elif chain.answered_us is not None and chain.answered_us > term_us:
        failure = Failure.LATE
    elif answer and all(_lost(message) for message in answer):
        failure = Failure.UNDELIVERED
    else:
        return Verdict(None, waits=any(each.state in _OPEN for each in chain.replies))
    if failure is None:
        return Verdict(None, waits=True)
    return Verdict(failure if failure in rule.credit else None)


def given_back(entries: Sequence[Entry], failure: Failure, *, day: int, at_us: int) -> Entry:
    """The credit of all that is left of a question, by rule. Raises ValueError where the ledger
    does not allow one: a chain that `judge` gives a failure for always has something left."""
    new = credit(entries, BY_RULE, day=day, at_us=at_us)
    if isinstance(new, Finding):
        raise ValueError(new.sentence)
    return new._replace(reason=str(failure))


def _answer(chain: Chain) -> list[list[ReplyTrace]]:
    """The messages that bring the answer, each its segments. A promise is none: of a question
    that was promised one the last message is."""
    messages: dict[int, list[ReplyTrace]] = {}
    for reply in chain.replies:
        messages.setdefault(reply.ordinal, []).append(reply)
    found = [messages[ordinal] for ordinal in sorted(messages)]
    if chain.entries[0].result == Result.PROMISED:
        return found[-1:]
    return found


def _lost(message: Sequence[ReplyTrace]) -> bool:
    """A long message is lost with any of its segments."""
    return any(segment.state in _FAILED for segment in message)
