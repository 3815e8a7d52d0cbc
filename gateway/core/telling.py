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
from gateway.core.derived import derive
from gateway.core.reading import Asked
from gateway.core.segments import fits_one_part
from gateway.core.statuses import Option, Statuses
from lookup.status import TicketRecord

OLD_AFTER_DAYS = 1096  # three years
TAIL_SIGNS = 4
LONG_TAIL_SIGNS = 6
RESTRICTED = "restricted"  # status of a Chosen whose text tells nothing of the ticket's own
UNKNOWN = "unknown"  # status of a Chosen for a ticket whose kind or status has no row

_SMS, _VOICE = 0, 1  # places in Texts


class Chosen(NamedTuple):
    """The text that tells a ticket; `values` are raw and lack the number.

    `status` is the derived one, or RESTRICTED or UNKNOWN, and then both flags are False.
    `shorter` are texts to fall back on where this one does not fit one part.
    """

    text_id: str
    values: Mapping[str, Value]
    final: bool
    overdue: bool
    status: str
    shorter: tuple[Option, ...] = ()


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
        old_after_days: int = OLD_AFTER_DAYS,
    ) -> None:
        self._catalogue = catalogue
        self._statuses = statuses
        self._nouns = nouns
        self._old_after_days = old_after_days

    def choose(self, ticket: TicketRecord, *, today: date, verified: bool) -> Chosen:
        """The SMS that tells `ticket` to a phone that is `verified` for it, or is not."""
        return self._choose(ticket, today, _SMS, verified=verified)

    def choose_voice(self, ticket: TicketRecord, *, today: date, verified: bool) -> Chosen:
        """The spoken text; dates, counts and bodies among its values have yet to be put in words.

        `status` and `outcome` are mappings of language to word.
        """
        return self._choose(ticket, today, _VOICE, verified=verified)

    def words(
        self,
        ticket: TicketRecord,
        language: str,
        *,
        today: date,
        verified: bool,
        as_read: str | None = None,
        tail_signs: int = TAIL_SIGNS,
    ) -> Said:
        """The reply by SMS, one part long.

        `as_read` is the whole number where letters were read as digits: it is shown as it was
        read if it fits, else its last 6 signs. Two numbers with one tail ask for `tail_signs` 6.
        """
        chosen = self._choose(ticket, today, _SMS, verified=verified)
        shown: tuple[str, ...] = (tail(ticket.number, tail_signs),)
        if as_read is not None:
            shown = (as_read, tail(as_read, LONG_TAIL_SIGNS))
        said = self._said(chosen.text_id, language, chosen.values, shown)
        for option in chosen.shorter:
            if fits_one_part(said.text):
                break
            if option.needs <= chosen.values.keys():
                said = self._said(option.text_id, language, chosen.values, shown)
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

    def _choose(self, ticket: TicketRecord, today: date, channel: int, *, verified: bool) -> Chosen:
        statuses = self._statuses
        kind = statuses.kinds.get(ticket.kind)
        if kind is None:
            return _without_values(statuses.unknown[channel], UNKNOWN)
        if not verified and kind.unverified is not None:
            return _without_values(kind.unverified[channel], RESTRICTED)
        derived = derive(ticket, kind, today, verified=verified)
        if derived is None:
            return _without_values(statuses.unknown[channel], UNKNOWN)
        row, special, values = derived
        if not verified and row.tells_sum and kind.unverified_sum is not None:
            return _without_values(kind.unverified_sum[channel], RESTRICTED)
        options = (row.special[special] if special else row.texts)[channel]
        if row.archived and self._is_old(values.get("d"), today):
            options = statuses.old[channel] + options
        known = values.keys()
        for after, option in enumerate(options, start=1):  # noqa: B007 - both are used below
            if option.needs <= known:
                break
        return Chosen(option.text_id, values, row.final, row.past_due, row.code, options[after:])

    def _is_old(self, closed_on: Value | None, today: date) -> bool:
        return isinstance(closed_on, date) and (today - closed_on).days > self._old_after_days

    def _said(
        self, text_id: str, language: str, values: Mapping[str, Value], shown: tuple[str, ...]
    ) -> Said:
        """The text with the first of `shown` that fits one part, else with the last."""
        filled = {**values, "n": ""}
        for number in shown:
            filled["n"] = number
            text = self._catalogue.text(text_id, language, filled)
            if fits_one_part(text):
                break
        return Said(text_id, text)


def _without_values(options: tuple[Option, ...], status: str) -> Chosen:
    return Chosen(options[0].text_id, {}, final=False, overdue=False, status=status)
