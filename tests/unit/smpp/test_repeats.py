"""Which repetition is worth a line."""

from __future__ import annotations

from smpp.repeats import NEWS_MAX, REMIND_EVERY, Repeats


def told(repeats: Repeats, news: str, count: int) -> list[int]:
    return [times for times in (repeats.times(news) for _ in range(count)) if times]


def test_the_same_news_is_told_ever_more_rarely_but_never_falls_silent() -> None:
    assert REMIND_EVERY == 64
    assert told(Repeats(), "refused", 260) == [1, 2, 4, 8, 16, 32, 64, 128, 192, 256]


def test_other_news_is_told_at_once_and_counted_for_itself() -> None:
    repeats = Repeats()
    assert told(repeats, "refused", 3) == [1, 2]
    assert told(repeats, "no route", 3) == [1, 2]
    assert told(repeats, "refused", 1) == [4]


def test_after_a_success_all_is_news_again() -> None:
    repeats = Repeats()
    told(repeats, "refused", 5)
    repeats.clear()
    assert told(repeats, "refused", 3) == [1, 2]


def test_ever_different_news_is_not_gathered_without_bound() -> None:
    repeats = Repeats()
    for number in range(100 * NEWS_MAX):
        assert repeats.times(f"port {number}") == 1
    assert len(repeats._counts) <= NEWS_MAX
