"""Values of other systems brought into the form the ticket feed has, one field's form each. Pure.

Generous in what is only spelling (a number for a text, blanks, small letters), strict in what
would change a meaning. A reason never quotes a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from lookup.feed.fields import AMOUNT_TENGE_MAX, Refused, code
from lookup.feed.vocabulary import STATUSES
from lookup.foreign.times import Times, Unfit

LIST_MAX: Final = 1_000
TIYN_IN_TENGE: Final = 100
_EXACT_FLOAT_MAX: Final = 2**53  # a float above does not hold every whole number
_DIGITS_MAX: Final = 32
_BITS_MAX: Final = 106  # as many as numbers of 32 digits have
_BLANKS: Final = str.maketrans("", "", " \t\u00a0\u202f")
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_AMOUNT: Final = re.compile(r"[0-9]{1,18}(?:[.,][0-9]{1,2})?")
_TRUTH: Final[Mapping[str, bool]] = {
    "true": True, "1": True, "yes": True, "false": False, "0": False, "no": False,
}  # fmt: skip


class Form(StrEnum):
    """What a field of the feed holds."""

    NUMBER = "number"
    KIND = "kind"
    STATUS = "status"
    CODE = "code"
    TEXT = "text"
    LIST = "list"
    COUNT = "count"
    AMOUNT = "amount"
    FLAG = "flag"
    DAY = "day"
    MOMENT = "moment"


class Reading(NamedTuple):
    """How one field is read."""

    form: Form
    words: Mapping[str, object]  # their word, folded -> ours
    times: Times
    parted_by: str | None  # a list written as one text
    amount_parts: int  # of a tenge in which amounts are told: 1 or 100


def fold(value: object) -> str:
    """Their word as [values] knows it: trimmed, case away."""
    return _text(value).strip().casefold()


def read(value: object, reading: Reading, kind: str | None) -> object:
    """The value in the feed's form; None where it says "not known". Raises Unfit."""
    if reading.form is not Form.LIST:
        if isinstance(value, str) and not value.strip():
            return None
        if reading.words:
            ours = _ours(value, reading.words)
            if ours is not None:
                return None if ours == "" else ours
    return _READERS[reading.form](value, reading, kind)


def _ours(value: object, words: Mapping[str, object]) -> object:
    try:
        return words.get(fold(value))
    except Unfit:  # no word at all; its form says whether it can be read
        return None


def ticket_number(value: object) -> str:
    """The normal form as far as spelling goes: no blanks, capitals."""
    return _text(value).translate(_BLANKS).upper()


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_whole(value, "must be a text"))


def _plain_text(value: object) -> str:
    if isinstance(value, bool):
        raise Unfit("must be a text")
    return _text(value)


def _whole(value: object, otherwise: str) -> int:
    """A number without a fraction, whatever its type; never one that lost digits on its way."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _BITS_MAX:
            raise Unfit("is too large a number")
        return value
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= _DIGITS_MAX:
        if value == value.to_integral_value():
            return int(value)
    elif isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT_MAX:
        return int(value)
    raise Unfit(otherwise)


def _count(value: object) -> int:
    if isinstance(value, str):
        digits = value.translate(_BLANKS)
        if not _WHOLE.fullmatch(digits):
            raise Unfit("must be a whole number")
        return int(digits)
    return _whole(value, "must be a whole number")


def _amount(value: object, parts: int) -> int:
    """Whole tenge; a fraction of a tenge is rounded up, so that nobody is told too little."""
    if isinstance(value, str):
        written = value.translate(_BLANKS)
        if not _AMOUNT.fullmatch(written):
            raise Unfit("must be an amount such as 19660 or 19660.50")
        exact = Decimal(written.replace(",", "."))
    elif isinstance(value, float):
        if not abs(value) < _EXACT_FLOAT_MAX:
            raise Unfit("must be an amount")
        exact = round(Decimal(value), 2)  # a float's dust is no fraction
    elif isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _DIGITS_MAX:
            raise Unfit("must be an amount")
        exact = value
    else:
        exact = Decimal(_whole(value, "must be an amount"))
    if not 0 <= exact <= AMOUNT_TENGE_MAX * parts:
        raise Unfit("is an amount below 0 or beyond all fines")
    return int((exact / parts).to_integral_value(ROUND_CEILING))


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _TRUTH[fold(value)]
    except KeyError:
        raise Unfit("must be true or false") from None


def _word(value: object, known: Collection[str], field: str) -> str:
    word = fold(value)
    if word not in known:
        raise Unfit(f"is a word that [values.{field}] does not map")
    return word


def _code(value: object) -> str:
    try:
        return code({"": fold(value)}, "") or ""
    except Refused:
        raise Unfit("is a word that [values] does not map") from None


def _list(value: object, reading: Reading) -> list[str]:
    items: Sequence[object] = [value]
    if isinstance(value, list | tuple):
        items = value
    elif isinstance(value, str) and reading.parted_by:
        items = value.split(reading.parted_by)
    if len(items) > LIST_MAX:
        raise Unfit(f"holds more than {LIST_MAX} items")
    present = [item for item in items if item is not None]
    texts = [reading.words.get(fold(item), _plain_text(item)) for item in present]
    return [text for text in texts if isinstance(text, str) and text]


_READERS: Final[Mapping[Form, Callable[[object, Reading, str | None], object]]] = {
    Form.NUMBER: lambda value, _, __: ticket_number(value),
    Form.KIND: lambda value, _, __: _word(value, STATUSES, "kind"),
    Form.STATUS: lambda value, _, kind: _word(value, STATUSES.get(kind or "", ()), "status"),
    Form.CODE: lambda value, _, __: _code(value),
    Form.TEXT: lambda value, _, __: _plain_text(value),
    Form.LIST: lambda value, reading, _: _list(value, reading),
    Form.COUNT: lambda value, _, __: _count(value),
    Form.AMOUNT: lambda value, reading, _: _amount(value, reading.amount_parts),
    Form.FLAG: lambda value, _, __: _flag(value),
    Form.DAY: lambda value, reading, _: reading.times.day(value),
    Form.MOMENT: lambda value, reading, _: reading.times.moment(value),
}
