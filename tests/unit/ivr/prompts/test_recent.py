from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts.recent import Recent


def test_the_least_recently_asked_for_goes_first() -> None:
    recent = Recent(3)
    for name in "abc":
        recent.put(name, b"x")
    assert recent.get("a") == b"x"
    recent.put("d", b"x")
    assert [name for name in "abcd" if recent.get(name)] == ["a", "c", "d"]


def test_what_alone_is_too_large_is_not_kept_and_costs_nothing() -> None:
    recent = Recent(3)
    recent.put("a", b"xxx")
    recent.put("b", b"xxxx")
    assert recent.get("a") == b"xxx"
    assert recent.get("b") is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 8)), max_size=50))
def test_it_never_holds_more_than_allowed(puts: list[tuple[str, int]]) -> None:
    recent = Recent(10)
    for name, size in puts:
        recent.put(name, bytes(size))
        assert recent.get(name) == bytes(size)
        assert sum(len(recent.get(each) or b"") for each in "abcd") <= 10
        assert len(recent) == sum(recent.get(each) is not None for each in "abcd")
