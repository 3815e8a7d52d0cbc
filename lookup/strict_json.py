"""JSON as the standard has it: neither NaN nor a number beyond a float. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isinf

Pairs = list[tuple[str, object]]


def strict_decoder(pairs: Callable[[Pairs], object] | None = None) -> json.JSONDecoder:
    """A decoder that raises ValueError for what JSON has not; `pairs` makes objects."""
    return json.JSONDecoder(
        object_pairs_hook=pairs, parse_constant=_no_constant, parse_float=_finite
    )


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def _finite(digits: str) -> float:
    """A number too large for a float would come back as infinity, which JSON cannot write."""
    value = float(digits)
    if isinf(value):
        raise ValueError("the number is too large")
    return value
