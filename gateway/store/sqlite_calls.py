"""What is asked of the SQLite writer, and the documents that one transaction of it takes. Pure.

The documents are the columns of `batch_in` in sql/sqlite_write.sql: JSON arrays of rows. A named
tuple is encoded as the array of its fields, so most rows go as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.core.call_records import CallLeg, CallRecord
from gateway.core.cdr import EntryKind
from gateway.core.records import (
    Answer,
    Outcome,
    Question,
    QuestionState,
    ReceiptSeen,
    Reply,
    StoredPart,
)
from gateway.store.errors import StoreDataError
from gateway.store.limits import DOUBTFUL_US, RECEIPT_US, REPEAT_US
from gateway.store.sqlite_audit import Book, Note, audit_rows, correction


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


class OpenLegs(NamedTuple):
    legs: Sequence[CallLeg]


class BeginCall(NamedTuple):
    """One leg; what is remembered of its phone is told."""

    legs: Sequence[CallLeg]


class CloseLegs(NamedTuple):
    records: Sequence[CallRecord]


Call = (
    Take
    | Keep
    | Claim
    | Settle
    | Receive
    | Confirm
    | OpenLegs
    | BeginCall
    | CloseLegs
    | Book
    | Note
)

_Row = Sequence[Any]

_encode = msgspec.json.Encoder().encode

_NUL = b"\\u0000"
_UNANSWERED = (QuestionState.ACCEPTED, None, None, None, None)


class _Rows:
    """The rows of one transaction by document."""

    __slots__ = (
        "answers",
        "audits",
        "booked",
        "claims",
        "confirms",
        "entries",
        "joined",
        "late_replies",
        "legs",
        "outcomes",
        "parts",
        "questions",
        "receipts",
        "records",
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
        self.legs: list[_Row] = []
        self.records: list[_Row] = []
        self.booked: list[_Row] = []
        self.audits: list[_Row] = []


def comes_alone(call: object) -> bool:
    """Whether it is of one telephone call, whose steps are asked one at a time."""
    match call:
        case BeginCall() | OpenLegs() | CloseLegs():
            return True
        case Take(questions=[question]):
            return question.channel == "ivr"
        case _:
            return False


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
    except (TypeError, ValueError, OverflowError) as error:
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
            case OpenLegs(legs):
                rows.legs += legs
            case BeginCall(legs):
                rows.legs += [(*leg, True) for leg in legs]
            case CloseLegs(records):
                rows.legs += [record.leg for record in records]
                rows.records += [_record_row(record) for record in records]
            case Book(entries):
                rows.booked += [correction(entry) for entry in entries]
                rows.audits += audit_rows(call, len(rows.audits))
            case Note():
                rows.audits += audit_rows(call, len(rows.audits))
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
        _document(rows.legs),
        _document(rows.records),
        _document(rows.booked),
        _document(rows.audits),
        REPEAT_US,
        DOUBTFUL_US,
        RECEIPT_US,
    )


def _record_row(record: CallRecord) -> _Row:
    leg = record.leg
    return (record.id, leg.link, leg.call_id, leg.leg, *record[3:])


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
            rows.entries += answer.entries
            _remember(rows, answer)
        if answer is None or answer.subscriber is None:
            rows.seen.append((question.id, question.party, question.msisdn, question.received_us))
        if question.joined:
            rows.joined += question.joined
    rows.reports += call.receipts
    for answer in answers.values():
        rows.answers.append(answer[:6])
        rows.late_replies += answer.replies
        # What a late answer gives back may have been given back by hand in the meantime.
        given_back = [entry for entry in answer.entries if entry.kind is EntryKind.CREDITED]
        rows.booked += [(*entry, True) for entry in given_back]
        rows.entries += [entry for entry in answer.entries if entry not in given_back]
        _remember(rows, answer)


def _remember(rows: _Rows, answer: Answer) -> None:
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
