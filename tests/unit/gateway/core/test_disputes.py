"""Money given back afterwards: what decisions may say, and which answers have failed."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cdr import Entry, EntryKind
from gateway.core.disputes import (
    Decision,
    DecisionError,
    Verdict,
    decide,
    given_back,
    judge,
    key_of,
)
from gateway.core.ledger import (
    BY_RULE,
    Finding,
    check_entries,
    credit,
    kept_tiyn,
    open_chain,
    settle,
    verify_chain,
)
from gateway.core.records import Chain, QuestionState, ReplyState
from gateway.core.tariff_failed import Failure, read_failed_rule
from tests.support.chains import AT_US, DAY, MO, MO_CREDITED, MT, chain, question, reply

H = 3_600_000_000
NOW = AT_US + 100 * H
RULE = read_failed_rule(
    "failed 1", {"id": "f", "operators": "*", "within_h": 24, "credit": list(map(str, Failure))}
)
CHARGED = open_chain(question(), MO, "status", AT_US)
PROMISED = open_chain(question(), MO, "promised", AT_US)
WORDS = Decision.read("dispute", "no answer came", "aigul")


def asked(**changes: Any) -> Chain:
    plain: dict[str, Any] = {"entries": CHARGED, "replies": (reply(),)}
    return chain(**(plain | changes))


def booked(entries: tuple[Entry, ...], **how: Any) -> Entry:
    new = decide(entries, WORDS, day=DAY + 5, at_us=NOW, **how)
    assert isinstance(new, Entry), new
    return new


# -- decisions


def test_a_decision_gives_back_all_that_is_left_and_says_who_and_why() -> None:
    new = booked(CHARGED)
    assert (new.key, new.amount_tiyn, new.day) == ("credited:42:desk:dispute", -1500, DAY + 5)
    assert (new.reason, new.at_us) == ("no answer came (aigul, dispute)", NOW)
    assert verify_chain(asked(entries=(*CHARGED, new))) == []


def test_a_decision_may_give_back_a_part_and_another_case_the_rest() -> None:
    first = booked(CHARGED, amount_tiyn=400)
    rest = decide((*CHARGED, first), WORDS._replace(case="second"), day=DAY, at_us=NOW)
    assert isinstance(rest, Entry)
    assert rest.amount_tiyn == -1100


@pytest.mark.parametrize(
    ("entries", "amount", "code"),
    [
        (CHARGED, 1501, "overcredited"),
        (CHARGED, 0, "amount"),
        (CHARGED, -5, "amount"),
        ((*CHARGED, booked(CHARGED, amount_tiyn=1)), 1, "booked_twice"),
        (open_chain(question(), MO_CREDITED, "not_found", AT_US), None, "amount"),
        (open_chain(question(), MT, "status", AT_US), None, "illegal_move"),
        ((), None, "illegal_move"),
    ],
)
def test_what_the_ledger_forbids_is_not_given_back(
    entries: tuple[Entry, ...], amount: int | None, code: str
) -> None:
    refused = decide(entries, WORDS, day=DAY, at_us=NOW, amount_tiyn=amount)
    assert isinstance(refused, Finding)
    assert refused.code == code


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("", "why", "who"), "case ''"),
        (("-a", "why", "who"), "case '-a'"),
        (("a:b", "why", "who"), "case 'a:b'"),
        (("a" * 41, "why", "who"), "case"),
        (("a", " ", "who"), "reason: one line of 1 to 200"),
        (("a", "x" * 201, "who"), "reason: one line"),
        (("a", "two\nlines", "who"), "reason: one line"),
        (("a", "why; because", "who"), "reason: without ';'"),
        (("a", "phone 8 701 000 00 01", "who"), "reason: more than 9 digits"),
        (("a", "why", "x" * 41), "by: one line"),
        (("a", "why", "a;b"), "by: without ';'"),
    ],
)
def test_words_that_do_not_belong_into_the_ledger_are_refused(
    words: tuple[str, str, str], told: str
) -> None:
    with pytest.raises(DecisionError) as refused:
        Decision.read(*words)
    assert told in str(refused.value)


@given(case=st.text(max_size=50), reason=st.text(max_size=250), by=st.text(max_size=50))
def test_a_decision_that_can_be_read_makes_a_legal_entry(case: str, reason: str, by: str) -> None:
    try:
        decision = Decision.read(case, reason, by)
    except DecisionError:
        return
    new = decide(CHARGED, decision, day=DAY, at_us=NOW)
    assert isinstance(new, Entry)
    assert check_entries((*CHARGED, new)) == []
    assert new.key == key_of(42, decision.cause)


# -- answers that failed


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({}, None),
        ({"replies": (reply(state=ReplyState.UNDELIVERED),)}, Failure.UNDELIVERED),
        ({"replies": (reply(state=ReplyState.FAILED),)}, Failure.UNDELIVERED),
        ({"replies": (reply(state=ReplyState.EXPIRED),)}, Failure.UNDELIVERED),
        ({"replies": (reply(state=ReplyState.SUBMITTED),)}, None),
        ({"replies": (reply(state=ReplyState.UNKNOWN),)}, None),
        ({"replies": ()}, None),  # removed after its term: nothing is known of it
        ({"answered_us": AT_US + 24 * H}, None),
        ({"answered_us": AT_US + 24 * H + 1}, Failure.LATE),
        ({"entries": PROMISED, "state": QuestionState.PROMISED}, Failure.UNANSWERED),
        ({"entries": (), "state": QuestionState.ACCEPTED, "replies": ()}, None),
    ],
)
def test_the_failures_of_an_answer(changes: dict[str, Any], failure: Failure | None) -> None:
    assert judge(asked(**changes), RULE, NOW) == Verdict(failure)


def test_a_promise_has_failed_once_its_hours_are_over() -> None:
    owed = asked(entries=PROMISED, state=QuestionState.PROMISED)
    assert judge(owed, RULE, AT_US + 24 * H) == Verdict(None, waits=True)
    assert judge(owed, RULE, AT_US + 24 * H + 1) == Verdict(Failure.UNANSWERED)


def test_a_reply_that_is_still_to_be_sent_waits() -> None:
    for state in (ReplyState.QUEUED, ReplyState.SUBMITTING):
        assert judge(asked(replies=(reply(state=state),)), RULE, NOW) == Verdict(None, waits=True)


def test_a_promise_that_arrived_is_no_answer() -> None:
    replies = (reply(), reply(ordinal=1, state=ReplyState.EXPIRED))
    assert judge(asked(replies=replies, entries=PROMISED), RULE, NOW).failure == "undelivered"
    assert judge(asked(replies=replies), RULE, NOW) == Verdict(None)


def test_a_long_message_is_lost_with_a_segment_and_an_answer_with_all_its_messages() -> None:
    good, lost = ReplyState.DELIVERED, ReplyState.UNDELIVERED
    for states in product((good, lost), repeat=4):
        replies = [reply(ordinal=n // 2, seg=n % 2 + 1, segs=2, state=s)
                   for n, s in enumerate(states)]  # fmt: skip
        failed = lost in states[:2] and lost in states[2:]
        verdict = judge(asked(replies=tuple(replies)), RULE, NOW)
        assert verdict.failure == (Failure.UNDELIVERED if failed else None), states


def test_a_rule_gives_back_what_it_names_alone() -> None:
    rule = RULE._replace(credit=frozenset({"late"}))
    assert judge(asked(replies=(reply(state=ReplyState.FAILED),)), rule, NOW) == Verdict(None)
    assert judge(asked(answered_us=NOW), rule, NOW).failure == Failure.LATE


def test_what_costs_nothing_any_more_is_left_alone() -> None:
    failed = (reply(state=ReplyState.FAILED),)
    credited = open_chain(question(), MO_CREDITED, "not_found", AT_US)
    mt = open_chain(question(), MT, "status", AT_US)
    voided = (*mt, settle(mt[0], EntryKind.VOIDED, AT_US, "failed"))
    for entries in (credited, mt, voided, (*CHARGED, booked(CHARGED))):
        assert judge(asked(entries=entries, replies=failed), RULE, NOW) == Verdict(None)


def test_what_a_rule_has_given_back_once_it_does_not_give_back_again() -> None:
    once = credit(CHARGED, BY_RULE, day=DAY, at_us=NOW, amount_tiyn=100)
    assert isinstance(once, Entry)
    assert judge(asked(entries=(*CHARGED, once), answered_us=NOW), RULE, NOW) == Verdict(None)


def test_the_credit_by_rule_is_of_all_that_is_left_and_names_the_failure() -> None:
    partly = (*CHARGED, booked(CHARGED, amount_tiyn=400))
    new = given_back(partly, Failure.LATE, day=DAY + 2, at_us=NOW)
    assert (new.key, new.reason) == ("credited:42:rule", "late")
    assert (new.day, new.at_us) == (DAY + 2, NOW)
    assert kept_tiyn((*partly, new)) == 0
    with pytest.raises(ValueError, match="nothing was charged"):
        given_back((), Failure.LATE, day=DAY, at_us=NOW)
