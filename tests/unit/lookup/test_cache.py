from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.cache import FoundCache, Kept
from lookup.status import TicketRecord, Wanted
from tests.support.records import ticket


def wanted(number: str) -> Wanted:
    return Wanted(number, ("appeal",))


def found(number: str) -> tuple[TicketRecord, ...]:
    return (ticket(number=number),)


def fresh(number: str, at_us: int = 0) -> Kept:
    return Kept(found(number), at_us, fresh=True)


def test_what_was_found_is_told_again_until_its_time_is_over() -> None:
    cache = FoundCache(ttl_s=2, entries_max=10)
    cache.put(wanted("1"), found("1"), now=100)
    assert cache.get(wanted("1"), now=101.9) == fresh("1")
    assert cache.get(wanted("1"), now=102) is None


def test_nothing_found_is_not_remembered() -> None:
    cache = FoundCache(ttl_s=2, entries_max=10)
    cache.put(wanted("1"), (), now=0)
    assert cache.get(wanted("1"), now=0) is None
    assert len(cache) == 0


def test_the_same_number_wanted_as_another_kind_is_another_question() -> None:
    cache = FoundCache(ttl_s=2, entries_max=10)
    cache.put(wanted("1"), found("1"), now=0)
    assert cache.get(Wanted("1", ("fine",)), now=0) is None


def test_a_later_finding_replaces_the_earlier_and_lives_its_own_time() -> None:
    cache = FoundCache(ttl_s=2, entries_max=10)
    cache.put(wanted("1"), found("1"), now=0)
    cache.put(wanted("1"), (ticket(number="1", status="satisfied"),), now=1)
    told = cache.get(wanted("1"), now=2.5)
    assert told is not None
    assert told.tickets[0].status == "satisfied"


def test_a_full_cache_forgets_the_oldest() -> None:
    cache = FoundCache(ttl_s=100, entries_max=2)
    for at, number in enumerate("123"):
        cache.put(wanted(number), found(number), now=at)
    assert cache.get(wanted("1"), now=3) is None
    assert cache.get(wanted("2"), now=3) == fresh("2")
    assert cache.get(wanted("3"), now=3) == fresh("3")


def test_a_time_of_zero_switches_it_off() -> None:
    cache = FoundCache(ttl_s=0, entries_max=2)
    cache.put(wanted("1"), found("1"), now=0)
    assert len(cache) == 0


def test_what_is_no_longer_fresh_is_kept_with_its_time_until_it_is_too_old() -> None:
    cache = FoundCache(ttl_s=2, stale_s=10, entries_max=10)
    cache.put(wanted("1"), found("1"), now=100, now_us=7)
    assert cache.get(wanted("1"), now=101) == fresh("1", at_us=7)
    assert cache.get(wanted("1"), now=102) == Kept(found("1"), 7, fresh=False)
    assert cache.get(wanted("1"), now=109.9) == Kept(found("1"), 7, fresh=False)
    assert cache.get(wanted("1"), now=110) is None


def test_without_a_time_of_being_fresh_it_is_old_at_once() -> None:
    cache = FoundCache(ttl_s=0, stale_s=10, entries_max=10)
    cache.put(wanted("1"), found("1"), now=0)
    assert cache.get(wanted("1"), now=0) == Kept(found("1"), 0, fresh=False)
    assert cache.keeps
    assert not FoundCache(ttl_s=0, entries_max=1).keeps


def test_what_is_said_to_be_gone_is_forgotten() -> None:
    cache = FoundCache(ttl_s=2, entries_max=10)
    cache.put(wanted("1"), found("1"), now=0)
    cache.drop(wanted("1"))
    cache.drop(wanted("1"))
    assert cache.get(wanted("1"), now=0) is None


@pytest.mark.parametrize(
    ("ttl_s", "stale_s", "entries_max"), [(-1.0, 0.0, 1), (1.0, -1.0, 1), (1.0, 0.0, 0)]
)
def test_settings_without_sense_are_refused(ttl_s: float, stale_s: float, entries_max: int) -> None:
    with pytest.raises(ValueError, match="ttl_s"):
        FoundCache(ttl_s=ttl_s, stale_s=stale_s, entries_max=entries_max)


@given(
    st.lists(st.tuples(st.sampled_from("12345678"), st.floats(0, 3, allow_nan=False)), max_size=50)
)
@settings(deadline=None)
def test_it_never_holds_more_than_its_limit_nor_tells_what_is_too_old(
    puts: list[tuple[str, float]],
) -> None:
    cache = FoundCache(ttl_s=2, entries_max=3)
    last: dict[str, float] = {}
    now = 0.0
    for number, passed in puts:
        now += passed
        cache.put(wanted(number), found(number), now)
        last[number] = now
        assert len(cache) <= 3
        assert cache.get(wanted(number), now) is not None
        for other, at in last.items():
            if at + 2 <= now:
                assert cache.get(wanted(other), now) is None
