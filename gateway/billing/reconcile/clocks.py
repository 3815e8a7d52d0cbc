"""What the moments of a file say of its clock, its zone and its ends. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low
from typing import Final

from gateway.billing.reconcile.records import SECOND_US

SAMPLES_MIN: Final = 20  # fewer say nothing of a clock
ZONE_STEP_S: Final = 900  # zones differ by quarters of an hour
MINUTE_US: Final = 60 * SECOND_US
END_US: Final = 30 * MINUTE_US  # a quiet night is no cut file, half an hour of the day may be


def skew_us(delays_us: Sequence[int], window_us: int) -> int:
    """Their clock less ours in whole seconds, by the middle one of some delays; 0 where too few
    say so."""
    near = [each for each in delays_us if abs(each) <= window_us]
    if len(near) < SAMPLES_MIN or len(near) * 2 < len(delays_us):
        return 0
    return median_low(near) // SECOND_US * SECOND_US


def zone_error_s(delays_us: Sequence[int], window_us: int) -> int:
    """How far the zone of the map is off: most delays are about one quarter of an hour, and it is
    not 0. 0: nothing says so."""
    if len(delays_us) < SAMPLES_MIN:
        return 0
    step_us = ZONE_STEP_S * SECOND_US
    off_us = (median_low(delays_us) + step_us // 2) // step_us * step_us
    about = sum(abs(each - off_us) <= window_us for each in delays_us)
    return off_us // SECOND_US if about * 2 > len(delays_us) else 0


def their_month_us(
    told_us: tuple[int, int], month_us: tuple[int, int], covered_us: tuple[int, int]
) -> tuple[int, int]:
    """When the operator's month begins and ends.

    As the map's month zone tells; where that is ours too, and yet the file begins after our month
    and ends after it (or both before), then where the file does: its months are cut elsewhere.
    """
    if told_us != month_us:
        return told_us
    late = covered_us[0] - month_us[0] >= END_US and covered_us[1] - month_us[1] >= END_US
    early = month_us[0] - covered_us[0] >= END_US and month_us[1] - covered_us[1] >= END_US
    return (covered_us[0], covered_us[1] + 1) if late or early else told_us
