from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway import owed
from tests.support.call_gateway import call_gateway, question

SECOND = 1_000_000


async def test_what_a_sweep_has_answered_is_told_and_promises_are_no_answers(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.register.away = True
        await gateway.calls.text(question())
        gateway.now_us += 60 * SECOND
        assert await gateway.owed.sweep() == 1
        assert gateway.owed.answered == 0
        gateway.register.away = False
        assert await gateway.owed.sweep() == 0
        assert gateway.owed.answered == 1
        assert await gateway.owed.sweep() == 0
        assert gateway.owed.answered == 0


@pytest.mark.parametrize(
    ("answered", "waited"),
    [
        ((0, 0, 0, 0, 0, 0), [1, 2, 4, 8, 10, 10]),
        ((1, 1, 1, 1, 1, 1), [1, 1, 1, 1, 1, 1]),  # a slow source gives some of it at a time
        ((0, 0, 0, 3, 0, 0), [1, 2, 4, 1, 2, 4]),
    ],
)
async def test_it_is_swept_soon_again_while_sources_answer_some_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answered: tuple[int, ...],
    waited: list[float],
) -> None:
    pauses: list[float] = []
    over = asyncio.Event()
    async with call_gateway(tmp_path) as gateway:
        running = gateway.owed

        async def sweep() -> int:
            running.answered = answered[len(pauses)]
            return 1

        def timeout(pause_s: float) -> asyncio.Timeout:
            pauses.append(pause_s)
            if len(pauses) == len(waited):
                over.set()
                return asyncio.timeout(None)
            return asyncio.timeout(0)  # it has passed

        monkeypatch.setattr(running, "sweep", sweep)
        monkeypatch.setattr(owed, "asyncio", SimpleNamespace(timeout=timeout))
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            run = group.create_task(running.run())
            await over.wait()
            run.cancel()
    assert pauses == waited
