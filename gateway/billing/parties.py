"""Who signs an act: the legal names of both sides, from config/parties.toml. Pure.

Rows are dated: an act that is made again says what it said, whoever signs by then. The row of a
month is the one that holds on its last day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from gateway.billing.months import Month
from gateway.core.check_digits import iin
from gateway.core.languages import LANGUAGES
from gateway.core.tariff_row import FIRST_DAY, Row, TariffError

OWNER = "owner"  # of the service; every other name is an operator's
TEXT_MAX = 300  # characters

_BIN = re.compile("[0-9]{12}")
_BIN_KINDS = "456"  # its fifth digit: resident, non-resident, joint enterprise

Text = Mapping[str, str]
"""What it is in each language, by its code."""


class Party(NamedTuple):
    """One side of an act. What is None is filled in by hand."""

    name: Text
    bin: str | None
    position: Text | None  # of who signs
    signatory: Text | None
    contract: str | None  # its number; of operators
    contract_date: date | None


class Sides(NamedTuple):
    """Whose act it is; None: nothing is known but what the ledger calls them."""

    owner: Party | None = None
    operator: Party | None = None


class _Dated(NamedTuple):
    """A row of the table."""

    of: frozenset[str]
    valid_from: date
    valid_to: date
    party: Party


class Parties(NamedTuple):
    """All that are known."""

    rows: tuple[_Dated, ...] = ()

    @classmethod
    def from_table(cls, table: Mapping[str, object]) -> Parties:
        """What tomllib made of the file. Raises TariffError."""
        whole = Row("parties", table)
        rows = [_read(f"party {n}", each) for n, each in enumerate(whole.rows("party"), start=1)]
        whole.done()
        _check_apart(rows)
        return cls(tuple(rows))

    def sides(self, operator: str, month: Month) -> Sides:
        """Who signs the act of that operator's month."""
        return Sides(self._of(OWNER, month), self._of(operator, month))

    def _of(self, name: str, month: Month) -> Party | None:
        on = month.last
        for row in self.rows:
            if name in row.of and row.valid_from <= on <= row.valid_to:
                return row.party
        return None


def gaps(sides: Sides, operator: str) -> list[str]:
    """What an act leaves lines for, a sentence each."""
    return [*_gaps(sides.owner, OWNER), *_gaps(sides.operator, operator)]


def _gaps(party: Party | None, name: str) -> Iterator[str]:
    if party is None:
        yield f"party '{name}': no row holds then; name, BIN and who signs are left to fill in"
        return
    wanted = ("bin", "position", "signatory", *(() if name == OWNER else ("contract",)))
    missing = [key for key in wanted if getattr(party, key) is None]
    if missing:
        yield f"party '{name}': {', '.join(missing)} left to fill in"


def _read(where: str, table: object) -> _Dated:
    row = Row(where, table)
    of = row.words("of")
    if not of:
        raise TariffError(
            f'{where}: of is missing; give a list: ["{OWNER}"], or operators as in the ledger'
        )
    row.where = f"{where} ({', '.join(sorted(of))})"
    if OWNER in of and len(of) > 1:
        raise TariffError(f"{row.where}: the owner is nobody's operator; give a row of its own")
    valid_from, valid_to = row.days()
    name = _text(row, "name")
    if name is None:
        raise TariffError(f"{row.where}: name is missing; give it in {', '.join(LANGUAGES)}")
    number = _bin(row)
    position, signatory = _text(row, "position"), _text(row, "signatory")
    contract = contract_date = None
    if OWNER not in of:
        contract = _short(row, "contract", row.word("contract", "")) or None
        day = row.day("contract_date", FIRST_DAY)
        contract_date = None if day == FIRST_DAY else day
        if contract_date and not contract:
            raise TariffError(f"{row.where}: contract_date without contract; give its number too")
    row.done()
    party = Party(name, number, position, signatory, contract, contract_date)
    return _Dated(of, valid_from, valid_to, party)


def _text(row: Row, key: str) -> Text | None:
    if not row.has(key):
        return None
    inner = Row(f"{row.where}: {key}", row.take(key))
    text = {language: _short(inner, language, inner.word(language)) for language in LANGUAGES}
    inner.done()
    return text


def _short(row: Row, key: str, text: str) -> str:
    if len(text) > TEXT_MAX or not all(sign.isprintable() for sign in text):
        raise row.fail(key, text[:40], f"one line of at most {TEXT_MAX} characters")
    return text.strip()


def _bin(row: Row) -> str | None:
    number = row.take("bin")
    if number is None:
        return None
    if not isinstance(number, str) or not _BIN.fullmatch(number):
        raise row.fail("bin", number, "12 digits in quotes")
    if number[4] not in _BIN_KINDS:
        raise TariffError(f"{row.where}: bin is no BIN, whose fifth digit is 4, 5 or 6; an IIN?")
    if not iin(number):
        raise row.fail("bin", number, "a BIN whose last digit agrees with the others; a slip?")
    return number


def _check_apart(rows: Sequence[_Dated]) -> None:
    """Two rows of one party may follow each other, not overlap."""
    for index, row in enumerate(rows):
        for other in rows[:index]:
            both = row.of & other.of
            if both and row.valid_from <= other.valid_to and other.valid_from <= row.valid_to:
                raise TariffError(f"party {min(both)}: two rows of it are valid on one day")
