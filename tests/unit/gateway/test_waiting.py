"""What is owed to a peer that is away: counted, told once, given up in time, called for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.core.delivery import Policy, Verdict
from gateway.core.records import RECEIPT_ORDINAL, Outcome, Reply, ReplyState, Waiting
from gateway.lines import Line
from gateway.outbox import HELD_MAX, Outbox
from gateway.readback import PAGE
from gateway.store.journal import StoreUnavailableError
from gateway.waiting import LATE_EVERY_LOOKS, Owing
from gateway.waiting import Waiting as Watch
from smpp.messages import Submit, SubmitEnd, SubmitResult
from smpp.status import Action

ALTEL, BEELINE = "altel", "beeline"
NOW_US = 1_000_000_000
QUEUE_MAX = 3


def reply(id_: int, *, expires_us: int = 2 * NOW_US, ordinal: int = 0) -> Reply:
    return Reply(
        id_, id_, ordinal, 1, 1, ALTEL, "77010000001", "1012", "x", "gen.help", 0,
        ReplyState.QUEUED, NOW_US, expires_us, False,
    )  # fmt: skip


class Store:
    """The verbs that are asked, over replies in a list."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.unknowns: list[Reply] = []
        self.settled: list[Outcome] = []
        self.pages_left = sys.maxsize  # then the store is away

    def _page(self) -> None:
        if self.pages_left == 0:
            raise StoreUnavailableError("away")
        self.pages_left -= 1

    async def waiting(self) -> dict[str, Waiting]:
        if not self.replies:
            return {}
        return {ALTEL: Waiting(len(self.replies), NOW_US - 90_000_000)}

    async def queued(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        self._page()
        found = [each for each in self.replies if link == ALTEL and each.id > after_id]
        return found[:limit]

    async def unknown(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        self._page()
        return [each for each in self.unknowns if each.id > after_id][:limit]

    async def claim(self, ids: Sequence[int], now_us: int) -> frozenset[int]:
        mine = frozenset(each.id for each in self.replies if each.id in ids)
        self.replies = [each for each in self.replies if each.id not in mine]
        return mine

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        self.settled += outcomes


class Port:
    policy = Policy(resend_unknown=False, charge_on_submit=False)

    def __init__(self, name: str, *, bound: bool) -> None:
        self.name, self.bound, self.room = name, bound, 10 if bound else 0
        self.sent: list[int] = []

    def pack(self, reply: Reply) -> Submit:
        return Submit(reply.id, reply.source, reply.msisdn, 0, b"")

    def submit(self, submit: Submit) -> None:
        self.sent.append(submit.reply_id)
        self.room -= 1

    def verdict(self, status: int, attempts: int) -> Any:
        assert status == 0
        return Verdict(Action.SENT)


class Shown:
    def __init__(self) -> None:
        self.owing: dict[str, tuple[int, float]] = {}
        self.states: list[ReplyState] = []

    def owed(self, link: str, replies: int, oldest_s: float) -> None:
        self.owing[link] = replies, oldest_s

    def settled(self, link: str, state: ReplyState, count: int) -> None:
        self.states.append(state)

    def submitted(self, link: str) -> None: ...


class Bench:
    """An account that is away unless told otherwise, and a link that is bound."""

    def __init__(self, store: Store, *, bound: bool = False) -> None:
        self.store, self.shown = store, Shown()
        journal: Any = store
        self.altel = Port(ALTEL, bound=bound)
        ports = [Port(BEELINE, bound=True), self.altel]
        self.outbox = Outbox(journal, ports, lambda: NOW_US, self.shown)
        self.calls = 0
        self.watch = Watch(
            journal=journal, outbox=self.outbox, now_us=lambda: NOW_US,
            callers={ALTEL: self._called}, queues={ALTEL: QUEUE_MAX}, counters=self.shown,
        )  # fmt: skip

    def _called(self) -> None:
        self.calls += 1

    @property
    def line(self) -> Line:
        (line,) = [each for each in self.outbox.lines if each.port.name == ALTEL]
        return line


async def test_what_waits_is_counted_by_link_with_its_age() -> None:
    bench = Bench(Store(reply(1), reply(2)))
    await bench.watch.look()
    assert bench.shown.owing == {ALTEL: (2, 90.0), BEELINE: (0, 0.0)}
    assert bench.watch.owing() == {ALTEL: Owing(2, 90.0)}
    bench.store.replies.clear()
    await bench.watch.look()
    assert bench.shown.owing[ALTEL] == (0, 0.0)
    assert bench.watch.owing() == {}


async def test_replies_made_since_the_last_look_count_at_once() -> None:
    bench = Bench(Store())
    await bench.watch.look()
    bench.outbox.dispatch((reply(1),))
    bench.outbox.dispatch((reply(2),))
    assert bench.outbox.owed(ALTEL) == 2
    assert bench.outbox.owed(BEELINE) == 0


async def test_a_full_queue_is_told_once_and_its_end_too() -> None:
    bench = Bench(Store(*(reply(n) for n in range(1, QUEUE_MAX + 1))))
    with capture_logs() as lines:
        for _ in range(3):
            await bench.watch.look()
        bench.store.replies.pop()
        for _ in range(3):
            await bench.watch.look()
    assert [line["event"] for line in lines] == ["account_queue_full", "account_queue_drained"]
    assert lines[0]["account"] == ALTEL


async def test_an_account_that_is_away_and_owed_something_is_called() -> None:
    bench = Bench(Store())
    await bench.watch.look()
    assert bench.calls == 0
    bench.store.replies.append(reply(1))
    await bench.watch.look()
    assert bench.calls == 1
    bench.altel.bound = True
    await bench.watch.look()
    assert bench.calls == 1


async def test_what_nobody_fetches_is_given_up_when_its_time_is_over() -> None:
    late = reply(1, expires_us=NOW_US - 1)
    bench = Bench(Store(late, reply(2)))
    for _ in range(LATE_EVERY_LOOKS):
        await bench.watch.look()
    assert [each.id for each in bench.store.replies] == [2]
    assert bench.shown.states == [ReplyState.EXPIRED]
    assert not bench.outbox.idle  # until the outcome is on disk


async def test_what_a_bound_peer_takes_is_left_to_the_outbox() -> None:
    bench = Bench(Store(reply(1, expires_us=NOW_US - 1)), bound=True)
    for _ in range(LATE_EVERY_LOOKS):
        await bench.watch.look()
    assert [each.id for each in bench.store.replies] == [1]


async def test_a_receipt_of_unknown_fate_goes_again_where_replies_are_held() -> None:
    store = Store()
    store.unknowns = [reply(1), reply(2, ordinal=RECEIPT_ORDINAL)]
    bench = Bench(store, bound=True)
    line = bench.line
    await bench.outbox._stored.resend(line)
    assert [(each.reply_id, each.state) for each in store.settled] == [(2, ReplyState.QUEUED)]
    assert line.more


async def test_a_reply_that_was_taken_is_owed_no_longer() -> None:
    bench = Bench(Store(), bound=True)
    reserved = reply(1)._replace(state=ReplyState.SUBMITTING)
    assert bench.outbox.reserve(ALTEL, reserved.msisdn, 1)
    bench.outbox.dispatch((reserved,))
    assert bench.outbox.owed(ALTEL) == 1
    bench.outbox.on_submit_result(ALTEL, SubmitResult(1, SubmitEnd.ANSWERED, 0))
    assert bench.outbox.owed(ALTEL) == 0


async def test_what_was_given_up_before_the_store_went_away_is_written_down() -> None:
    over = [reply(n, expires_us=NOW_US - 1) for n in range(1, PAGE + 2)]
    bench = Bench(Store(*over))
    bench.store.pages_left = 1
    with pytest.raises(StoreUnavailableError):
        await bench.outbox.give_up_late(bench.line)
    assert bench.shown.states == [ReplyState.EXPIRED] * PAGE


async def test_a_store_that_goes_away_while_replies_are_queued_again_is_asked_once_more() -> None:
    store = Store()
    store.unknowns = [reply(n, ordinal=RECEIPT_ORDINAL) for n in range(1, PAGE + 2)]
    bench = Bench(store, bound=True)
    line = bench.line
    line.resend, line.more, line.last_id, store.pages_left = True, False, 7, 1
    with pytest.raises(StoreUnavailableError):
        await bench.outbox._stored.resend(line)
    assert line.resend
    assert (line.more, line.last_id) == (True, 0)  # what was queued before is read back
    assert len(store.settled) == PAGE


async def test_a_reply_without_room_in_memory_is_read_back_though_a_page_was_under_way() -> None:
    class Slow(Store):
        async def queued(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
            found = await super().queued(link, after_id, limit)
            bench.line.held = set(range(HELD_MAX))
            bench.outbox.dispatch((reply(HELD_MAX + 1),))
            return found

    bench = Bench(Slow())
    await bench.outbox._stored.queued(bench.line, ())
    assert bench.line.more
