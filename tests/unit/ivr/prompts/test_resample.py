from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts.resample import resample

IN, OUT = 22_050, 8_000


def tone(hertz: int, rate: int, seconds: float = 0.2) -> array[int]:
    count = int(rate * seconds)
    return array(
        "h", (round(10_000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count))
    )


def loudness(samples: array[int]) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    return math.sqrt(sum(sample * sample for sample in middle) / len(middle))


@pytest.mark.parametrize("hertz", [100, 400, 1_000, 3_000])
def test_a_voice_stays_what_it_was(hertz: int) -> None:
    made, wanted = resample(tone(hertz, IN), IN, OUT), tone(hertz, OUT)
    assert len(made) == len(wanted)
    far = max(abs(a - b) for a, b in zip(made[100:-100], wanted[100:-100], strict=True))
    assert far < 300  # of 10,000


@pytest.mark.parametrize("hertz", [4_500, 5_000, 7_600, 10_000])
def test_what_telephones_cannot_carry_does_not_fold_into_the_voice(hertz: int) -> None:
    assert loudness(resample(tone(hertz, IN), IN, OUT)) < 20


def test_the_same_rate_changes_nothing() -> None:
    samples = tone(400, OUT)
    assert resample(samples, OUT, OUT) == samples


@pytest.mark.parametrize("rate_out", [0, -1, IN + 1])
def test_only_lower_rates_can_be_made(rate_out: int) -> None:
    with pytest.raises(ValueError, match="lower rate"):
        resample(array("h"), IN, rate_out)


@given(st.lists(st.sampled_from([-32_768, 0, 32_767]), max_size=200))
def test_any_samples_give_as_many_as_they_last(samples: list[int]) -> None:
    made = resample(array("h", samples), IN, OUT)
    assert len(made) == len(samples) * 160 // 441
