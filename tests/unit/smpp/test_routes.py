"""Which session a destination's next submit must leave by."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smpp.messages import Submit
from smpp.routes import Routes

A: Any = "session a"
B: Any = "session b"


def to(destination: str, reply_id: int) -> Submit:
    return Submit(reply_id, "1012", destination, 0, b"answer")


def test_what_is_open_names_the_session_until_its_last_end() -> None:
    routes = Routes()
    assert routes.session("77011") is None
    routes.opened(to("77011", 1), A)
    routes.opened(to("77011", 2), A)
    routes.ended(2)
    assert routes.session("77011") is A
    assert routes.session("77012") is None
    routes.ended(1)
    assert routes.session("77011") is None
    routes.opened(to("77011", 3), B)
    assert routes.session("77011") is B


def test_an_end_of_what_is_not_open_changes_nothing() -> None:
    routes = Routes()
    routes.opened(to("77011", 1), A)
    routes.ended(2)
    routes.ended(2)
    assert routes.session("77011") is A
    assert len(routes) == 1


def test_a_reply_that_is_opened_twice_does_not_hold_its_destination_for_ever() -> None:
    routes = Routes()
    routes.opened(to("77011", 1), A)
    routes.opened(to("77012", 1), B)
    assert routes.session("77011") is None
    routes.ended(1)
    assert routes.session("77012") is None
    assert len(routes) == 0


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from("pqr"), st.booleans())))
def test_it_holds_what_is_open_and_nothing_else(steps: list[tuple[int, str, bool]]) -> None:
    routes, opened = Routes(), dict[int, str]()
    for reply_id, destination, opens in steps:
        if opens:
            routes.opened(to(destination, reply_id), A)
            opened[reply_id] = destination
        else:
            routes.ended(reply_id)
            opened.pop(reply_id, None)
        assert len(routes) == len(opened)
        for each in "pqr":
            assert (routes.session(each) is A) == (each in opened.values())
