"""Bars laid out for an SVG template: whole coordinates, round ticks. Pure.

Upright bars for days, lying ones for names. Everything is in units of the drawing, whose width is
WIDTH; a bar's length is proportional to its value, and a negative one is drawn as nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 720
BARS_MAX = 62  # upright bars: two months of days
NAMES_MAX = 40  # lying bars

_HEIGHT = 240  # of an upright chart
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 8, 12, 28
_GAP_SHARE = 4  # the gap between bars is a quarter of their step
_LABEL_STEP_MIN = 22  # between labels below upright bars
_ROW = 22  # of a lying bar
_NAME_WIDTH = 250
_VALUE_WIDTH = 90
_NAME_SIGNS_MAX = 38
_TICKS = 4


class Bar(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    label: str
    value: int
    labelled: bool  # False: there is no room for its label


class Tick(NamedTuple):
    at: int  # y of an upright chart
    value: int


class Chart(NamedTuple):
    """Ready to be drawn. `label_x`: where the names of lying bars end, or the figures beside the
    axis of upright ones."""

    title: str
    width: int
    height: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    label_x: int
    lying: bool


def upright(title: str, values: Sequence[tuple[str, int]]) -> Chart:
    """A bar for each day, in their order; of more than BARS_MAX the last ones."""
    values = values[-BARS_MAX:]
    floor, room = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP
    top = _top([value for _, value in values])
    step = (WIDTH - _LEFT - _RIGHT) // max(len(values), 1)
    every = -(-_LABEL_STEP_MIN // max(step, 1))
    bars = []
    for number, (label, value) in enumerate(values):
        height = max(value, 0) * room // top
        bars.append(
            Bar(
                _LEFT + number * step,
                floor - height,
                max(step - step // _GAP_SHARE, 1),
                height,
                label,
                value,
                number % every == 0,
            )
        )
    ticks = tuple(
        Tick(floor - value * room // top, value) for value in range(0, top + 1, _step(top))
    )
    return Chart(title, WIDTH, _HEIGHT, tuple(bars), ticks, _LEFT - 10, lying=False)


def lying(title: str, values: Sequence[tuple[str, int]]) -> Chart:
    """A bar for each name, in their order; of more than NAMES_MAX the first ones."""
    values = values[:NAMES_MAX]
    room = WIDTH - _NAME_WIDTH - _VALUE_WIDTH
    top = max([value for _, value in values if value > 0], default=1)
    bars = tuple(
        Bar(
            _NAME_WIDTH,
            _TOP + number * _ROW,
            max(value, 0) * room // top,
            _ROW - _ROW // _GAP_SHARE,
            _short(label),
            value,
            True,
        )
        for number, (label, value) in enumerate(values)
    )
    height = 2 * _TOP + len(values) * _ROW
    return Chart(title, WIDTH, height, bars, (), _NAME_WIDTH - 8, lying=True)


def _step(top: int) -> int:
    """The distance of ticks: 1, 2 or 5 with noughts, so that few are needed."""
    step = 1
    while True:
        for each in (step, 2 * step, 5 * step):
            if each * _TICKS >= top:
                return each
        step *= 10


def _top(values: Sequence[int]) -> int:
    """The value at the upper end of the axis: the next tick above all bars."""
    most = max(1, *values) if values else 1
    step = _step(most)
    return -(-most // step) * step


def _short(label: str) -> str:
    return label if len(label) <= _NAME_SIGNS_MAX else f"{label[: _NAME_SIGNS_MAX - 1]}…"
