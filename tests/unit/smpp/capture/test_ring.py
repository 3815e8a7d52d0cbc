"""The rings: what they keep, and for how long."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from smpp.capture.ring import RINGS_MAX, Captures, Ring
from smpp.pdu import Frame
from tests.support import peer

ENQUIRE = peer.pdu(peer.ENQUIRE_LINK, 7)
FRAME = Frame(peer.ENQUIRE_LINK, 0, 7, b"")


def counting() -> Captures:
    return Captures(itertools.count(1_000).__next__)


def test_a_frame_is_given_back_octet_by_octet() -> None:
    captures = counting()
    tap = captures.tap("north", 0)
    assert tap is not None
    body = peer.message_body(b"hello")
    tap.received(Frame(peer.DELIVER_SM, 3, 0xFFFFFFFF, body))
    (record,) = captures.rings("north")[0].records()
    assert record == (1_000, 0, 1, False, peer.pdu(peer.DELIVER_SM, 0xFFFFFFFF, body, 3))


def test_the_pdus_of_one_write_are_told_apart() -> None:
    captures = counting()
    tap = captures.tap("north", 0)
    assert tap is not None
    tap.sent(ENQUIRE + peer.pdu(peer.UNBIND, 8))
    seen = captures.rings("north")[0].records()
    assert [(each.sent, each.octets) for each in seen] == [
        (True, ENQUIRE),
        (True, peer.pdu(peer.UNBIND, 8)),
    ]


def test_a_ring_outlives_the_sessions_of_its_bind() -> None:
    captures = counting()
    for _ in range(3):
        tap = captures.tap("north", 1)
        assert tap is not None
        tap.received(FRAME)
    (ring,) = captures.rings("north")
    assert [each.session for each in ring.records()] == [1, 2, 3]


def test_each_bind_has_a_ring_of_its_own() -> None:
    captures = counting()
    for link, bind in (("north", 1), ("south", 0), ("north", 0)):
        tap = captures.tap(link, bind)
        assert tap is not None
        tap.sent(ENQUIRE)
    assert [ring.bind for ring in captures.rings("north")] == [0, 1]
    assert captures.rings("west") == []


def test_capture_can_be_off() -> None:
    captures = counting()
    assert captures.tap("north", 0, 0) is None
    assert captures.rings("north") == []


def test_a_pdu_larger_than_the_ring_is_kept_alone() -> None:
    ring = Ring(0, lambda: 0, pdus_max=4, octets_max=100)
    tap = ring.tap(1)
    tap.received(FRAME)
    tap.sent(peer.pdu(peer.DATA_SM, 1, b"x" * 200))
    assert [len(each.octets) for each in ring.records()] == [216]


def test_the_rings_of_binds_long_gone_make_room() -> None:
    captures = counting()
    for bind in range(RINGS_MAX):
        captures.tap("north", bind)
    captures.tap("north", 0)
    captures.tap("north", RINGS_MAX)
    binds = [ring.bind for ring in captures.rings("north")]
    assert len(binds) == RINGS_MAX
    assert 0 in binds
    assert 1 not in binds


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.integers(0, 90)), max_size=60),
    st.integers(1, 10),
)
def test_a_ring_holds_the_last_pdus_within_its_bounds(
    passed: list[tuple[bool, int, int]], pdus_max: int
) -> None:
    ring = Ring(0, lambda: 0, pdus_max=pdus_max, octets_max=300)
    tap = ring.tap(1)
    all_octets = []
    for number, (sent, count, size) in enumerate(passed):
        body = bytes([number]) * size
        if sent:
            tap.sent(peer.pdu(peer.DATA_SM, number, body) * count)
        else:
            tap.received(Frame(peer.DATA_SM, 0, number, body))
        all_octets += [peer.pdu(peer.DATA_SM, number, body)] * (count if sent else 1)
        assert len(ring.entries) <= pdus_max
        assert ring.octets <= 300 or len(ring.entries) == 1
        held = [held for _, _, held in ring.entries]
        assert ring.octets == sum(len(h.body if isinstance(h, Frame) else h) for h in held)
    seen = [each.octets for each in ring.records()]
    assert len(seen) <= pdus_max
    assert seen == all_octets[len(all_octets) - len(seen) :]
