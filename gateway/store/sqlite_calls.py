"""What is asked of the SQLite writer, the documents that one transaction of it takes, and what
each caller hears of the result. Pure.

The documents are the columns of `batch_in` in sql/sqlite_write.sql: JSON arrays of rows. A named
tuple is encoded as the array of its fields, so most rows go as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.core.records import (
    Answer,
    Duplicate,
    Outcome,
    PartsTaken,
    Question,
    QuestionState,
    ReceiptSeen,
    ReceiptsTaken,
    Reply,
    StoredPart,
)
from gateway.store.errors import StoreDataError
from gateway.store.limits import DOUBTFUL_US, RECEIPT_US, REPEAT_US


class Take(NamedTuple):
    questions: Sequence[Question]
    answers: Sequence[Answer]
    receipts: Sequence[Reply] = ()


class Keep(NamedTuple):
    parts: Sequence[StoredPart]
    receipts: Sequence[Reply] = ()


class Claim(NamedTuple):
    reply_ids: Sequence[int]
    now_us: int


class Settle(NamedTuple):
    outcomes: Sequence[Outcome]


class Receive(NamedTuple):
    receipts: Sequence[ReceiptSeen]


class Confirm(NamedTuple):
    session: int
    through: int


Call = Take | Keep | Claim | Settle | Receive | Confirm

Told = tuple[str, Any, Any]
"""What a transaction tells: a kind and two values (see `tell` in sql/sqlite_write.sql)."""

_Row = Sequence[Any]

_encode = msgspec.json.Encoder().encode
_sets = msgspec.json.Decoder(tuple[StoredPart, ...])

_NUL = b"\\u0000"
_UNANSWERED = (QuestionState.ACCEPTED, None, None, None, None)


class _Rows:
    """The rows of one transaction by document."""

    __slots__ = (
        "answers",
        "claims",
        "confirms",
        "entries",
        "joined",
        "late_replies",
        "outcomes",
        "parts",
        "questions",
        "receipts",
        "replies",
        "reports",
        "seen",
        "subscribers",
    )

    def __init__(self) -> None:
        self.parts: list[_Row] = []
        self.questions: list[_Row] = []
        self.answers: list[_Row] = []
        self.replies: list[_Row] = []
        self.late_replies: list[_Row] = []
        self.reports: list[_Row] = []
        self.entries: list[_Row] = []
        self.subscribers: list[_Row] = []
        self.seen: list[_Row] = []
        self.joined: list[int] = []
        self.claims: list[_Row] = []
        self.outcomes: list[_Row] = []
        self.receipts: list[_Row] = []
        self.confirms: list[_Row] = []


def weight(call: Call) -> int:
    """How many rows a call brings, for the limit on a transaction."""
    match call:
        case Take(questions, answers, receipts):
            return len(questions) + len(answers) + len(receipts)
        case Keep(parts, receipts):
            return len(parts) + len(receipts)
        case Confirm():
            return 1
        case _:
            return len(call[0])


def documents(calls: Sequence[Call]) -> tuple[bytes | int | None, ...]:
    """The parameters of the one statement that carries out all these calls.

    Raises StoreDataError for what no document can hold.
    """
    try:
        return _documents(calls)
    except (TypeError, ValueError) as error:
        raise StoreDataError(f"not a value of the journal: {error}") from error


def _documents(calls: Sequence[Call]) -> tuple[bytes | int | None, ...]:
    rows = _Rows()
    for call in calls:
        match call:
            case Take():
                _take(rows, call)
            case Settle(outcomes):
                rows.outcomes += outcomes
            case Receive(receipts):
                rows.receipts += receipts
            case Claim(reply_ids, now_us):
                rows.claims += [(reply_id, now_us) for reply_id in reply_ids]
            case Keep(parts, reports):
                rows.parts += parts
                rows.reports += reports
            case Confirm():
                rows.confirms.append(call)
    return (
        _document(rows.parts),
        _document(rows.questions),
        len(rows.questions),
        _document(rows.answers),
        _document(rows.replies),
        _document(rows.late_replies),
        _document(rows.reports),
        _document(rows.entries),
        _document(rows.subscribers),
        _document(rows.seen),
        _encode(rows.joined) if rows.joined else None,
        _document(rows.claims),
        _document(rows.outcomes),
        _document(rows.receipts),
        _document(rows.confirms),
        REPEAT_US,
        DOUBTFUL_US,
        RECEIPT_US,
    )


def _take(rows: _Rows, call: Take) -> None:
    # Hot: runs for every message. A question goes together with its answer where it has one, so
    # that its row is written once, in its last state.
    answers = {answer.question_id: answer for answer in call.answers}
    if len(answers) != len(call.answers):
        raise StoreDataError("one question is answered twice in one call")
    for question in call.questions:
        answer = answers.pop(question.id, None)
        if answer is None:
            rows.questions.append(question[:14] + _UNANSWERED)  # all but `joined`
        else:
            rows.questions.append(question[:14] + answer[1:6])  # `state` to `answered_us`
            rows.replies += answer.replies
            _remember(rows, answer)
        if answer is None or answer.subscriber is None:
            rows.seen.append((question.id, question.party, question.msisdn, question.received_us))
        if question.joined:
            rows.joined += question.joined
    rows.reports += call.receipts
    for answer in answers.values():
        rows.answers.append(answer[:6])
        rows.late_replies += answer.replies
        _remember(rows, answer)


def _remember(rows: _Rows, answer: Answer) -> None:
    rows.entries += answer.entries
    if answer.subscriber is not None:
        rows.subscribers.append((answer.question_id, *answer.subscriber, answer.answered_us))


def _document(rows: Sequence[_Row]) -> bytes | None:
    if not rows:
        return None
    try:
        document = _encode(rows)
    except UnicodeEncodeError:
        return _encode([_storable(row) for row in rows])
    if _NUL in document:
        return _encode([_storable(row) for row in rows])
    return document


def _storable(row: _Row) -> list[Any]:
    """The row without what no engine stores in a text: NUL, and halves of surrogate pairs."""
    return [
        field.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(field, str)
        else field
        for field in row
    ]


def results(calls: Sequence[Call], told: Sequence[Told]) -> list[object]:
    """What each of these calls returns, given what their transaction has told."""
    by_kind: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for kind, first, second in told:
        by_kind[kind].append((first, second))
    owners: dict[int, int] = dict(by_kind["duplicate"])
    unclaimed: set[int] = {reply_id for reply_id, _ in by_kind["unclaimed"]}
    sets = [_sets.decode(parts) for _, parts in by_kind["set"]]
    wholes = _by_completer(calls, sets) if sets else {}
    heard: list[object] = []
    receipts_before = 0
    for place, call in enumerate(calls):
        match call:
            case Take(questions):
                heard.append(_duplicates(questions, owners) if owners else ())
            case Keep(parts):
                copies = _duplicates(parts, owners) if owners else ()
                heard.append(PartsTaken(wholes.get(place, ()), copies))
            case Receive(receipts):
                heard.append(_taken(by_kind, receipts_before, len(receipts)))
                receipts_before += len(receipts)
            case Claim(reply_ids, _):
                claimed = frozenset(reply_ids) - unclaimed
                unclaimed |= claimed  # of two callers the first has them
                heard.append(claimed)
            case _:
                heard.append(None)
    return heard


def _duplicates(
    given: Sequence[Question] | Sequence[StoredPart], owners: dict[int, int]
) -> list[Duplicate]:
    return [Duplicate(each.id, owners[each.id]) for each in given if each.id in owners]


def _taken(told: Mapping[str, Sequence[tuple[Any, Any]]], before: int, count: int) -> ReceiptsTaken:
    """What became of one call's receipts, which stand behind those of the calls before it."""
    return ReceiptsTaken(
        frozenset(at - before for at, _ in told["orphan"] if before <= at < before + count),
        {at - before: by for at, by in told["otherwise"] if before <= at < before + count},
    )


def _by_completer(
    calls: Sequence[Call], sets: Sequence[tuple[StoredPart, ...]]
) -> Mapping[int, Sequence[tuple[StoredPart, ...]]]:
    """Each set with the last call that brought one of its parts: the one that completed it."""
    callers = {
        part.id: place
        for place, call in enumerate(calls)
        if isinstance(call, Keep)
        for part in call.parts
    }
    by_caller: defaultdict[int, list[tuple[StoredPart, ...]]] = defaultdict(list)
    for parts in sets:
        ordered = tuple(sorted(parts, key=lambda part: part.number))
        by_caller[max(callers[part.id] for part in parts if part.id in callers)].append(ordered)
    return by_caller
