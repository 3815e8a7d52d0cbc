"""Links with several binds: one rate, a window each, replies to one citizen in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from smpp.links import SessionLimits
from smpp.messages import BindState, SubmitEnd
from smpp.operators import BindForm
from tests.support.line import SOON, Line, Recorder, line, mt
from tests.support.peer import BIND_RECEIVER, BIND_TRANSMITTER, Pdu, Wire, deliver_sm

LINGER = SessionLimits(backoff=SOON, linger_s=30.0)


class Eager(Recorder):
    """Submits to another citizen each time, whenever there is room."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left
        self.line: Line | None = None

    def on_room(self, link: str) -> None:
        super().on_room(link)
        while self.line is not None and self.left and self.line.link.room > 0:
            self.left -= 1
            self.line.submit(self.left, destination=f"770100{self.left:05}")


@asynccontextmanager
async def several(
    binds: int, *, owner: Recorder | None = None, **settings: object
) -> AsyncIterator[Line]:
    """A link with all its transceivers bound: `wires` in the order of their sessions."""
    async with line(accept=False, owner=owner, binds=binds, **settings) as both:  # type: ignore[arg-type]  # tests name settings at will
        for _ in range(binds):
            both.wires.append(await both.smsc.accept_bound())
        await both.owner.reached(BindState.BOUND, binds)
        yield both


async def session_of(both: Line, wire: Wire) -> int:
    """The number of the session at this end, as a delivery by it says."""
    seen = len(both.owner.deliveries)
    wire.send(deliver_sm(1, b"1"))
    await both.owner.delivered(seen + 1)
    await wire.read()  # its response
    return both.owner.deliveries[-1].session


async def test_row_b19_all_binds_are_used_alike() -> None:
    owner = Eager(300)
    seen: Counter[int] = Counter()
    async with several(3, owner=owner, tps_max=0) as both, asyncio.TaskGroup() as group:

        async def answer(number: int, wire: Wire) -> None:
            while True:
                sent, _ = await wire.expect_submit()
                seen[number] += 1
                wire.answer_submit(sent, b"%d-%d" % (number, sent.sequence))

        readers = [
            group.create_task(answer(number, wire)) for number, wire in enumerate(both.wires)
        ]
        owner.line = both
        owner.on_room("test")
        await owner.ended(300)
        for reader in readers:
            reader.cancel()
    assert sum(seen.values()) == 300
    assert all(abs(count - 100) <= 20 for count in seen.values()), seen


async def test_row_b19_one_at_a_time_the_binds_take_turns() -> None:
    async with several(3, tps_max=0) as both, asyncio.TaskGroup() as group:
        seen: Counter[int] = Counter()

        async def answer(number: int, wire: Wire) -> None:
            while True:
                sent, _ = await wire.expect_submit()
                seen[number] += 1
                wire.answer_submit(sent)

        readers = [
            group.create_task(answer(number, wire)) for number, wire in enumerate(both.wires)
        ]
        for reply_id in range(1, 61):
            both.submit(reply_id, destination=f"770100{reply_id:05}")
            await both.owner.ended(reply_id)
        for reader in readers:
            reader.cancel()
    assert seen == {0: 20, 1: 20, 2: 20}


async def test_row_b19_one_rate_covers_all_binds() -> None:
    owner = Eager(60)
    arrived: list[float] = []
    async with (
        several(3, owner=owner, tps_max=200, window=50) as both,
        asyncio.TaskGroup() as group,
    ):
        clock = asyncio.get_running_loop().time

        async def answer(wire: Wire) -> None:
            while True:
                sent, _ = await wire.expect_submit()
                arrived.append(clock())
                wire.answer_submit(sent)

        readers = [group.create_task(answer(wire)) for wire in both.wires]
        owner.line = both
        began_s = clock()
        owner.on_room("test")
        await owner.ended(60)
        for reader in readers:
            reader.cancel()
    for number, at_s in enumerate(arrived, 1):  # 10 leave at once, then one each 5 ms
        assert at_s - began_s >= (number - 10) / 200 - 1e-3, f"segment {number} came too early"


async def test_row_b19_a_bind_that_answers_nothing_keeps_no_more_than_its_window() -> None:
    owner = Eager(100)
    async with several(2, owner=owner, window=5, tps_max=0) as both, asyncio.TaskGroup() as group:

        async def answer(wire: Wire) -> None:
            while True:
                sent, _ = await wire.expect_submit()
                wire.answer_submit(sent)

        reader = group.create_task(answer(both.wires[1]))
        owner.line = both
        owner.on_room("test")
        await owner.ended(95)
        for _ in range(5):
            await both.wires[0].expect_submit()
        assert both.link.room == 5
        reader.cancel()


async def test_row_b19_replies_to_one_citizen_stay_on_one_bind_and_in_order() -> None:
    """No two to one destination are ever open on two binds, so the SMSC cannot mix them up."""
    citizens, each = 4, 12
    async with several(3, window=2, tps_max=0) as both, asyncio.TaskGroup() as group:
        where: dict[bytes, dict[int, int]] = {}  # open: citizen -> reply -> bind
        order: dict[bytes, list[int]] = {}
        unanswered: list[tuple[Wire, Pdu, bytes, int]] = []
        arrived = asyncio.Event()

        async def read(number: int, wire: Wire) -> None:
            while True:
                sent, fields = await wire.expect_submit()
                reply_id = int(fields.text)
                binds = where.setdefault(fields.dest, {})
                binds[reply_id] = number
                assert len(set(binds.values())) == 1, f"{fields.dest!r} is open on two binds"
                order.setdefault(fields.dest, []).append(reply_id)
                unanswered.append((wire, sent, fields.dest, reply_id))
                arrived.set()

        readers = [group.create_task(read(number, wire)) for number, wire in enumerate(both.wires)]
        waiting = [(reply_id, reply_id % citizens) for reply_id in range(citizens * each)]
        for turn in range(citizens * each):
            while waiting and both.link.room > 0:
                reply_id, citizen = waiting.pop(0)
                both.submit(reply_id, b"%d" % reply_id, destination=f"7701000000{citizen}")
            while not unanswered:
                arrived.clear()
                await arrived.wait()
            # an SMSC that answers in no order
            wire, sent, citizen_address, reply_id = unanswered.pop(turn * 7 % len(unanswered))
            del where[citizen_address][reply_id]
            wire.answer_submit(sent)
            await both.owner.ended(turn + 1)
        for reader in readers:
            reader.cancel()
    assert len(order) == citizens
    assert all(replies == sorted(replies) and len(replies) == each for replies in order.values())


async def test_row_b19_a_citizen_who_waits_for_a_full_bind_holds_nobody_else_back() -> None:
    async with several(2, window=1, tps_max=0) as both:
        both.submit(1, b"1", destination="77010000001")
        first, _ = await both.wires[0].expect_submit()
        both.submit(2, b"2", destination="77010000001")
        both.submit(3, b"3", destination="77010000003")
        _, passing = await both.wires[1].expect_submit()
        assert passing.text == b"3"
        assert await both.wires[0].all_before_now() == []
        both.wires[0].answer_submit(first)
        assert (await both.wires[0].expect_submit())[1].text == b"2"


async def test_row_b19_what_waited_for_a_bind_that_went_away_leaves_by_another() -> None:
    async with several(2, window=1, tps_max=0, limits=LINGER) as both:
        both.submit(1, b"1")
        await both.wires[0].expect_submit()
        both.submit(2, b"2")
        assert await both.wires[1].all_before_now() == []
        both.wires[0].reset()
        assert (await both.owner.ended())[0].end is SubmitEnd.LOST
        sent, fields = await both.wires[1].expect_submit()
        assert fields.text == b"2"
        both.wires[1].answer_submit(sent)
        results = await both.owner.ended(2)
        assert [(result.reply_id, result.end) for result in results] == [
            (1, SubmitEnd.LOST),
            (2, SubmitEnd.ANSWERED),
        ]


async def test_row_b19_binds_that_come_back_are_used_again() -> None:
    async with several(2, tps_max=0) as both:
        both.wires[0].close()
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 3)
        for reply_id in range(4):
            both.submit(reply_id, destination=f"7701000000{reply_id}")
        for each in (both.wires[1], wire):
            for _ in range(2):
                await each.expect_submit()
        assert both.smsc.connections == 3


async def test_row_b20_a_reply_leaves_by_the_bind_that_its_question_came_by() -> None:
    async with several(3) as both:
        for turn, wire in enumerate((both.wires[2], both.wires[0], both.wires[2])):
            session = await session_of(both, wire)
            both.submit(turn, b"%d" % turn, destination=f"7701000000{turn}", session=session)
            assert (await wire.expect_submit())[1].text == b"%d" % turn


async def test_row_b20_of_a_pair_the_transmitter_beside_its_receiver_answers() -> None:
    async with line(accept=False, bind=BindForm.PAIR, binds=2, tps_max=0) as both:
        wires: dict[int, list[Wire]] = {BIND_TRANSMITTER: [], BIND_RECEIVER: []}
        for _ in range(4):
            wire = await both.smsc.accept()
            wires[(await wire.accept_bind()).command].append(wire)
        await both.owner.reached(BindState.BOUND, 4)
        bind_of = {event.session: event.bind for event in both.owner.events}
        answered_by: list[tuple[int, Wire]] = []
        for number, receiver in enumerate(wires[BIND_RECEIVER]):
            session = await session_of(both, receiver)
            for turn in range(4):  # all by the same one, though the other has more free slots
                reply_id = 10 * number + turn
                both.submit(reply_id, destination=f"770100000{reply_id:02}", session=session)
            for transmitter in wires[BIND_TRANSMITTER]:
                if len(await transmitter.all_before_now()) == 4:
                    answered_by.append((bind_of[session], transmitter))
        assert len(answered_by) == 2
        for turn, (receiving, transmitter) in enumerate(answered_by, 1):
            transmitter.close()
            gone = await both.owner.reached(BindState.CLOSING, turn)
            assert gone.bind == receiving - 1  # a pair is two binds in a row


@pytest.mark.parametrize("why", ["full", "gone", "unknown"])
async def test_row_b20_where_that_bind_cannot_take_it_another_does(why: str) -> None:
    async with several(2, window=1, limits=LINGER) as both:
        session = 999 if why == "unknown" else await session_of(both, both.wires[0])
        if why == "full":
            both.submit(1, destination="77010000001", session=session)
            await both.wires[0].expect_submit()
        elif why == "gone":
            both.wires[0].close()
            await both.owner.reached(BindState.CLOSING)
        both.submit(2, b"mine", destination="77010000002", session=session)
        wire = both.wires[0 if why == "unknown" else 1]
        assert (await wire.expect_submit())[1].text == b"mine"


async def test_row_b20_the_order_of_one_citizen_goes_before_the_bind_of_the_question() -> None:
    async with several(2) as both:
        sessions = [await session_of(both, wire) for wire in both.wires]
        both.submit(1, b"1", session=sessions[0])
        both.submit(2, b"2", session=sessions[1])
        found = [(await both.wires[0].expect_submit())[1].text for _ in range(2)]
        assert found == [b"1", b"2"]
        assert await both.wires[1].all_before_now() == []


async def test_row_p11_one_message_id_from_two_operators_is_told_apart_by_the_link() -> None:
    class Register(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.sent: dict[tuple[str, str], int] = {}

        def on_submit_result(self, link, result):  # type: ignore[no-untyped-def]  # as in Recorder
            self.sent[link, result.message_id] = result.reply_id
            super().on_submit_result(link, result)

    owner = Register()
    async with (
        line(owner=owner, name="north") as north,
        line(owner=owner, accept=False, name="south") as south,
    ):
        south.wires.append(await south.smsc.accept_bound())
        await owner.until(lambda: south.link.bound)
        for reply_id, both in enumerate((north, south), 1):
            both.link.submit(mt(reply_id))
            sent, _ = await both.wire.expect_submit()
            both.wire.answer_submit(sent, b"0000017")
        await owner.ended(2)
        assert owner.sent == {("north", "0000017"): 1, ("south", "0000017"): 2}
        for both in (north, south):  # and so do receipts for it
            text = b"id:0000017 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201"
            both.wire.send(deliver_sm(5, text + b" stat:DELIVRD err:000 text:", esm_class=4))
        await owner.delivered(2)
        assert {delivery.link for delivery in owner.deliveries} == {"north", "south"}
