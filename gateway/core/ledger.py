"""The ledger's rules: which entries a question may have, in which order, with which amounts. Pure.

A chain is the entries of one question. It begins with `rated`; money moves once, by `charged`;
`credited` and `adjusted` follow as entries that name the one they correct. Nothing is changed or
removed. `MOVES` is the whole of what is allowed; no floats anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

from gateway.core.cdr import ChargePoint, Entry, EntryKind
from gateway.core.records import Chain, Question, QuestionState, ReplyState
from gateway.core.tariff import Rated
from gateway.core.tariff_rules import Trigger

_RATED, _CHARGED, _VOIDED = EntryKind.RATED, EntryKind.CHARGED, EntryKind.VOIDED
_CREDITED, _ADJUSTED = EntryKind.CREDITED, EntryKind.ADJUSTED
_MO, _MT, _NONE = ChargePoint.MO, ChargePoint.MT, ChargePoint.NONE


class ChainState(StrEnum):
    """Where a chain stands."""

    NEW = "new"  # no entry yet
    FREE = "free"  # rated 0: nothing will move
    RATED = "rated"  # provisional: not yet charged or voided
    CHARGED = "charged"
    VOIDED = "voided"


MOVES: Mapping[tuple[ChainState, ChargePoint, EntryKind], ChainState] = MappingProxyType(
    {
        (ChainState.NEW, _NONE, _RATED): ChainState.FREE,
        (ChainState.NEW, _MO, _RATED): ChainState.RATED,
        (ChainState.NEW, _MT, _RATED): ChainState.RATED,
        (ChainState.RATED, _MO, _CHARGED): ChainState.CHARGED,
        (ChainState.RATED, _MT, _CHARGED): ChainState.CHARGED,
        (ChainState.RATED, _MT, _VOIDED): ChainState.VOIDED,
        (ChainState.CHARGED, _MO, _CREDITED): ChainState.CHARGED,
        (ChainState.CHARGED, _MT, _CREDITED): ChainState.CHARGED,
        # What the operator's own count shows afterwards.
        (ChainState.CHARGED, _MO, _ADJUSTED): ChainState.CHARGED,
        (ChainState.CHARGED, _MT, _ADJUSTED): ChainState.CHARGED,
        (ChainState.VOIDED, _MT, _ADJUSTED): ChainState.VOIDED,
        (ChainState.FREE, _NONE, _ADJUSTED): ChainState.FREE,
    }
)

# Reply states that prove that a charge was due. A charge settled by reconciliation has a reason.
_PROOF: Mapping[Trigger, frozenset[ReplyState]] = MappingProxyType(
    {
        Trigger.SUBMITTED: frozenset(
            (ReplyState.SUBMITTED, ReplyState.DELIVERED, ReplyState.UNDELIVERED)
        ),
        Trigger.DELIVERED: frozenset((ReplyState.DELIVERED,)),
    }
)

# Cause of the credit that a tariff gives by result. One key for all results: whatever a question
# comes to, and however often it is answered again, it is given back by rule at most once.
BY_RULE = "rule"

_NO_TRIGGERS: Mapping[str, Trigger] = MappingProxyType({})


class Finding(NamedTuple):
    """Something wrong with a chain. `code` is for programs, `sentence` for people."""

    question_id: int
    code: str
    sentence: str


def open_chain(question: Question, rated: Rated, result: str, at_us: int) -> tuple[Entry, ...]:
    """The entries written with the answer: `rated`; where the operator has the money already also
    `charged`, and `credited` when the result is given back.

    All three are of the question's day, so that the day's act shows what was kept. `at_us`: now.
    """
    day, question_id, link, operator = question.day, question.id, question.link, question.operator
    party, channel, parts = question.party, question.channel, question.parts
    rule_id, gross, currency, vat_bp, point, _, cause = rated
    first = Entry(
        f"rated:{question_id}", day, question_id, link, operator, party, channel,
        _RATED, gross, currency, vat_bp, point, rule_id, result, None, None, parts, at_us,
    )  # fmt: skip
    if point is not _MO:
        return (first,)
    settled = f"settled:{question_id}"
    charged = Entry(
        settled, day, question_id, link, operator, party, channel,
        _CHARGED, gross, currency, vat_bp, point, rule_id, result, None, None, parts, at_us,
    )  # fmt: skip
    if cause is None:
        return first, charged
    return first, charged, Entry(
        f"credited:{question_id}:{BY_RULE}", day, question_id, link, operator, party, channel,
        _CREDITED, -gross, currency, vat_bp, point, rule_id, result, cause, settled, parts, at_us,
    )  # fmt: skip


def late_credit(
    question: Question, promised: Rated, late: Rated, result: str, *, day: int, at_us: int
) -> tuple[Entry, ...]:
    """What the late answer to a promised question adds to its chain: a credit where its result is
    free, else nothing; the promise has rated and charged it.

    `promised` and `late`: the rates of the promise and of the late `result`; `day`: the civil day
    of the credit, its own. Where replies are charged the promise is the tariff's to make free.
    """
    paid = promised.charge_point is _MO and promised.credit_cause is None
    if not paid or (late.gross_tiyn and late.credit_cause is None):
        return ()
    cause = late.credit_cause or str(result)
    charge = open_chain(question, promised._replace(credit_cause=cause), result, at_us)
    return (charge[-1]._replace(day=day),)


def settle(
    rated: Entry,
    kind: Literal[EntryKind.CHARGED, EntryKind.VOIDED],
    at_us: int,
    reason: str | None = None,
) -> Entry:
    """The end of a provisional entry; `charged` and `voided` share a key, so only one can be.

    `reason` says why it is voided, or by which proof other than a reply's state it is charged.
    """
    return rated._replace(key=f"settled:{rated.question_id}", kind=kind, reason=reason, at_us=at_us)


def credit(
    entries: Sequence[Entry], cause: str, *, day: int, at_us: int, amount_tiyn: int | None = None
) -> Entry | Finding:
    """Give back `amount_tiyn` of what was charged, all that is left by default.

    `cause` names the act, the case or the rule; the same cause cannot be booked twice. What the
    rules forbid comes back as a Finding, and nothing is to be written.
    """
    charged = next((entry for entry in entries if entry.kind is _CHARGED), None)
    if charged is None:
        question_id = entries[0].question_id if entries else 0
        return Finding(question_id, "illegal_move", "nothing was charged that could be credited")
    new = charged._replace(
        key=f"credited:{charged.question_id}:{cause}",
        day=day,
        kind=_CREDITED,
        amount_tiyn=-(kept_tiyn(entries) if amount_tiyn is None else amount_tiyn),
        reason=cause,
        corrects=charged.key,
        at_us=at_us,
    )
    return transition(entries, new) or new


def kept_tiyn(entries: Sequence[Entry]) -> int:
    """What a chain's entries cost the citizen by now."""
    return sum(e.amount_tiyn for e in entries if e.kind is not _RATED and e.kind is not _VOIDED)


def state_of(entries: Sequence[Entry]) -> ChainState:
    """Where a chain stands; moves that are not allowed count for nothing."""
    state = ChainState.NEW
    for entry in entries:
        state = MOVES.get((state, entry.charge_point, entry.kind), state)
    return state


def transition(entries: Sequence[Entry], new: Entry) -> Finding | None:
    """Whether `new` may follow `entries` (a legal chain): None, or what forbids it."""
    return _problem(entries, state_of(entries), new)


def check_entries(entries: Sequence[Entry]) -> list[Finding]:
    """Everything wrong with one question's entries, in their order: each move, and the end."""
    findings: list[Finding] = []
    state = ChainState.NEW
    for index, entry in enumerate(entries):
        finding = _problem(entries[:index], state, entry)
        if finding is not None:
            findings.append(finding)
        state = MOVES.get((state, entry.charge_point, entry.kind), state)
    if state is ChainState.RATED and entries[0].charge_point is _MO:
        # The operator took the money before we read the text: there is nothing to wait for.
        findings.append(
            Finding(entries[0].question_id, "uncharged", "rated on MO, yet not charged")
        )
    return findings


def _problem(before: Sequence[Entry], state: ChainState, new: Entry) -> Finding | None:
    kind, amount = new.kind, new.amount_tiyn
    problem = None
    if (state, new.charge_point, kind) not in MOVES:
        problem = "illegal_move", f"{kind} ({new.charge_point}) after {state}: {new.key}"
    elif not _key_fits(new):
        problem = "key", f"{kind} has the key {new.key!r}"
    elif kind is _RATED:
        if amount < 0 or (amount == 0) != (new.charge_point is _NONE):
            problem = "amount", f"rated {amount} tiyn at charge point {new.charge_point}"
    elif _facts(new) != _facts(before[0]):
        problem = "facts", f"{new.key} differs from {before[0].key} in question, rule or currency"
    elif kind is _CREDITED or kind is _ADJUSTED:
        return _correction_problem(before, new)
    elif amount != before[0].amount_tiyn:
        problem = "amount", f"{kind} {amount} tiyn, rated {before[0].amount_tiyn}"
    return Finding(new.question_id, *problem) if problem else None


def _correction_problem(before: Sequence[Entry], new: Entry) -> Finding | None:
    keys = {entry.key for entry in before}
    problem = None
    if new.key in keys:
        problem = "booked_twice", f"{new.key} is booked twice"
    elif new.reason is None:
        problem = "reason", f"{new.key} gives no reason"
    elif new.corrects not in keys:
        problem = "corrects", f"{new.key} corrects {new.corrects!r}, which its chain does not have"
    elif new.amount_tiyn == 0 or (new.kind is _CREDITED and new.amount_tiyn > 0):
        problem = "amount", f"{new.key}: {new.kind} {new.amount_tiyn} tiyn"
    elif kept_tiyn(before) + new.amount_tiyn < 0:
        problem = "overcredited", f"{new.key} gives back more than was charged"
    return Finding(new.question_id, *problem) if problem else None


def _key_fits(entry: Entry) -> bool:
    if entry.kind is _RATED:
        return entry.key == f"rated:{entry.question_id}"
    if entry.kind is _CHARGED or entry.kind is _VOIDED:
        return entry.key == f"settled:{entry.question_id}"
    prefix = f"{entry.kind}:{entry.question_id}:"
    return entry.key.startswith(prefix) and len(entry.key) > len(prefix)


def _facts(entry: Entry) -> tuple[object, ...]:
    return (
        entry.question_id, entry.link, entry.operator, entry.party, entry.channel, entry.currency,
        entry.vat_bp, entry.charge_point, entry.tariff, entry.parts,
    )  # fmt: skip


def verify_chain(chain: Chain, triggers: Mapping[str, Trigger] = _NO_TRIGGERS) -> list[Finding]:
    """Everything wrong with a question and its ledger entries.

    `triggers`: rule id -> what makes its charge due (`Tariffs.triggers`); submitted by default.
    """
    question_id, entries, replies = chain.question_id, chain.entries, chain.replies
    findings = check_entries(entries)
    if not entries or entries[0].kind is not _RATED:
        if chain.state is not QuestionState.ACCEPTED:
            state = chain.state.name.lower()
            findings.append(Finding(question_id, "unrated", f"{state}, yet never rated"))
        if replies:
            findings.append(
                Finding(question_id, "reply_unrated", "has a reply, yet no rated entry")
            )
        return findings
    rated = entries[0]
    if (rated.question_id, rated.day, rated.link, rated.operator, rated.party, rated.channel,
            rated.parts) != (question_id, chain.day, chain.link, chain.operator, chain.party,
            chain.channel, chain.parts):  # fmt: skip
        findings.append(Finding(question_id, "facts", f"{rated.key} tells of another question"))
    if len({(reply.ordinal, reply.seg) for reply in replies}) != len(replies):
        findings.append(Finding(question_id, "reply_twice", "a reply segment exists twice"))
    # Replies outlive their term and are removed; without any, nothing can be said of a trigger.
    if replies and rated.charge_point is _MT and len(entries) > 1:
        settled = entries[1]
        proof = _PROOF[triggers.get(rated.tariff, Trigger.SUBMITTED)]
        if (
            settled.kind is _CHARGED
            and settled.reason is None
            and not any(reply.state in proof for reply in replies)
        ):
            findings.append(
                Finding(question_id, "early_charge", "charged, though no reply gave cause for it")
            )
    return findings
