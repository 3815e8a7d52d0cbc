"""Speech from one sampling rate to a lower one. Pure.

Telephones take 8000 samples a second. Dropping samples would fold what lies above 4 kHz into the
voice as noise, so each output sample is a windowed-sinc average of its neighbourhood: one filter
of few taps for each of the offsets that an output sample can have between two input samples.
"""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from operator import mul

HALF_TAPS = 32  # input samples to each side that an output sample is made of
PASS_SHARE = 0.9  # of half the output rate: what is kept; the rest is the filter's slope


def resample(samples: array[int], rate_in: int, rate_out: int) -> array[int]:
    """16-bit mono `samples` at `rate_out`, which is `rate_in` or less; both in Hz."""
    if rate_in == rate_out:
        return samples
    if not 0 < rate_out < rate_in:
        raise ValueError(f"cannot go from {rate_in} to {rate_out} Hz: only to a lower rate")
    common = math.gcd(rate_in, rate_out)
    up, down = rate_out // common, rate_in // common
    filters = _filters(up, down)
    padded = [0] * HALF_TAPS + samples.tolist() + [0] * (HALF_TAPS + 1)
    made = array("h")
    for index in range(len(samples) * up // down):
        at, offset = divmod(index * down, up)
        # Around input place `at`: the padding has shifted it by HALF_TAPS.
        value = sum(map(mul, filters[offset], padded[at + 1 : at + 2 * HALF_TAPS + 1]))
        made.append(max(-32_768, min(32_767, round(value))))
    return made


@lru_cache(maxsize=4)
def _filters(up: int, down: int) -> tuple[tuple[float, ...], ...]:
    """For each offset k/up of an output sample its taps, which add up to one."""
    cutoff = PASS_SHARE * up / down  # in halves of the input rate
    filters = []
    for offset in range(up):
        taps = [_tap(place - offset / up, cutoff) for place in range(1 - HALF_TAPS, HALF_TAPS + 1)]
        total = sum(taps)
        filters.append(tuple(tap / total for tap in taps))
    return tuple(filters)


def _tap(distance: float, cutoff: float) -> float:
    """A sinc within a Blackman window; `distance` in input samples."""
    x = math.pi * cutoff * distance
    sinc = math.sin(x) / x if x else 1.0
    turn = math.pi * distance / HALF_TAPS
    return sinc * (0.42 + 0.5 * math.cos(turn) + 0.08 * math.cos(2 * turn))
