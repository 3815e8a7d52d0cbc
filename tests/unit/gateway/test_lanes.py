"""Order for each subscriber: only the head of a lane moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.records import Reply, ReplyState
from gateway.lanes import Lanes, Parcel

LINK = "beeline"


def reply(id_: int, *, next_us: int = 0, seg: int = 1) -> Reply:
    return Reply(
        id_, id_, 0, seg, 1, LINK, "77010000001", "1012", "", "gen.help", 0,
        ReplyState.QUEUED, next_us, 10**9, False,
    )  # fmt: skip


def parcel(id_: int, msisdn: str = "a", due_us: int = 0) -> Parcel:
    return Parcel(LINK, msisdn, [reply(id_, next_us=due_us)], due_us)


def test_the_second_parcel_of_a_subscriber_waits_for_the_first() -> None:
    lanes = Lanes([LINK])
    first, second = parcel(1), parcel(2)
    lanes.open(first, 0)
    lanes.open(second, 0)
    assert list(lanes.ready(LINK)) == [first]
    lanes.ready(LINK).popleft()
    assert lanes.close(first, 0)
    assert list(lanes.ready(LINK)) == [second]


def test_a_delayed_head_holds_back_its_subscriber_alone() -> None:
    lanes = Lanes([LINK])
    late, behind, other = parcel(1, "a", 100), parcel(2, "a"), parcel(3, "b")
    for each in (late, behind, other):
        lanes.open(each, 0)
    assert list(lanes.ready(LINK)) == [other]
    assert lanes.wake(99) == 100
    assert lanes.wake(100) is None
    assert list(lanes.ready(LINK)) == [other, late]


def test_an_answer_may_not_overtake_who_waits() -> None:
    lanes = Lanes([LINK])
    assert lanes.free(LINK, "a")
    lanes.reserve(LINK, "a")
    assert not lanes.free(LINK, "a")
    assert lanes.free(LINK, "b")
    lanes.open(parcel(1, "c"), 0)
    assert not lanes.free(LINK, "b")


def test_what_waits_at_one_link_holds_back_nobody_at_another() -> None:
    lanes = Lanes([LINK, "altel"])
    lanes.open(Parcel("altel", "a", [reply(1)]), 0)
    assert not lanes.free("altel", "a")
    assert lanes.free(LINK, "a")
    lanes.reserve(LINK, "a")
    assert not lanes.close(lanes.head(LINK, "a"), 0)
    assert [box.link for box in lanes.ready("altel")] == ["altel"]


def test_a_lane_ends_with_its_last_parcel() -> None:
    lanes = Lanes([LINK])
    lanes.reserve(LINK, "a")
    assert not lanes.close(lanes.head(LINK, "a"), 0)
    assert lanes.free(LINK, "a")


def test_a_reply_that_comes_back_takes_its_place() -> None:
    box = Parcel(LINK, "a", [reply(3, seg=3)])
    box.put_back(reply(1, seg=1, next_us=50))
    assert [each.seg for each in box.todo] == [1, 3]
    assert box.due_us == 50


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), max_size=40))
def test_every_subscriber_s_parcels_come_out_in_order(plan: list[tuple[str, int]]) -> None:
    lanes = Lanes([LINK])
    for number, (msisdn, due) in enumerate(plan):
        lanes.open(parcel(number, msisdn, due), 0)
    seen: dict[str, list[int]] = {}
    now = 0
    while any(len(seen.get(m, [])) < sum(p == m for p, _ in plan) for m, _ in plan):
        lanes.wake(now)
        while lanes.ready(LINK):
            box = lanes.ready(LINK).popleft()
            assert box.due_us <= now
            seen.setdefault(box.msisdn, []).append(box.todo[0].id)
            lanes.close(box, now)
        now += 1
    assert all(ids == sorted(ids) for ids in seen.values())
