"""From a classed text and what the lookup said to the words of the answer. Pure.

`plan` settles what is to be looked up, with the help of what is remembered of the phone; `turn`
words the answer and says what is remembered next. Between the two stands the lookup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from gateway.core import memory as remembering
from gateway.core import telling
from gateway.core.catalogue import Catalogue
from gateway.core.kinds import Kinds
from gateway.core.memory import Limits, Memory, Verdict
from gateway.core.reading import Asked, Intent, Reading
from gateway.core.results import Result
from gateway.core.silence import Silence
from gateway.core.telling import Telling
from lookup.status import Found, NotFound, Partial, Status, TicketRecord, Unavailable

NUMBERS_MAX = 3  # answered a text
LAST_TICKET_US = 86_400_000_000  # "?" repeats a ticket asked within this time

_TEXTS: Mapping[Intent, tuple[str, Result]] = {
    Intent.HELP: ("gen.help", Result.HELP),
    Intent.YES: ("gen.help", Result.HELP),
    Intent.LANGUAGE: ("gen.lang_set", Result.LANGUAGE),
    Intent.EMERGENCY: ("gen.emergency", Result.EMERGENCY),
    Intent.SCAM: ("gen.scam", Result.SCAM),
    Intent.NO_SLIP: ("gen.no_slip", Result.NO_SLIP),
    Intent.WRONG_PLACE: ("gen.wrong_place", Result.WRONG_PLACE),
    Intent.IIN: ("gen.looks_like_iin", Result.IIN),
    Intent.CARD: ("gen.looks_like_card", Result.CARD),
    Intent.PHONE: ("gen.malformed", Result.MALFORMED),
    Intent.MALFORMED: ("gen.malformed", Result.MALFORMED),
    Intent.BAD_LENGTH: ("gen.bad_length", Result.BAD_LENGTH),
    # subscriptions and cases do not exist yet: nothing is said to be taken that is not
    Intent.SUBSCRIBE: ("gen.wrong_place", Result.WRONG_PLACE),
    Intent.DISAGREE: ("gen.wrong_place", Result.WRONG_PLACE),
    Intent.ILLEGAL_INSPECTION: ("gen.wrong_place", Result.WRONG_PLACE),
}
_NEVER_LOCKED = frozenset({Intent.EMERGENCY, Intent.STOP})
_SILENT = {
    Verdict.SILENT_LOCKED: Result.SILENT_LOCKED,
    Verdict.SILENT_LIMIT: Result.SILENT_LIMIT,
    Verdict.SILENT_LOOP: Result.SILENT_LOOP,
}


class Words(NamedTuple):
    """One reply: the catalogue's id and the text in the language of the answer."""

    text_id: str
    text: str


class Plan(NamedTuple):
    """What a question comes to before the lookup; `asked` is empty where nothing is looked up."""

    verdict: Verdict
    reading: Reading
    asked: tuple[Asked, ...]
    memory: Memory
    language: str


class Turn(NamedTuple):
    """The answer: its result, its replies (none: silence), what is remembered next."""

    result: Result
    language: str
    words: tuple[Words, ...]
    memory: Memory
    ticket_kind: str | None = None
    silent_base: Mapping[str, str] | None = None  # told beside a status: this one did not answer


class Moment(NamedTuple):
    """When and for whom a turn is worded."""

    now_us: int
    day: int  # YYYYMMDD, Kazakhstan
    today: date
    price_tenge: int  # what a question costs on its link today
    is_owner: Callable[[TicketRecord], bool]
    by_sms: bool = True  # False: spoken or shown, so it uses up no reply of the day


class Conversation:
    """The rules of one gateway: number rules, words, limits."""

    def __init__(
        self,
        *,
        kinds: Kinds,
        catalogue: Catalogue,
        telling: Telling,
        limits: Limits,
        language: str,
        silence: Silence,
    ) -> None:
        self._kinds = kinds
        self._catalogue = catalogue
        self._telling = telling
        self._limits = limits
        self._language = language
        self._silence = silence

    def plan(self, reading: Reading, memory: Memory, now_us: int) -> Plan:
        """What is to be looked up for this phone; nothing where it is locked or over a limit."""
        if reading.language_chosen and reading.language:
            memory = remembering.with_language(memory, reading.language, chosen=True)
        elif reading.language and not memory.language_chosen:
            memory = remembering.with_language(memory, reading.language, chosen=False)
        language = memory.language or self._language
        if memory is remembering.EMPTY or reading.intent in _NEVER_LOCKED:
            verdict = Verdict.ANSWER
        else:
            verdict = remembering.admit(memory, self._limits, now_us)
            if reading.intent is not Intent.CHOICE and memory.pending is not None:
                memory = remembering.without_pending(memory)  # anything new cancels "1 or 2?"
        if verdict is not Verdict.ANSWER:
            return Plan(verdict, reading, (), memory, language)
        asked: tuple[Asked, ...] = ()
        if reading.intent is Intent.LOOKUP:
            asked = reading.asked
        elif reading.intent is Intent.REPEAT:
            asked = self._last(memory, now_us)
        elif reading.intent is Intent.CHOICE:
            memory, choice = remembering.take_choice(memory, reading.choice, now_us)
            asked = () if choice is None else (Asked(choice[0], (choice[1],)),)
        return Plan(verdict, reading, asked, memory, language)

    def _last(self, memory: Memory, now_us: int) -> tuple[Asked, ...]:
        if memory.last_number is None or now_us - memory.last_asked_us > LAST_TICKET_US:
            return ()
        kinds = (memory.last_kind,) if memory.last_kind else self._kinds.names
        return (Asked(memory.last_number, kinds),)

    def turn(self, plan: Plan, statuses: Sequence[Status], moment: Moment) -> Turn | None:
        """The answer; None while no source asked has answered (the answer is owed)."""
        if plan.verdict is Verdict.TELL_LOCKED:
            memory, minutes = remembering.tell_lock(plan.memory, moment.now_us)
            words = self._words("gen.too_many_wrong", plan.language, {"min": minutes})
            return self._close(plan, Result.LOCKED, (words,), memory, moment)
        if plan.verdict is not Verdict.ANSWER:
            return Turn(_SILENT[plan.verdict], plan.language, (), plan.memory)
        if plan.asked:
            return self._told(plan, statuses, moment)
        return self._without_number(plan, moment)

    def later(self, plan: Plan, moment: Moment) -> Turn:
        """The answer is owed for long: say so."""
        words = self._words("gen.later", plan.language, {})
        return self._close(plan, Result.PROMISED, (words,), plan.memory, moment)

    def gave_up(self, plan: Plan, moment: Moment) -> Turn:
        """No source answered within the whole term."""
        words = self._words("gen.unavailable", plan.language, {})
        return self._close(plan, Result.UNAVAILABLE, (words,), plan.memory, moment)

    # -- inside

    def _told(self, plan: Plan, statuses: Sequence[Status], moment: Moment) -> Turn | None:
        if _is_owed(statuses):
            return None
        memory = plan.memory
        words: list[Words] = []
        result: Result | None = None
        kind: str | None = None
        silent_base: Mapping[str, str] | None = None
        room = NUMBERS_MAX  # what finds none among the day's replies is no result, nor charged
        if moment.by_sms:
            room = max(remembering.replies_left(memory, self._limits, moment.day), 1)
        for asked, status in list(zip(plan.asked, statuses, strict=True))[:room]:
            if words and remembering.locked(memory, moment.now_us):
                memory, minutes = remembering.tell_lock(memory, moment.now_us)
                words.append(self._words("gen.too_many_wrong", plan.language, {"min": minutes}))
                break
            one, said, memory, found = self._one(plan, asked, status, memory, moment)
            words.append(said)
            if result is None or (one.answers and not result.answers):
                result = one  # charged once if any number got a status
            kind = kind or found
            if found and isinstance(status, Partial):
                silent_base = silent_base or self._silence.base(status.silent, asked, (found,))
        if silent_base is not None:
            words.append(self._words("gen.base_silent", plan.language, {"base": silent_base}))
        elif plan.reading.too_many:
            words.append(self._words("gen.too_many_numbers", plan.language, {"k": NUMBERS_MAX}))
        assert result is not None
        turn = self._close(plan, result, tuple(words), memory, moment, kind)
        return turn if silent_base is None else turn._replace(silent_base=silent_base)

    def _one(
        self, plan: Plan, asked: Asked, status: Status, memory: Memory, moment: Moment
    ) -> tuple[Result, Words, Memory, str | None]:
        language = plan.language
        if isinstance(status, Found | Partial):
            tickets = _narrowed(asked, status.tickets)
            if len(tickets) > 1:
                pair = tuple(ticket.kind for ticket in tickets[:2])
                memory = remembering.with_pending(memory, asked.number, pair, moment.now_us)
                said = Words(*self._telling.ambiguous(asked, pair, language))
                return Result.AMBIGUOUS, said, memory, None
            ticket = tickets[0]
            linked = moment.is_owner(ticket)
            six, memory = remembering.tail_shown(memory, asked.number, moment.now_us)
            said = Words(
                *self._telling.words(
                    ticket,
                    language,
                    today=moment.today,
                    now_us=moment.now_us,
                    verified=linked,
                    as_read=asked.number if asked.folded else None,
                    tail_signs=6 if six else 4,
                )
            )
            memory = remembering.after_hit(
                memory, self._limits, moment.now_us, moment.day, linked=linked
            )
            memory = remembering.with_last(memory, asked.number, ticket.kind, moment.now_us)
            return Result.STATUS, said, memory, ticket.kind
        if isinstance(status, NotFound):
            text_id, text = self._telling.missing(asked, language)
            memory = remembering.after_miss(memory, self._limits, moment.now_us, moment.day)
            only_inspection = asked.kinds == ("inspection",) and not asked.other_kinds
            result = Result.UNREGISTERED if only_inspection else Result.NOT_FOUND
            return result, Words(text_id, text), memory, None
        base = self._silence.base(status.silent, asked) or {}
        values = {"n": telling.tail(asked.number), "base": base}
        said = self._words("gen.base_silent_number", language, values)
        return Result.UNAVAILABLE, said, memory, None

    def _without_number(self, plan: Plan, moment: Moment) -> Turn:
        reading, memory = plan.reading, plan.memory
        intent = reading.intent
        if intent is Intent.THANKS:
            return Turn(Result.THANKS, plan.language, (), memory)
        if intent is Intent.BINARY:
            return Turn(Result.BINARY, plan.language, (), memory)
        if intent is Intent.EMPTY:
            if memory.help_day == moment.day:
                return Turn(Result.EMPTY, plan.language, (), memory)
            memory = memory._replace(help_day=moment.day)
            return self._close(plan, Result.EMPTY, (self._help(plan, moment),), memory, moment)
        if intent is Intent.STOP:
            return self._close(plan, Result.STOP, (self._stopped(plan),), memory, moment)
        text_id, result = _TEXTS.get(intent, ("gen.help", Result.HELP))
        if text_id == "gen.help":
            words = self._help(plan, moment)
        else:
            values = {"want": self._kinds.wanted, "got": reading.digits_got}
            words = self._words(text_id, plan.language, values)
        return self._close(plan, result, (words,), memory, moment)

    def _help(self, plan: Plan, moment: Moment) -> Words:
        return self._words("gen.help", plan.language, {"price": moment.price_tenge})

    def _stopped(self, plan: Plan) -> Words:
        asked = plan.reading.asked
        if not asked:
            return self._words("gen.unsubscribed_all", plan.language, {})
        return self._words("gen.unsubscribed", plan.language, {"n": telling.tail(asked[0].number)})

    def _words(self, text_id: str, language: str, values: Mapping[str, object]) -> Words:
        return Words(text_id, self._catalogue.text(text_id, language, values))

    def _close(
        self,
        plan: Plan,
        result: Result,
        words: tuple[Words, ...],
        memory: Memory,
        moment: Moment,
        kind: str | None = None,
    ) -> Turn:
        count = 0
        if moment.by_sms:
            words = words[: remembering.replies_left(memory, self._limits, moment.day)]
            count = len(words)
        memory = remembering.after_reply(memory, count, moment.now_us, moment.day)
        return Turn(result, plan.language, words, memory, kind)


def _is_owed(statuses: Sequence[Status]) -> bool:
    """Nothing is known yet, or more is about to be."""
    silent = [status for status in statuses if isinstance(status, Unavailable)]
    return len(silent) == len(statuses) or any(status.pending for status in silent)


def _narrowed(asked: Asked, tickets: tuple[TicketRecord, ...]) -> tuple[TicketRecord, ...]:
    """A kind word narrows where to look; the other kinds count when nothing of it matches."""
    if len(tickets) == 1:
        return tickets
    return tuple(ticket for ticket in tickets if ticket.kind in asked.kinds) or tickets
