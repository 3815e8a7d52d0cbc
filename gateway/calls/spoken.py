"""What a caller is told: the core's answer as sentences of the voice catalogue. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gateway.core.conversation import Moment, Turn
from gateway.core.kinds import Kinds
from gateway.core.memory import is_landline
from gateway.core.results import Result
from gateway.core.telling import Chosen, Telling
from ivr.switch import (
    CallAnswer,
    CallOutcome,
    CallQuestion,
    Sentence,
    SpokenValue,
    TextOffer,
    Wish,
)
from lookup.status import Body, Found, Partial, Status, TicketRecord

_OUTCOMES: Mapping[Result, CallOutcome] = {
    Result.STATUS: CallOutcome.FOUND,
    Result.AMBIGUOUS: CallOutcome.AMBIGUOUS,
    Result.NOT_FOUND: CallOutcome.NOT_FOUND,
    Result.UNREGISTERED: CallOutcome.FOUND,
    Result.BAD_LENGTH: CallOutcome.BAD_LENGTH,
    Result.LOCKED: CallOutcome.LOCKED,
    Result.SILENT_LOCKED: CallOutcome.LOCKED,
    Result.SILENT_LIMIT: CallOutcome.LOCKED,
    Result.SILENT_LOOP: CallOutcome.LOCKED,
}
APPEAL = "appeal"
_TEXTED = frozenset({CallOutcome.FOUND, CallOutcome.UNAVAILABLE})

# What key 1 takes after a text that offers it.
WISHES: Mapping[str, Wish] = {
    "appeal.overdue": Wish.COMPLAIN,
    "appeal.overdue_law": Wish.COMPLAIN,
    "appeal.forwarded_many": Wish.COMPLAIN,
    "appeal.forwarded_many_law": Wish.COMPLAIN,
    "appeal.answered": Wish.DISAGREE,
    "insp.unregistered": Wish.REPORT,
    "insp.refused": Wish.REPORT,
    "fine.paid_but_enforced_call": Wish.CORRECT,
}


class Spoken:
    """The rules of one gateway."""

    def __init__(self, kinds: Kinds, telling: Telling) -> None:
        self._kinds = kinds
        self._telling = telling

    def answer(
        self,
        question: CallQuestion,
        statuses: Sequence[Status],
        turn: Turn,
        moment: Moment,
        offer: TextOffer | None,
    ) -> CallAnswer:
        """`offer`: what a text would cost this caller, None where none may be offered."""
        outcome = _OUTCOMES.get(turn.result, CallOutcome.UNAVAILABLE)
        sentences, kinds = self._sentences(question, statuses, turn, moment, outcome)
        return CallAnswer(
            outcome,
            sentences,
            kinds,
            wish=WISHES.get(sentences[0].id) if sentences else None,
            text=offer if outcome in _TEXTED else None,
        )

    def _sentences(
        self,
        question: CallQuestion,
        statuses: Sequence[Status],
        turn: Turn,
        moment: Moment,
        outcome: CallOutcome,
    ) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
        """What is said, and the kinds to choose from."""
        if turn.result is Result.UNREGISTERED:
            return (Sentence("insp.unregistered", {}),), ()
        if outcome is CallOutcome.FOUND:
            told = self._told(_ticket(statuses, turn), moment, question.caller)
            if turn.silent_base is not None:
                told = (*told, Sentence("base_silent", {"base": turn.silent_base}))
            return told, ()
        if outcome is CallOutcome.AMBIGUOUS:
            kinds = turn.memory.pending.kinds if turn.memory.pending else ()
            names: dict[str, SpokenValue] = {
                f"kind{n}": self._kinds.nouns(kind) for n, kind in enumerate(kinds, start=1)
            }
            return (Sentence("ambiguous", names),), kinds
        if outcome is CallOutcome.BAD_LENGTH:
            got, want = len(question.digits), self._kinds.wanted_of(question.menu)
            return (Sentence("bad_length", {"got": got, "want": want}),) if want else (), ()
        return (), ()

    def _told(self, ticket: TicketRecord, moment: Moment, caller: str) -> tuple[Sentence, ...]:
        chosen = self._telling.choose_voice(
            ticket,
            today=moment.today,
            now_us=moment.now_us,
            verified=moment.is_owner(ticket),
        )
        if chosen.final and _is_appeal(ticket) and (not caller or is_landline(caller)):
            return (_closed(chosen),)
        told = Sentence(chosen.text_id, _raw(chosen))
        if isinstance(chosen.as_of, date):
            return told, Sentence("as_of", {"asof": chosen.as_of})
        return (told,) if chosen.as_of is None else (told, Sentence("as_of_today", {}))


def _ticket(statuses: Sequence[Status], turn: Turn) -> TicketRecord:
    """Of several kinds under one number, the one that the answer is about."""
    (status,) = statuses
    assert isinstance(status, Found | Partial)
    return next(ticket for ticket in status.tickets if ticket.kind == turn.ticket_kind)


def _is_appeal(ticket: TicketRecord) -> bool:
    """Or became one, of which the status is told."""
    passed = ticket.passed_to
    return ticket.kind == APPEAL or (passed is not None and passed.last.kind == APPEAL)


def _closed(chosen: Chosen) -> Sentence:
    """That an appeal has its answer, for a phone that is nobody's own: how it ended is not told."""
    closed_on = chosen.values.get("d")
    if isinstance(closed_on, date):
        return Sentence("appeal.answered_other", {"d": closed_on})
    return Sentence("status_unknown", {})


def _raw(chosen: Chosen) -> dict[str, SpokenValue]:
    return {
        name: value.voice_name if isinstance(value, Body) else value
        for name, value in chosen.values.items()
    }
