"""Numbers that are no ticket numbers: IINs and BINs, bank cards, phones. Pure.

Groups are runs of ASCII digits in the order of the text, parted by separators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.core.check_digits import CARD_DIGITS, IIN_DIGITS, iin, is_card

PHONE_DIGITS = 11  # 7 or 8 in front: a number of Kazakhstan or Russia
PLUS_PHONE_DIGITS_MIN = 10
PLUS_PHONE_DIGITS_MAX = 15  # E.164

# How people group the digits of a phone.
_PHONE_SHAPES = frozenset(
    {
        (11,),
        (1, 10),
        (4, 7),
        (1, 3, 7),
        (4, 3, 4),
        (1, 3, 3, 4),
        (4, 3, 2, 2),
        (1, 3, 3, 2, 2),
        (1, 3, 2, 2, 3),
        (1, 4, 2, 2, 2),
    }
)
_IIN_SHAPES = ((12,), (6, 6))
_CARD_SHAPES = ((16,), (4, 4, 4, 4))


def is_reserved(digits: str) -> bool:
    """Whether a number is looked up only where a keyword stands right before it."""
    return (len(digits) == PHONE_DIGITS and digits[0] in "78") or iin(digits) or is_card(digits)


def phone_groups(groups: Sequence[str], *, plus: bool) -> int:
    """How many of the first groups are a phone; 0 for none. `plus`: a "+" stands in front."""
    best = total = 0
    for count, group in enumerate(groups, start=1):
        total += len(group)
        if total > PLUS_PHONE_DIGITS_MAX:
            break
        if total == PHONE_DIGITS and groups[0][0] in "78":
            shape = tuple(map(len, groups[:count]))
            return count if plus or shape in _PHONE_SHAPES else 0
        if plus and total >= PLUS_PHONE_DIGITS_MIN:
            best = count
    return best


def holds_iin(groups: Sequence[str]) -> bool:
    """Whether the groups together, or some of them in the usual grouping, are an IIN or BIN."""
    return _holds(groups, IIN_DIGITS, _IIN_SHAPES, iin)


def holds_card(groups: Sequence[str]) -> bool:
    """As `holds_iin`, for a bank card."""
    return _holds(groups, CARD_DIGITS, _CARD_SHAPES, is_card)


def _holds(
    groups: Sequence[str],
    length: int,
    shapes: Sequence[tuple[int, ...]],
    check: Callable[[str], bool],
) -> bool:
    sizes = tuple(map(len, groups))
    if sum(sizes) == length and check("".join(groups)):
        return True
    return any(
        sizes[at : at + len(shape)] == shape and check("".join(groups[at : at + len(shape)]))
        for shape in shapes
        for at in range(len(groups))
    )
