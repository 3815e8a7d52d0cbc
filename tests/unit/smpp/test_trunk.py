"""Several sessions and one rate: nothing overtakes, nothing is lost, nobody waits in vain."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smpp.links import SessionLimits
from smpp.messages import Submit, SubmitEnd, SubmitResult
from smpp.operators import OperatorProfile
from smpp.stats import LinkStats
from smpp.trunk import LOOK_PAST_MAX, Trunk
from tests.support.virtual_time import VirtualLoop, passed, run

WINDOW = 3


class Desk:
    """The owner: what ended, and how often it heard of room."""

    def __init__(self) -> None:
        self.results: list[SubmitResult] = []
        self.rooms = 0

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        self.results.append(result)

    def on_room(self, link: str) -> None:
        self.rooms += 1

    @property
    def ended(self) -> Counter[int]:
        return Counter(result.reply_id for result in self.results)


class Seat:
    """A session as the trunk sees it: a window, and what is open in it."""

    def __init__(self, trunk: Trunk, number: int, window: int = WINDOW) -> None:
        self.number = number
        self.open: dict[int, Submit] = {}
        self.left: list[Submit] = []  # all that ever left by it
        self._trunk: Any = trunk
        self._window = window
        self._bound = True
        self._trunk.join(self)

    @property
    def room(self) -> int:
        return self._window - len(self.open) if self._bound else 0

    def submit(self, submit: Submit, now_s: float) -> None:
        assert self.room > 0
        assert submit.reply_id not in self.open
        self.open[submit.reply_id] = submit
        self.left.append(submit)

    def answer(self, reply_id: int, status: int = 0, *, late: bool = False) -> None:
        self.open.pop(reply_id, None)
        result = SubmitResult(reply_id, SubmitEnd.ANSWERED, status, late=late)
        self._trunk.submit_ended(self, result, 0.0)

    def leave(self) -> None:
        """No more submits; what is open may still be answered."""
        self._bound = False
        self._trunk.leave(self)

    def end(self) -> None:
        while self.open:
            reply_id, _ = self.open.popitem()
            self._trunk.submit_ended(self, SubmitResult(reply_id, SubmitEnd.LOST), 0.0)


def a_trunk(desk: Desk, *, tps_max: int = 0, windows: int = 1_000, **more: Any) -> Trunk:
    def crashed(error: Exception) -> None:
        raise error

    return Trunk(
        name="test",
        profile=OperatorProfile(),
        tps_max=tps_max,
        windows=windows,
        limits=SessionLimits(),
        owner=desk,  # type: ignore[arg-type]  # only what a trunk calls
        stats=LinkStats(),
        crashed=crashed,
        **more,
    )


def mt(reply_id: int, destination: str = "77010000001", session: int = 0) -> Submit:
    return Submit(reply_id, "1012", destination, 0, b"answer", session=session)


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_while_one_is_open_the_next_to_that_destination_follows_it() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1), Seat(trunk, 2)
    for reply_id in range(1, 4):
        trunk.submit(mt(reply_id))
    assert sorted((list(a.open), list(b.open))) == [[], [1, 2, 3]]


async def test_with_its_session_full_it_waits_though_another_is_free() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1, window=1), Seat(trunk, 2, window=1)
    trunk.submit(mt(1, "77010000001"))
    trunk.submit(mt(2, "77010000001"))
    await turns()
    assert (list(a.open), list(b.open)) == ([1], [])
    trunk.submit(mt(3, "77010000003"))  # another citizen passes by
    await turns()
    assert list(b.open) == [3]
    a.answer(1)
    await turns()
    assert list(a.open) == [2]


async def test_what_waits_for_a_session_that_went_away_leaves_by_another() -> None:
    desk = Desk()
    trunk = a_trunk(desk)
    a, b = Seat(trunk, 1, window=1), Seat(trunk, 2, window=1)
    trunk.submit(mt(1))
    trunk.submit(mt(2))
    a.leave()
    await turns()
    assert list(b.open) == []  # the first may still reach the citizen
    a.end()
    await turns()
    assert list(b.open) == [2]
    assert desk.results == [SubmitResult(1, SubmitEnd.LOST)]


async def test_a_late_answer_frees_no_destination() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1, window=1), Seat(trunk, 2, window=1)
    trunk.submit(mt(1))
    a.open.clear()
    trunk.submit_ended(a, SubmitResult(1, SubmitEnd.EXPIRED), 0.0)  # type: ignore[arg-type]  # seat
    trunk.submit(mt(1))  # once more, by the one that was not used last
    assert list(b.open) == [1]
    a.answer(1, late=True)
    trunk.submit(mt(2))
    await turns()
    assert list(a.open) == []


async def test_those_behind_one_that_waits_go_first_up_to_a_bound() -> None:
    desk = Desk()
    trunk = a_trunk(desk)
    a, b = Seat(trunk, 1, window=1), Seat(trunk, 2, window=500)
    trunk.submit(mt(1, "77010000001", session=1))
    for number in range(LOOK_PAST_MAX - 1):
        trunk.submit(mt(100 + number, "77010000001"))
    await turns()
    assert trunk.room > 0
    trunk.submit(mt(2, "77010000002"))
    await turns()
    assert list(b.open) == [2]
    trunk.submit(mt(3, "77010000001"))
    await turns()
    assert trunk.room == 0  # as many wait as are looked past: no more is taken
    trunk.submit(mt(4, "77010000004"))
    await turns()
    assert list(b.open) == [2]
    a.answer(1)
    await turns()
    assert list(b.open) == [2, *range(100, 100 + LOOK_PAST_MAX - 1), 3, 4]  # the way is free
    assert desk.results == [SubmitResult(1, SubmitEnd.ANSWERED)]


async def test_those_who_wait_for_one_session_take_no_room_of_the_others() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1, window=1), Seat(trunk, 2, window=2)
    trunk.submit(mt(1, "77010000001", session=1))
    for reply_id in (2, 3, 4):
        trunk.submit(mt(reply_id, "77010000001"))
    assert trunk.room == 0  # not known yet what these wait for
    await turns()
    assert (len(a.open), len(b.open)) == (1, 0)
    assert trunk.room == 2


async def test_what_waits_for_any_slot_has_the_next_one() -> None:
    trunk = a_trunk(Desk())
    seat = Seat(trunk, 1, window=2)
    for reply_id in range(1, 8):
        trunk.submit(mt(reply_id, f"7701000000{reply_id}"))
    seat.answer(1)
    seat.answer(2)
    await turns()
    assert list(seat.open) == [3, 4]
    seat.answer(3)
    assert trunk.room == 0  # the slot is not for a newcomer
    await turns()
    assert list(seat.open) == [4, 5]


async def test_the_session_that_a_question_came_by_goes_first_while_it_has_a_slot() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1), Seat(trunk, 2)
    for reply_id in range(1, 5):
        trunk.submit(mt(reply_id, f"7701000000{reply_id}", session=2))
    assert (list(a.open), list(b.open)) == ([4], [1, 2, 3])


async def test_a_session_that_is_gone_or_unknown_is_no_preference() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1), Seat(trunk, 2)
    b.leave()
    trunk.submit(mt(1, session=2))
    trunk.submit(mt(2, session=99))
    assert list(a.open) == [1, 2]


async def test_what_answers_for_a_session_may_be_another() -> None:
    trunk = a_trunk(Desk(), answers_for={11: 1, 12: 2}.__getitem__)
    a, b = Seat(trunk, 1), Seat(trunk, 2)
    trunk.submit(mt(1, "77010000001", session=12))
    trunk.submit(mt(2, "77010000002", session=12))
    assert (list(a.open), list(b.open)) == ([], [1, 2])


async def test_sessions_with_equally_many_free_slots_take_turns() -> None:
    trunk = a_trunk(Desk())
    seats = [Seat(trunk, number) for number in (1, 2, 3)]
    for reply_id in range(300):
        trunk.submit(mt(reply_id, f"770100{reply_id:05}"))
        for seat in seats:  # answered before the next
            for each in list(seat.open):
                seat.answer(each)
    assert [len(seat.left) for seat in seats] == [100, 100, 100]


async def test_the_one_with_the_most_free_slots_is_used() -> None:
    trunk = a_trunk(Desk())
    a, b = Seat(trunk, 1, window=5), Seat(trunk, 2, window=3)
    for reply_id in range(6):
        trunk.submit(mt(reply_id, f"7701000000{reply_id}"))
    assert (len(a.open), len(b.open)) == (4, 2)


async def test_alone_a_session_is_followed_by_nothing_that_keeps_order() -> None:
    trunk = a_trunk(Desk(), alone=True)
    seat = Seat(trunk, 1)
    for reply_id in range(5):
        trunk.submit(mt(reply_id, session=7))
    assert trunk._routes is None
    assert list(seat.open) == [0, 1, 2]
    seat.answer(0)
    await turns()
    assert list(seat.open) == [1, 2, 3]


def test_what_waits_for_a_slot_or_a_session_costs_no_time() -> None:
    async def main(loop: VirtualLoop) -> None:
        trunk = a_trunk(Desk())
        seats = Seat(trunk, 1, window=1), Seat(trunk, 2, window=1)
        trunk.submit(mt(1, session=1))
        trunk.submit(mt(2))
        await turns()
        assert [seat.room for seat in seats] == [0, 1]
        assert trunk._wake is None
        assert trunk._turn is None

    run(main)


def test_what_waits_for_the_rate_is_woken_once_a_step() -> None:
    async def main(loop: VirtualLoop) -> int:
        trunk = a_trunk(Desk(), tps_max=100)
        seat = Seat(trunk, 1, window=50)
        for reply_id in range(15):
            trunk.submit(mt(reply_id))
        woken, awake = Counter[str](), trunk._awake

        def counted() -> None:
            woken["times"] += 1
            awake()

        trunk._awake = counted  # type: ignore[method-assign]  # counts the timers that fire
        await passed(1.0)
        assert len(seat.open) == 15
        return woken["times"]

    assert run(main) <= 2 * 10  # 5 leave at once; one wake may come a hair too early


def test_after_the_end_no_timer_is_left() -> None:
    async def main(loop: VirtualLoop) -> None:
        trunk = a_trunk(Desk(), tps_max=1)
        Seat(trunk, 1)
        trunk.submit(mt(1))
        trunk.submit(mt(2))
        await turns()
        assert trunk._wake is not None
        trunk.poke()
        trunk.close()
        await turns()
        assert trunk._wake is None

    run(main)


STEP = st.one_of(
    st.tuples(st.just("submit"), st.integers(0, 3), st.integers(0, 4)),
    st.tuples(st.just("answer"), st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.just("turn"), st.just(0), st.just(0)),
    st.tuples(st.just("leave"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("end"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("join"), st.just(0), st.just(0)),
)


class Play:
    """A trunk under any order of events, watched at each."""

    def __init__(self, tps_max: int) -> None:
        self.desk = Desk()
        self.trunk = a_trunk(self.desk, tps_max=tps_max)
        self.seats = [Seat(self.trunk, 1), Seat(self.trunk, 2)]
        self.submitted = 0

    async def step(self, what: str, which: int, more: int) -> None:
        seat = self.seats[which % len(self.seats)]
        if what == "submit":
            self.submitted += 1
            self.trunk.submit(mt(self.submitted, f"7701000000{which}", session=more))
        elif what == "answer" and seat.open:
            seat.answer(list(seat.open)[more % len(seat.open)])
        elif what == "leave":
            seat.leave()
        elif what == "end":
            seat.leave()
            seat.end()
        elif what == "join" and len(self.seats) < 5:
            self.seats.append(Seat(self.trunk, len(self.seats) + 1))
        elif what == "turn":
            await turns(1)
        self.check()

    def check(self) -> None:
        for destination in {each.destination for seat in self.seats for each in seat.left}:
            using = [
                seat.number
                for seat in self.seats
                if any(each.destination == destination for each in seat.open.values())
            ]
            assert len(using) <= 1, f"{destination} is open on sessions {using}"
        for seat in self.seats:
            for destination in {each.destination for each in seat.left}:
                order = [each.reply_id for each in seat.left if each.destination == destination]
                assert order == sorted(order), f"overtaken on session {seat.number}"

    async def finish(self) -> None:
        """Answer all until nothing is left."""
        last = Seat(self.trunk, 99)
        for _ in range(3 * self.submitted + 20):
            for seat in (*self.seats, last):
                for reply_id in list(seat.open):
                    seat.answer(reply_id)
            await passed(0.05)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=80), st.sampled_from([0, 50]))
def test_in_any_order_of_events_nothing_overtakes_and_each_ends_once(
    steps: list[tuple[str, int, int]], tps_max: int
) -> None:
    async def main(loop: VirtualLoop) -> None:
        play = Play(tps_max)
        for step in steps:
            await play.step(*step)
        await play.finish()
        assert play.desk.ended == Counter(range(1, play.submitted + 1))
        assert not play.trunk._waiting
        assert play.trunk._routes is not None
        assert len(play.trunk._routes) == 0

    run(main)
