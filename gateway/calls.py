"""The gateway as a call sees it (ivr.switch.CallDesk): the same desk, the same ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import structlog

from gateway.core import memory as remembering
from gateway.core.conversation import Turn
from gateway.core.reading import Asked, Intent, Reading
from gateway.core.results import Result
from gateway.core.telling import Chosen
from gateway.desk import Desk
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.rules import Rules
from gateway.store.journal import StoreUnavailableError
from ivr.switch import CallAnswer, CallEnd, CallOutcome, CallQuestion, Sentence, SpokenValue
from lookup.status import Body, Found, Partial, Status, TicketRecord

log = structlog.get_logger()

_OUTCOMES: Mapping[Result, CallOutcome] = {
    Result.NOT_FOUND: CallOutcome.NOT_FOUND,
    Result.UNREGISTERED: CallOutcome.FOUND,
    Result.BAD_LENGTH: CallOutcome.BAD_LENGTH,
    Result.LOCKED: CallOutcome.LOCKED,
    Result.SILENT_LOCKED: CallOutcome.LOCKED,
    Result.SILENT_LIMIT: CallOutcome.LOCKED,
    Result.SILENT_LOOP: CallOutcome.LOCKED,
}


class Calls:
    """See the module."""

    def __init__(
        self,
        *,
        desk: Desk,
        memories: Memories,
        rules: Rules,
        keys: Keys,
        deadline_ms: int,
    ) -> None:
        self._desk = desk
        self._memories = memories
        self._kinds = rules.kinds
        self._telling = rules.telling
        self._keys = keys
        self._deadline_s = deadline_ms / 1_000

    async def language_of(self, caller: str) -> str | None:
        if not caller:
            return None
        party = self._keys.party(caller)
        try:
            await self._memories.load([party])
        except StoreUnavailableError:
            return None
        memory = self._memories.get(party)
        return memory.language if memory.language_chosen else None

    async def choose_language(self, caller: str, language: str) -> None:
        """Kept near at once, on disk with the caller's next question."""
        if not caller:
            return
        party = self._keys.party(caller)
        try:
            await self._memories.load([party])
        except StoreUnavailableError:
            return
        memory = self._memories.get(party)
        self._memories.put(party, remembering.with_language(memory, language, chosen=True))

    async def ask(self, question: CallQuestion) -> CallAnswer:
        asked = self._kinds.accept(question.menu, question.digits)
        if asked is None:
            reading = Reading(Intent.BAD_LENGTH, digits_got=len(question.digits))
        else:
            if question.kind:
                asked = Asked(asked.number, (question.kind,))
            reading = Reading(Intent.LOOKUP, (asked,), language=question.language)
        asking = self._desk.asking(
            link=question.link,
            operator=question.link,
            session=0,
            identity=f"{question.link}:{question.call_id}:{question.step}".encode(),
            msisdn=question.caller,
            short_code=question.called,
            channel="ivr",
            text=None,
            reading=reading,
            nobody=f"call:{question.call_id}",
        )
        try:
            statuses, turn = await self._desk.consult(asking, self._deadline_s)
        except StoreUnavailableError:
            log.warning("call_not_answered", reason="the store is away")
            return CallAnswer(CallOutcome.UNAVAILABLE, ())
        return self._spoken(question, statuses, turn)

    async def ended(self, end: CallEnd) -> None:
        log.info(
            "call_ended",
            link=end.link,
            call_id=end.call_id,
            outcome=end.outcome,
            seconds=end.seconds,
        )

    # -- inside

    def _spoken(self, question: CallQuestion, statuses: Sequence[Status], turn: Turn) -> CallAnswer:
        if turn.result is Result.STATUS and isinstance(statuses[0], Found | Partial):
            ticket = statuses[0].tickets[0]
            told = self._sentences(question, ticket)
            if turn.silent_base is not None:
                told = (*told, Sentence("base_silent", {"base": turn.silent_base}))
            return CallAnswer(CallOutcome.FOUND, told)
        if turn.result is Result.AMBIGUOUS and isinstance(statuses[0], Found | Partial):
            kinds = tuple(ticket.kind for ticket in statuses[0].tickets[:2])
            names: dict[str, SpokenValue] = {
                f"kind{n}": self._kinds.nouns(kind) for n, kind in enumerate(kinds, start=1)
            }
            return CallAnswer(CallOutcome.AMBIGUOUS, (Sentence("ambiguous", names),), kinds)
        outcome = _OUTCOMES.get(turn.result, CallOutcome.UNAVAILABLE)
        if turn.result is Result.UNREGISTERED:
            return CallAnswer(outcome, (Sentence("insp.unregistered", {}),))
        if outcome is CallOutcome.BAD_LENGTH:
            values: dict[str, SpokenValue] = {
                "got": len(question.digits),
                "want": self._kinds.wanted,
            }
            return CallAnswer(outcome, (Sentence("bad_length", values),))
        return CallAnswer(outcome, ())

    def _sentences(self, question: CallQuestion, ticket: TicketRecord) -> tuple[Sentence, ...]:
        moment = self._desk.moment(question.link, question.caller, "ivr")
        chosen = self._telling.choose_voice(
            ticket,
            today=moment.today,
            now_us=moment.now_us,
            verified=moment.is_owner(ticket),
        )
        told = Sentence(chosen.text_id, _raw(chosen))
        if isinstance(chosen.as_of, date):
            return told, Sentence("as_of", {"asof": chosen.as_of})
        return (told,) if chosen.as_of is None else (told, Sentence("as_of_today", {}))


def _raw(chosen: Chosen) -> dict[str, SpokenValue]:
    return {
        name: value.voice_name if isinstance(value, Body) else value
        for name, value in chosen.values.items()
    }
