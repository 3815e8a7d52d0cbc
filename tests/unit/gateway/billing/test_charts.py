from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.charts import BARS_MAX, NAMES_MAX, WIDTH, Chart, lying, upright

VALUES = st.lists(st.tuples(st.text(max_size=60), st.integers(-(10**9), 10**12)), max_size=80)


def inside(chart: Chart) -> bool:
    return all(
        bar.x >= 0
        and bar.y >= 0
        and bar.width >= 0
        and bar.height >= 0
        and bar.x + bar.width <= WIDTH
        and bar.y + bar.height <= chart.height
        for bar in chart.bars
    )


@given(VALUES)
def test_bars_stand_in_their_drawing_and_rise_with_their_values(
    values: list[tuple[str, int]],
) -> None:
    chart = upright("t", values)
    assert inside(chart)
    assert [bar.value for bar in chart.bars] == [value for _, value in values[-BARS_MAX:]]
    heights = sorted((bar.value, bar.height) for bar in chart.bars)
    assert [height for _, height in heights] == sorted(height for _, height in heights)
    assert all(bar.x < after.x for bar, after in zip(chart.bars, chart.bars[1:], strict=False))


@given(VALUES)
def test_lying_bars_keep_their_order_and_leave_room_for_names(
    values: list[tuple[str, int]],
) -> None:
    chart = lying("t", values)
    assert inside(chart)
    assert [bar.value for bar in chart.bars] == [value for _, value in values[:NAMES_MAX]]
    assert all(bar.x > chart.label_x for bar in chart.bars)
    assert all(len(bar.label) <= 38 for bar in chart.bars)


@given(st.integers(0, 10**12))
def test_ticks_are_few_and_round_and_reach_above_the_highest_bar(most: int) -> None:
    ticks = upright("t", [("1", most)]).ticks
    values = [tick.value for tick in ticks]
    assert 2 <= len(ticks) <= 6
    assert values[0] == 0
    assert values[-1] >= most
    assert str(values[1]).rstrip("0") in {"1", "2", "5"}


def test_a_month_of_days_has_a_label_at_every_other_bar() -> None:
    chart = upright("t", [(str(day), 100) for day in range(1, 31)])
    assert [bar.label for bar in chart.bars if bar.labelled][:3] == ["1", "3", "5"]
    assert {bar.height for bar in chart.bars} == {chart.bars[0].height}


def test_nothing_to_show_is_a_drawing_without_bars() -> None:
    assert upright("t", []).bars == lying("t", []).bars == ()
    assert [bar.height for bar in upright("t", [("1", 0), ("2", 0)]).bars] == [0, 0]
