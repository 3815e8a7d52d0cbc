from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cdr import ChargePoint, Entry, EntryKind
from gateway.core.ledger import (
    MOVES,
    ChainState,
    Finding,
    check_entries,
    credit,
    kept_tiyn,
    late_credit,
    open_chain,
    settle,
    state_of,
    transition,
    verify_chain,
)
from gateway.core.records import Chain, QuestionState, ReplyState
from gateway.core.tariff import Rated, Trigger
from tests.support.chains import AT_US, DAY, FREE, MO, MO_CREDITED, MT, chain, question, reply


def opened(rated: Rated, result: str = "status") -> tuple[Entry, ...]:
    return open_chain(question(), rated, result, AT_US)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def charged_mt() -> tuple[Entry, ...]:
    (rated,) = opened(MT)
    return rated, settle(rated, EntryKind.CHARGED, AT_US)


# -- opening a chain


def test_money_the_operator_took_is_rated_and_charged_with_the_answer() -> None:
    rated, charged = opened(MO)
    assert rated == Entry(
        key="rated:42",
        day=DAY,
        question_id=42,
        link="north",
        operator="north",
        party="p1",
        channel="sms",
        kind=EntryKind.RATED,
        amount_tiyn=1500,
        currency="KZT",
        vat_bp=1600,
        charge_point=ChargePoint.MO,
        tariff="sms-15",
        result="status",
        reason=None,
        corrects=None,
        parts=1,
        at_us=AT_US,
    )
    assert charged == rated._replace(key="settled:42", kind=EntryKind.CHARGED)


def test_a_free_result_is_given_back_at_once() -> None:
    rated, charged, credited = opened(MO_CREDITED, "not_found")
    assert credited == charged._replace(
        key="credited:42:rule",
        kind=EntryKind.CREDITED,
        amount_tiyn=-1500,
        reason="not_found",
        corrects="settled:42",
    )
    assert kept_tiyn((rated, charged, credited)) == 0


def test_two_free_results_of_one_question_are_given_back_under_one_key() -> None:
    parked = open_chain(question(), MO._replace(credit_cause="parked"), "parked", AT_US)
    replayed = open_chain(question(), MO_CREDITED, "not_found", AT_US)
    assert [entry.key for entry in parked] == [entry.key for entry in replayed]


def test_a_charge_on_the_reply_and_a_free_question_are_rated_only() -> None:
    assert [entry.kind for entry in opened(MT)] == [EntryKind.RATED]
    assert [(entry.kind, entry.amount_tiyn) for entry in opened(FREE)] == [(EntryKind.RATED, 0)]


@pytest.mark.parametrize("rated", [MO, MO_CREDITED, MT, FREE])
def test_a_chain_as_opened_is_sound(rated: Rated) -> None:
    assert verify_chain(chain(entries=opened(rated))) == []


# -- the late answer to a promise


def test_a_promise_that_ends_without_an_answer_is_given_back_on_its_own_day() -> None:
    promise = opened(MO, "promised")
    (late,) = late_credit(question(), MO, MO_CREDITED, "not_found", day=DAY + 1, at_us=AT_US + 9)
    assert (late.day, late.at_us, late.result) == (DAY + 1, AT_US + 9, "not_found")
    assert (late.amount_tiyn, late.reason) == (-1500, "not_found")
    assert verify_chain(chain(entries=(*promise, late))) == []


def test_a_late_result_that_its_own_rule_makes_free_is_given_back_too() -> None:
    (late,) = late_credit(question(), MO, FREE, "not_found", day=DAY, at_us=AT_US)
    assert (late.amount_tiyn, late.reason, late.tariff) == (-1500, "not_found", "sms-15")


@pytest.mark.parametrize(
    ("promised", "late"), [(MO, MO), (FREE, MO_CREDITED), (MO_CREDITED, MO_CREDITED), (MT, FREE)]
)
def test_a_late_answer_adds_nothing_where_it_is_paid_or_the_promise_was_free(
    promised: Rated, late: Rated
) -> None:
    assert late_credit(question(), promised, late, "status", day=DAY, at_us=AT_US) == ()


# -- settling and crediting


def test_a_provisional_charge_ends_once() -> None:
    (rated,) = opened(MT)
    charged = settle(rated, EntryKind.CHARGED, AT_US + 5)
    voided = settle(rated, EntryKind.VOIDED, AT_US + 6, "undelivered")
    assert charged.key == voided.key == "settled:42"
    assert (charged.amount_tiyn, charged.at_us, charged.reason) == (1500, AT_US + 5, None)
    assert voided.reason == "undelivered"
    assert transition([rated], charged) is None
    assert transition([rated], voided) is None
    refused = transition([rated, charged], voided)
    assert refused is not None
    assert refused.code == "illegal_move"
    assert refused.sentence == "voided (mt) after charged: settled:42"


def test_a_credit_gives_back_what_is_left() -> None:
    entries = opened(MO)
    part = credit(entries, "case-7", day=DAY + 3, at_us=AT_US, amount_tiyn=500)
    assert isinstance(part, Entry)
    assert (part.key, part.amount_tiyn, part.day) == ("credited:42:case-7", -500, DAY + 3)
    assert (part.corrects, part.reason) == ("settled:42", "case-7")
    rest = credit((*entries, part), "act-11", day=DAY + 9, at_us=AT_US)
    assert isinstance(rest, Entry)
    assert rest.amount_tiyn == -1000
    assert check_entries((*entries, part, rest)) == []


@pytest.mark.parametrize(
    ("entries", "amount_tiyn", "code"),
    [
        ((), None, "illegal_move"),
        (opened(MT), None, "illegal_move"),
        (opened(FREE), None, "illegal_move"),
        (opened(MO), 1501, "overcredited"),
        (opened(MO), -1, "amount"),
        (opened(MO_CREDITED), None, "amount"),
        (opened(MO_CREDITED), 1, "overcredited"),
    ],
)
def test_a_credit_that_would_give_back_too_much_is_refused(
    entries: tuple[Entry, ...], amount_tiyn: int | None, code: str
) -> None:
    refused = credit(entries, "act-11", day=DAY, at_us=AT_US, amount_tiyn=amount_tiyn)
    assert isinstance(refused, Finding)
    assert refused.code == code


def test_one_cause_is_credited_once() -> None:
    entries = opened(MO)
    first = credit(entries, "act-11", day=DAY, at_us=AT_US, amount_tiyn=1)
    assert isinstance(first, Entry)
    again = credit((*entries, first), "act-11", day=DAY + 1, at_us=AT_US, amount_tiyn=1)
    assert isinstance(again, Finding)
    assert again.code == "booked_twice"


# -- what is refused


def changed(index: int, entries: tuple[Entry, ...], **changes: Any) -> tuple[Entry, ...]:
    return (*entries[:index], entries[index]._replace(**changes), *entries[index + 1 :])


BACK = opened(MO_CREDITED, "not_found")


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (opened(MO)[:1], ["uncharged"]),
        (opened(MO)[1:], ["illegal_move"]),
        ((*opened(MO), opened(MO)[0]), ["illegal_move"]),
        ((*opened(MO), opened(MO)[1]), ["illegal_move"]),
        (
            (opened(MO)[0], settle(opened(MO)[0], EntryKind.VOIDED, 1)),
            ["illegal_move", "uncharged"],
        ),
        (changed(0, opened(MO), key="rated:41"), ["key"]),
        (changed(1, opened(MO), key="settled:41"), ["key"]),
        (changed(2, BACK, key="credited:42:"), ["key"]),
        (changed(2, BACK, key="adjusted:42:rule"), ["key"]),
        (changed(0, opened(FREE), amount_tiyn=1500), ["amount"]),
        (changed(0, opened(MT), amount_tiyn=0), ["amount"]),
        (changed(0, opened(MT), amount_tiyn=-1500), ["amount"]),
        (changed(1, opened(MO), amount_tiyn=1499), ["amount"]),
        (changed(1, charged_mt(), amount_tiyn=3000), ["amount"]),
        (changed(1, opened(MO), currency="USD"), ["facts"]),
        (changed(1, opened(MO), tariff="other"), ["facts"]),
        (changed(1, opened(MO), operator="south"), ["facts"]),
        (changed(2, BACK, reason=None), ["reason"]),
        (changed(2, BACK, corrects=None), ["corrects"]),
        (changed(2, BACK, corrects="settled:41"), ["corrects"]),
        (changed(2, BACK, amount_tiyn=0), ["amount"]),
        (changed(2, BACK, amount_tiyn=1500), ["amount"]),
        (changed(2, BACK, amount_tiyn=-1501), ["overcredited"]),
        ((*BACK, BACK[2]), ["booked_twice"]),
    ],
)
def test_a_chain_that_was_tampered_with_is_found(
    entries: tuple[Entry, ...], found: list[str]
) -> None:
    assert codes(check_entries(entries)) == found


# -- questions and replies


@pytest.mark.parametrize(
    ("given_chain", "found"),
    [
        (chain(state=QuestionState.ACCEPTED), []),
        (chain(state=QuestionState.ANSWERED), ["unrated"]),
        (chain(state=QuestionState.PROMISED), ["unrated"]),
        (chain(state=QuestionState.PARKED), ["unrated"]),
        (chain(state=QuestionState.ACCEPTED, replies=(reply(),)), ["reply_unrated"]),
        (chain(entries=opened(MO), replies=(reply(), reply(id=8, seg=2))), []),
        (chain(entries=opened(MO), replies=(reply(), reply(id=8))), ["reply_twice"]),
        (chain(entries=opened(MO), question_id=43), ["facts"]),
        (chain(entries=opened(MO), day=DAY + 1), ["facts"]),
        (chain(entries=opened(MO), party="p2"), ["facts"]),
        (chain(entries=opened(MO)[1:]), ["illegal_move", "unrated"]),
    ],
)
def test_a_question_is_held_against_its_entries(given_chain: Chain, found: list[str]) -> None:
    assert codes(verify_chain(given_chain)) == found


@pytest.mark.parametrize(
    ("state", "trigger", "found"),
    [
        (ReplyState.DELIVERED, Trigger.DELIVERED, []),
        (ReplyState.SUBMITTED, Trigger.DELIVERED, ["early_charge"]),
        (ReplyState.UNDELIVERED, Trigger.DELIVERED, ["early_charge"]),
        (ReplyState.SUBMITTED, Trigger.SUBMITTED, []),
        (ReplyState.UNDELIVERED, Trigger.SUBMITTED, []),
        (ReplyState.UNKNOWN, Trigger.SUBMITTED, ["early_charge"]),
        (ReplyState.FAILED, None, ["early_charge"]),
        (ReplyState.SUBMITTED, None, []),
    ],
)
def test_nothing_is_charged_before_its_trigger(
    state: ReplyState, trigger: Trigger | None, found: list[str]
) -> None:
    charged = chain(entries=charged_mt(), replies=(reply(state=state),))
    triggers = {MT.rule_id: trigger} if trigger else {}
    assert codes(verify_chain(charged, triggers)) == found


def test_a_charge_is_not_questioned_where_its_proof_is_named_or_gone() -> None:
    rated, charged = charged_mt()
    failed = reply(state=ReplyState.FAILED)
    proven = charged._replace(reason="reconciled")
    assert verify_chain(chain(entries=(rated, proven), replies=(failed,))) == []
    assert verify_chain(chain(entries=(rated, charged), replies=())) == []
    voided = settle(rated, EntryKind.VOIDED, AT_US, "failed")
    assert verify_chain(chain(entries=(rated, voided), replies=(failed,))) == []
    assert verify_chain(chain(entries=(rated,), replies=(failed,))) == []


# -- properties

# The same rules said a second time, as patterns over the first letters of the kinds (K: credited).
LEGAL = {
    ChargePoint.MO: re.compile(r"R(C[KA]*)?"),
    ChargePoint.MT: re.compile(r"R(C[KA]*|VA*)?"),
    ChargePoint.NONE: re.compile(r"RA*"),
}
LETTER = {
    EntryKind.RATED: "R",
    EntryKind.CHARGED: "C",
    EntryKind.VOIDED: "V",
    EntryKind.CREDITED: "K",
    EntryKind.ADJUSTED: "A",
}
RATED_AT = {ChargePoint.MO: MO, ChargePoint.MT: MT, ChargePoint.NONE: FREE}


def made(kind: EntryKind, number: int, first: Entry) -> Entry:
    """An entry that is right in all but, perhaps, its place."""
    if kind is EntryKind.RATED:
        return first
    if kind is EntryKind.CHARGED:
        return settle(first, EntryKind.CHARGED, AT_US)
    if kind is EntryKind.VOIDED:
        return settle(first, EntryKind.VOIDED, AT_US, "failed")
    return first._replace(
        key=f"{kind}:42:{number}",
        kind=kind,
        amount_tiyn=-1 if kind is EntryKind.CREDITED else 1,
        reason=str(number),
        corrects=first.key,
    )


@given(st.sampled_from(ChargePoint), st.lists(st.sampled_from(EntryKind), max_size=6))
def test_exactly_the_legal_sequences_verify(point: ChargePoint, kinds: list[EntryKind]) -> None:
    first = opened(RATED_AT[point])[0]
    entries = tuple(made(kind, number, first) for number, kind in enumerate(kinds))
    word = "".join(LETTER[kind] for kind in kinds)
    legal = not word or LEGAL[point].fullmatch(word) is not None
    findings = codes(check_entries(entries))
    assert ("illegal_move" not in findings) == legal
    if legal:
        assert findings == (["uncharged"] if (point, word) == (ChargePoint.MO, "R") else [])
        for length in range(len(entries)):
            assert transition(entries[:length], entries[length]) is None


@given(
    st.sampled_from([MO, MO_CREDITED, MT, FREE]),
    st.lists(
        st.tuples(
            st.sampled_from(["charge", "void", "credit", "open"]),
            st.sampled_from(["a", "b", "c"]),
            st.one_of(st.none(), st.integers(-10, 2000)),
        ),
        max_size=12,
    ),
)
def test_whatever_is_tried_money_moves_at_most_once_and_never_back_beyond_zero(
    rated: Rated, tries: list[tuple[str, str, int | None]]
) -> None:
    entries = list(opened(rated))
    for what, cause, amount_tiyn in tries:
        new: Entry | Finding
        if what == "credit":
            new = credit(entries, cause, day=DAY, at_us=AT_US, amount_tiyn=amount_tiyn)
        elif what == "open":
            new = entries[0]
        else:
            kind = EntryKind.CHARGED if what == "charge" else EntryKind.VOIDED
            new = settle(entries[0], kind, AT_US)  # type: ignore[arg-type]  # one of the two
        if isinstance(new, Entry) and transition(entries, new) is None:
            entries.append(new)
    assert verify_chain(chain(entries=tuple(entries))) == []
    assert sum(entry.key == "settled:42" for entry in entries) <= 1
    assert 0 <= kept_tiyn(entries) <= rated.gross_tiyn
    assert len({entry.key for entry in entries}) == len(entries)


def test_every_state_can_be_reached_and_only_new_and_rated_lead_on() -> None:
    assert {ChainState.NEW, *MOVES.values()} == set(ChainState)
    leading_on = {state for (state, _, _), after in MOVES.items() if after is not state}
    assert leading_on == {ChainState.NEW, ChainState.RATED}
    assert state_of(()) is ChainState.NEW
    assert state_of(opened(MO)) is ChainState.CHARGED
