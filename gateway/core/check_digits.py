"""Check digits: ours (Damm), the state's (IIN and BIN) and the banks' (Luhn). Pure.

Each check takes a string of ASCII digits of any length and says whether its last digit is right.
`CHECKS` holds those that a number rule may name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

IIN_DIGITS = 12
CARD_DIGITS = 16

# H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004): the weakly totally anti-symmetric
# quasigroup of order 10. It catches every single slip and every swap of neighbours.
_DAMM = {
    state: dict(zip("0123456789", row, strict=True))
    for state, row in {
        "0": "0317598642",
        "1": "7092154863",
        "2": "4206871359",
        "3": "1750983426",
        "4": "6123045978",
        "5": "3674209581",
        "6": "5869720134",
        "7": "8945362017",
        "8": "9438617205",
        "9": "2581436790",
    }.items()
}

_IIN_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_IIN_WEIGHTS_AGAIN = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def damm_digit(digits: str) -> str:
    """The digit to put behind `digits`."""
    state = "0"
    for digit in digits:
        state = _DAMM[state][digit]
    return state


def damm(digits: str) -> bool:
    return damm_digit(digits) == "0"


def iin(digits: str) -> bool:
    """An IIN or BIN: 12 digits, weights modulo 11 in two rounds."""
    if len(digits) != IIN_DIGITS:
        return False
    values = [int(digit) for digit in digits]
    for weights in (_IIN_WEIGHTS, _IIN_WEIGHTS_AGAIN):
        rest = sum(map(int.__mul__, values, weights)) % 11
        if rest != 10:
            return rest == values[-1]
    return False  # 10 in both rounds: such a number is never given out


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_LUHN_DOUBLED[value] for value in values[1::2])) % 10 == 0


def is_card(digits: str) -> bool:
    return len(digits) == CARD_DIGITS and luhn(digits)


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {"damm": damm, "iin": iin, "luhn": luhn}
)
