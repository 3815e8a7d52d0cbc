"""52 thousand people paid their fine, and the bailiff came all the same: that case, smaller."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.fine_feeds import CONTRADICTIONS, OTHERS, PASSING, SEED, Register
from tests.support.fines import Figures, Replay

FINES, PAID_AND_ENFORCED = 2_000, 520


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
async def test_every_paid_fine_that_is_enforced_is_found_and_none_is_invented(
    tmp_path: Path, seed: int
) -> None:
    register = Register(FINES, PAID_AND_ENFORCED, seed)
    figures = await Replay(tmp_path, register, time.perf_counter).run()
    left = PAID_AND_ENFORCED - PAID_AND_ENFORCED // 10
    assert figures == Figures(
        fines=FINES,
        contradictions=PAID_AND_ENFORCED,
        found_at_import=PAID_AND_ENFORCED,
        found_at_asking=PAID_AND_ENFORCED,
        noted_at_asking=PAID_AND_ENFORCED,
        told_as_such=PAID_AND_ENFORCED,
        corrected=PAID_AND_ENFORCED // 10,
        open_after_import=left,
        open_after_asking=left,
        missed=0,
        invented=0,
        import_s=figures.import_s,
        asking_s=figures.asking_s,
    )


def test_the_feeds_hold_every_case_and_are_the_same_each_time(tmp_path: Path) -> None:
    register = Register(FINES, PAID_AND_ENFORCED)
    assert set(register.cases) == {*CONTRADICTIONS, *OTHERS}
    assert set(OTHERS) > PASSING
    first = [path.read_bytes() for path in register.write(tmp_path)]
    again = Register(FINES, PAID_AND_ENFORCED).write(tmp_path)
    assert [path.read_bytes() for path in again] == first
