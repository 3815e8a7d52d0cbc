"""Which text tells a ticket's status, and its words: the heart of every answer. Pure.

Three rules stand above all texts: a phone not linked to a ticket learns only what anyone may know
who holds the number; a reply is one SMS part; a ticket that lacks a value gets a shorter text,
never an error and never a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from gateway.core.catalogue import Catalogue, Value
from gateway.core.derived import PASSED_ON, body_in_charge, derive
from gateway.core.reading import Asked
from gateway.core.segments import fits_one_part
from gateway.core.statuses import Kind, Option, Row, Statuses
from gateway.core.terms import Terms
from lookup.compare import CLOSED_BUT_OPEN
from lookup.status import PassedOn, TicketRecord

OLD_AFTER_DAYS = 1096  # three years
TAIL_SIGNS = 4
LONG_TAIL_SIGNS = 6
AGED_AFTER_US = 3_600_000_000  # what was so longer ago than an hour is told as of then
RESTRICTED = "restricted"  # status of a Chosen whose text tells nothing of the ticket's own
UNKNOWN = "unknown"  # status of a Chosen for a ticket whose kind or status has no row

_SMS, _VOICE = 0, 1  # places in Texts


class Chosen(NamedTuple):
    """The text that tells a ticket; `values` are raw and lack the number.

    `status` is the derived one, or RESTRICTED or UNKNOWN, and then both flags are False.
    `shorter` are texts to fall back on where this one does not fit one part. `as_of` is when an
    open status was so, where that is some time ago: a day, or the time of today as HH:MM.
    """

    text_id: str
    values: Mapping[str, Value]
    final: bool
    overdue: bool
    status: str
    shorter: tuple[Option, ...] = ()
    as_of: date | str | None = None


class Said(NamedTuple):
    text_id: str
    text: str


def tail(number: str, signs: int = TAIL_SIGNS) -> str:
    """How replies show a number: `*5678`."""
    return "*" + number[-signs:]


class Telling:
    """`nouns` are the short nouns of the kinds by language, at most 9 letters."""

    def __init__(
        self,
        catalogue: Catalogue,
        statuses: Statuses,
        nouns: Mapping[str, Mapping[str, str]],
        *,
        terms: Terms,
        old_after_days: int = OLD_AFTER_DAYS,
    ) -> None:
        self._catalogue = catalogue
        self._statuses = statuses
        self._nouns = nouns
        self._terms = terms
        self._old_after_days = old_after_days

    def choose(self, ticket: TicketRecord, *, today: date, now_us: int, verified: bool) -> Chosen:
        """The SMS that tells `ticket` to a phone that is `verified` for it, or is not.

        `today` is the civil day of `now_us`, which is UTC microseconds.
        """
        return self._choose(ticket, today, now_us, _SMS, verified=verified)

    def choose_voice(
        self, ticket: TicketRecord, *, today: date, now_us: int, verified: bool
    ) -> Chosen:
        """The spoken text; dates, counts and bodies among its values have yet to be put in words.

        `status` and `outcome` are mappings of language to word.
        """
        return self._choose(ticket, today, now_us, _VOICE, verified=verified)

    def words(
        self,
        ticket: TicketRecord,
        language: str,
        *,
        today: date,
        now_us: int,
        verified: bool,
        as_read: str | None = None,
        tail_signs: int = TAIL_SIGNS,
    ) -> Said:
        """The reply by SMS, one part long.

        `as_read` is the whole number where letters were read as digits: it is shown as it was
        read if it fits, else its last 6 signs. Two numbers with one tail ask for `tail_signs` 6.
        """
        chosen = self._choose(ticket, today, now_us, _SMS, verified=verified)
        shown: tuple[str, ...] = (tail(ticket.number, tail_signs),)
        if as_read is not None:
            shown = (as_read, tail(as_read, LONG_TAIL_SIGNS))
        values, suffix = chosen.values, ""
        if chosen.as_of is not None:
            values = {**values, "asof": chosen.as_of}
            suffix = self._catalogue.text("gen.as_of", language, values)
        said = self._said(chosen.text_id, language, values, shown, suffix)
        for option in chosen.shorter:
            if fits_one_part(said.text):
                break
            if option.needs <= values.keys():
                said = self._said(option.text_id, language, values, shown, suffix)
        if suffix and not fits_one_part(said.text):
            said = self._said("gen.status_as_of", language, values, shown)
        return said

    def missing(self, asked: Asked, language: str) -> Said:
        """A number that no source knows, all of them having answered."""
        only_inspection = asked.kinds == ("inspection",) and not asked.other_kinds
        text_id = "insp.unregistered" if only_inspection else "gen.not_found"
        return Said(text_id, self._catalogue.text(text_id, language, {"full": asked.number}))

    def ambiguous(self, asked: Asked, kinds: tuple[str, ...], language: str) -> Said:
        """One number of two kinds, in the order of the choice: "1 or 2?"."""
        first, second = kinds[:2]
        values = {"full": asked.number, "kind1": self._nouns[first], "kind2": self._nouns[second]}
        return Said("gen.ambiguous", self._catalogue.text("gen.ambiguous", language, values))

    def _choose(
        self, ticket: TicketRecord, today: date, now_us: int, channel: int, *, verified: bool
    ) -> Chosen:
        statuses = self._statuses
        kind = statuses.kinds.get(ticket.kind)
        if kind is None:
            return _without_values(statuses.unknown[channel], UNKNOWN)
        if not verified and (kind.unverified is not None or ticket.secret):
            restricted = kind.unverified or statuses.secret
            return _without_values(restricted[channel], RESTRICTED)
        if ticket.passed_to is not None:
            passed = ticket.passed_to.last
            theirs = statuses.kinds.get(passed.kind)
            ended = _ended_there(kind, ticket, passed, theirs)
            hidden = not verified and (self._hides(ticket.passed_to) or self._hides(passed))
            if hidden or (ended is not None and ticket.conflict == CLOSED_BUT_OPEN):
                ticket = ticket._replace(passed_to=None)  # nor told by its dates, if ended there
            elif ended is not None:
                return self._told_there(ticket, ended, channel)
        derived = derive(ticket, kind, self._terms, today, now_us, verified=verified)
        if derived is None:
            return _without_values(statuses.unknown[channel], UNKNOWN)
        row, special, values, by_law = derived
        if not verified and row.tells_sum and kind.unverified_sum is not None:
            return _without_values(kind.unverified_sum[channel], RESTRICTED)
        options = (row.special[special] if special else row.texts)[channel]
        if by_law:
            options = _by_law(options)
        if row.archived and self._is_old(values.get("d"), today):
            options = statuses.old[channel] + options
        known = values.keys()
        for after, option in enumerate(options, start=1):  # noqa: B007 - both are used below
            if option.needs <= known:
                break
        as_of = None
        if ticket.as_of_us is not None and not row.final:
            as_of = self._as_of(ticket.as_of_us, today, now_us)
        return Chosen(
            option.text_id, values, row.final, row.past_due, row.code, options[after:], as_of
        )

    def _hides(self, passed: PassedOn) -> bool:
        """Whether nothing of the ticket it was passed on as is for others."""
        theirs = self._statuses.kinds.get(passed.kind)
        return passed.secret or theirs is None or theirs.unverified is not None

    def _told_there(self, ticket: TicketRecord, ended: Row, channel: int) -> Chosen:
        """What became of a ticket at the body it was passed on to."""
        values: dict[str, Value] = {"status": ended.inline, "outcome": ended.inline}
        body = body_in_charge(ticket)
        if body is not None:
            values["body"] = body
        options = [o for o in self._statuses.closed[channel] if o.needs <= values.keys()]
        first, *shorter = options
        return Chosen(
            first.text_id, values, final=True, overdue=False, status=ended.code,
            shorter=tuple(shorter),
        )  # fmt: skip

    def _as_of(self, as_of_us: int, today: date, now_us: int) -> date | str | None:
        """When a copy was taken, where that is long enough ago to matter."""
        civil = self._terms.civil
        if as_of_us < civil.midnight_us(today):
            return civil.day(as_of_us)
        return civil.hour(as_of_us) if now_us - as_of_us > AGED_AFTER_US else None

    def _is_old(self, closed_on: Value | None, today: date) -> bool:
        return isinstance(closed_on, date) and (today - closed_on).days > self._old_after_days

    def _said(
        self,
        text_id: str,
        language: str,
        values: Mapping[str, Value],
        shown: tuple[str, ...],
        suffix: str = "",
    ) -> Said:
        """The text with the first of `shown` that fits one part, else with the last."""
        filled = {**values, "n": ""}
        for number in shown:
            filled["n"] = number
            text = self._catalogue.text(text_id, language, filled) + suffix
            if fits_one_part(text):
                break
        return Said(text_id, text)


def _ended_there(
    kind: Kind, ticket: TicketRecord, passed: PassedOn, theirs: Kind | None
) -> Row | None:
    """The final status of the ticket it was passed on as, while its own is still that it was; a
    newer word of another system is told before it."""
    own = kind.rows.get(ticket.status)
    row = theirs.rows.get(passed.status) if theirs else None
    if row is None or own is None or ticket.status not in PASSED_ON:
        return None
    return row if row.final and not own.final else None


def _by_law(options: tuple[Option, ...]) -> tuple[Option, ...]:
    """The texts for a due date that is the law's: a text without its twin would call it the
    body's own."""
    return tuple(
        option if option.by_law is None else Option(option.by_law, option.needs)
        for option in options
        if option.by_law is not None or "due" not in option.needs
    )


def _without_values(options: tuple[Option, ...], status: str) -> Chosen:
    return Chosen(options[0].text_id, {}, final=False, overdue=False, status=status)
