from __future__ import annotations

from lookup.deliveries.folder import Facts, Waiting
from lookup.deliveries.settling import HELD_BACK_S_MAX, Settling


def file(name: str, size: int = 1, *, marked: bool = False) -> Waiting:
    return Waiting(name, Facts(inode=1, size=size, mtime_ns=size), marked)


def names(files: list[Waiting]) -> list[str]:
    return [one.name for one in files]


def test_a_file_is_whole_when_it_has_not_changed_for_a_while() -> None:
    settling = Settling(10.0)
    assert names(settling.whole([file("a")], 0.0)) == []
    assert names(settling.whole([file("a", 2)], 5.0)) == []
    assert names(settling.whole([file("a", 2)], 14.9)) == []
    assert names(settling.whole([file("a", 2)], 15.0)) == ["a"]


def test_a_marked_file_is_whole_at_once() -> None:
    assert names(Settling(10.0).whole([file("a", marked=True)], 0.0)) == ["a"]


def test_a_replaced_file_is_another_file() -> None:
    settling = Settling(10.0)
    settling.whole([file("a")], 0.0)
    other = Waiting("a", Facts(inode=2, size=1, mtime_ns=1), marked=False)
    assert settling.whole([other], 10.0) == []


def test_one_that_is_still_written_holds_back_those_after_it_but_not_for_ever() -> None:
    settling = Settling(10.0)
    later = file("b", marked=True)
    assert names(settling.whole([file("a", 1), later], 0.0)) == []
    assert names(settling.whole([file("a", 2), later], 300.0)) == []
    assert names(settling.whole([file("a", 3), later], HELD_BACK_S_MAX)) == ["b"]
    assert names(settling.whole([file("A"), file("a", 3), later], HELD_BACK_S_MAX + 1)) == []


def test_those_before_it_go_first() -> None:
    settling = Settling(10.0)
    assert names(settling.whole([file("a", marked=True), file("b")], 0.0)) == ["a"]


def test_files_that_went_away_are_forgotten() -> None:
    settling = Settling(10.0)
    settling.whole([file("a")], 0.0)
    settling.whole([], 5.0)
    assert settling.whole([file("a")], 12.0) == []
