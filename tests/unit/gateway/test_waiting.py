"""What is owed to a peer that is away: counted, told once, given up in time, called for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from structlog.testing import capture_logs

from gateway.core.delivery import Policy
from gateway.core.records import RECEIPT_ORDINAL, Outcome, Reply, ReplyState, Waiting
from gateway.outbox import Outbox
from gateway.waiting import LATE_EVERY_LOOKS, Owing
from gateway.waiting import Waiting as Watch
from smpp.messages import Submit

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

    async def waiting(self) -> dict[str, Waiting]:
        if not self.replies:
            return {}
        return {ALTEL: Waiting(len(self.replies), NOW_US - 90_000_000)}

    async def queued(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        found = [each for each in self.replies if link == ALTEL and each.id > after_id]
        return found[:limit]

    async def unknown(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
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
        raise AssertionError("nothing is answered here")


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
    (line,) = [each for each in bench.outbox.lines if each.port.name == ALTEL]
    await bench.outbox._stored.resend(line)
    assert [(each.reply_id, each.state) for each in store.settled] == [(2, ReplyState.QUEUED)]
    assert line.more
