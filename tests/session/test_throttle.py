"""Rows P4 and B10 over time: how a link slows down, recovers and waits, and what that costs.

Time is in hand here: a second passes as soon as nothing else is under way.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from smpp.backoff import BackoffLimits
from smpp.links import SessionLimits
from smpp.messages import BindState, SubmitEnd
from smpp.pacing import RECOVERY_SHARE_PER_S, THROTTLE_PAUSE_S
from smpp.status import BindAction
from tests.support.line import Line, Recorder, line, quick
from tests.support.peer import Pdu, Wire
from tests.support.virtual_time import VirtualLoop, passed, run

RTHROTTLED = 0x58
STILL = quick(enquire_link_timer_s=86_400.0, response_timer_s=3_600.0)  # no timer but the rate's
SLOW = SessionLimits(backoff=BackoffLimits())  # the waits of a real link


class Far:
    """The SMSC's end of all binds: refuses as told, and writes down when what came."""

    def __init__(self, both: Line) -> None:
        self.both = both
        self.status = 0
        self.came: list[float] = []
        self.by: Counter[int] = Counter()

    async def answer(self, number: int, wire: Wire) -> None:
        while True:
            sent, _ = await wire.expect_submit()
            self.came.append(asyncio.get_running_loop().time())
            self.by[number] += 1
            wire.answer_submit(sent, status=self.status)


def turns_counted(loop: VirtualLoop) -> Counter[str]:
    """Counts the turns of the loop from here on."""
    counted: Counter[str] = Counter()
    once: Callable[[], None] = loop._run_once  # type: ignore[attr-defined]  # of asyncio's base

    def counting() -> None:
        counted["turns"] += 1
        once()

    loop._run_once = counting  # type: ignore[attr-defined]  # as above
    return counted


def played(
    scene: Callable[[VirtualLoop, Line], Awaitable[None]], *, binds: int = 1, **settings: Any
) -> None:
    """Run a scene on a link whose binds are all bound."""

    async def main(loop: VirtualLoop) -> None:
        async with line(STILL, accept=False, binds=binds, **settings) as both:
            for _ in range(binds):
                both.wires.append(await both.smsc.accept_bound())
            await both.owner.reached(BindState.BOUND, binds)
            await scene(loop, both)

    run(main)


async def burst(both: Line, first: int, count: int) -> list[tuple[Wire, Pdu]]:
    """Submit to so many citizens, and read them at the far ends: evenly, as tests of B19 show."""
    for reply_id in range(first, first + count):
        both.submit(reply_id, destination=f"770100{reply_id:05}")
    share = count // len(both.wires)
    return [(wire, (await wire.expect_submit())[0]) for wire in both.wires for _ in range(share)]


def test_row_p4_a_throttle_of_one_bind_stops_all_of_them() -> None:
    async def scene(loop: VirtualLoop, both: Line) -> None:
        sent = await burst(both, 1, 2)
        sent[0][0].answer_submit(sent[0][1], status=RTHROTTLED)
        await both.owner.ended()
        throttled_s = loop.time()
        assert both.link.room == 0
        both.submit(3, b"3", destination="77010000003")
        _, fields = await both.wires[0].expect_submit()
        assert fields.text == b"3"
        assert loop.time() - throttled_s == pytest.approx(THROTTLE_PAUSE_S, abs=0.01)

    played(scene, binds=2, tps_max=100)


def test_row_p4_a_burst_over_all_binds_counts_once_and_is_told_once() -> None:
    async def scene(loop: VirtualLoop, both: Line) -> None:
        await passed(1.0)
        sent = await burst(both, 1, 8)
        with capture_logs() as lines:
            for wire, each in sent:
                wire.answer_submit(each, status=RTHROTTLED)
            await both.owner.ended(8)
        assert both.link.stats.throttled == 8
        assert both.link.tps == 4  # 8 in this second were in use: halved, and once
        assert [line["event"] for line in lines] == ["link_throttled"]

    played(scene, binds=2, tps_max=40)


def test_row_p4_the_rate_comes_back_and_both_changes_are_told_once() -> None:
    async def scene(loop: VirtualLoop, both: Line) -> None:
        far = Far(both)
        async with asyncio.TaskGroup() as group:
            reading = [
                group.create_task(far.answer(number, wire))
                for number, wire in enumerate(both.wires)
            ]
            with capture_logs() as lines:
                await flowing(both, 2.0)
                assert both.link.tps == 100
                far.status = RTHROTTLED
                await flowing(both, 4.5)
                low = both.link.tps
                assert low <= 25
                far.status = 0
                began_s, seen = loop.time(), len(far.came)
                await flowing(both, 10.0)
                grown = both.link.tps
                gained = 100 * RECOVERY_SHARE_PER_S * 10.0
                assert low + 0.8 * gained <= grown <= low + gained + 1e-6
                in_ten_s = [at_s for at_s in far.came[seen:] if at_s < began_s + 10.0]
                assert len(in_ten_s) <= 10.0 * grown + 10
                await flowing(both, 100.0)
                assert both.link.tps == 100
            for each in reading:
                each.cancel()
        assert [(line["event"], line["log_level"]) for line in lines] == [
            ("link_throttled", "warning"),
            ("link_recovered", "info"),
        ]
        assert both.link.stats.throttled > 3
        assert abs(far.by[0] - far.by[1]) <= 0.1 * sum(far.by.values())

    class Flow(Recorder):
        """Sends all that there is room for."""

        def __init__(self) -> None:
            super().__init__()
            self.both: Line | None = None
            self.count = 0

        def on_room(self, link: str) -> None:
            super().on_room(link)
            while self.both is not None and self.both.link.room > 0:
                self.count += 1
                self.both.submit(self.count, destination=f"770{self.count % 10**8:08}")

    async def flowing(both: Line, seconds: float) -> None:
        flow.both = both
        flow.on_room("test")
        await passed(seconds)

    async def main(loop: VirtualLoop) -> None:
        nonlocal flow
        flow = Flow()
        async with line(STILL, accept=False, owner=flow, binds=2, tps_max=100) as both:
            for _ in range(2):
                both.wires.append(await both.smsc.accept_bound())
            await flow.reached(BindState.BOUND, 2)
            await scene(loop, both)
            flow.both = None

    flow: Flow
    run(main)


def test_row_p4_a_throttled_link_sleeps_until_its_time() -> None:
    async def scene(loop: VirtualLoop, both: Line) -> None:
        sent = await burst(both, 1, 4)
        for wire, each in sent:
            wire.answer_submit(each, status=RTHROTTLED)
        await both.owner.ended(4)
        both.submit(5, destination="77010000005")  # waits for the end of the pause
        await asyncio.sleep(0)
        turns = turns_counted(loop)
        await passed(0.9 * THROTTLE_PAUSE_S)
        assert turns["turns"] <= 6
        await both.wires[0].expect_submit()

    played(scene, binds=2, tps_max=100)


def test_row_p5_a_full_window_sleeps_until_a_response() -> None:
    async def scene(loop: VirtualLoop, both: Line) -> None:
        sent = await burst(both, 1, 4)
        both.submit(5, destination="77010000005")
        both.submit(6, destination="77010000001")  # for one session alone
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        turns = turns_counted(loop)
        await passed(600.0)
        assert turns["turns"] <= 6
        sent[0][0].answer_submit(sent[0][1])
        await sent[0][0].expect_submit()

    played(scene, binds=2, window=2, tps_max=0)


def test_a_link_that_nobody_answers_costs_next_to_nothing_and_fills_no_log() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with line(accept=False, limits=SLOW, port=1) as both:
            turns = turns_counted(loop)
            with capture_logs() as lines:
                await passed(3_600.0)
            tries = both.owner.states.count(BindState.WAITING)  # the owner hears of each
            assert 50 <= tries < 128
            assert both.owner.states.count(BindState.CONNECTING) == tries
            assert both.link.stats.unconnected == tries
            assert turns["turns"] <= 10 * tries
            told = [(line["event"], line["times"]) for line in lines]
            assert told == [
                (event, times)
                for times in (1, 2, 4, 8, 16, 32, 64)
                if times <= tries
                for event in ("link_connecting", "link_waiting")
            ]
            both.submit(1)
            assert (await both.owner.ended())[0].end is SubmitEnd.UNSENT

    run(main)


def test_another_reason_is_told_at_once_and_a_bind_makes_all_of_it_news() -> None:
    delays = {BindAction.BACKOFF: (1.0,), BindAction.BUSY_BACKOFF: (1.0,)}
    often = SessionLimits(backoff=BackoffLimits(delays_s=delays))

    async def main(loop: VirtualLoop) -> None:
        async with line(STILL, accept=False, limits=often) as both:
            with capture_logs() as lines:
                for _ in range(3):
                    wire = await both.smsc.accept()
                    await wire.read()
                    wire.close()
                await (await both.smsc.accept()).accept_bind(status=0x05)
                wire = await both.smsc.accept_bound()
                await both.owner.reached(BindState.BOUND)
                wire.close()
                await both.owner.reached(BindState.CONNECTING, 6)
            told = [
                (line["event"].removeprefix("link_"), line["times"], line["detail"].split(";")[0])
                for line in lines
                if line["event"] != "link_connecting"
            ]
            closed = "the peer closed the connection"
            assert told == [
                ("waiting", 1, closed),
                ("waiting", 2, closed),
                ("waiting", 1, "bind refused: ESME_RALYBND"),
                ("bound", 1, "bound"),
                ("closing", 1, closed),
                ("waiting", 1, closed),
            ]
            connecting = [line["times"] for line in lines if line["event"] == "link_connecting"]
            assert connecting == [1, 2, 4, 1]

    run(main)
