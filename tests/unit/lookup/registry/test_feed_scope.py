"""Who may write which ticket."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.fields import moment_us
from lookup.feed.row import Row, row_of
from lookup.registry.feed_keys import BESIDE, WRITE, FeedKey, Scope
from lookup.registry.feed_scope import FEED_ROWS_MAX, BodyTree, Known, passed_to, refusal
from lookup.registry.merge import merge
from lookup.registry.stored import digest_of
from tests.support import feed

TREE = BodyTree(
    {"region": None, "almaty": "region", "tax": None, "office": "almaty", "a": "b", "b": "a"},
    {"750001": "almaty"},
)


def key(
    *bodies: str, system: str = "aikyn", subtree: bool = False, **scope: tuple[str, ...]
) -> FeedKey:
    return FeedKey("abcdefgh", system, "", Scope(bodies, subtree, **scope), 0, 1)


def row(
    body: str | None, *, system: str = "aikyn", status: str = "in_review", **more: object
) -> Row:
    values = feed.appeal(body_id=body, source_system=system, status=status, events=[]) | more
    return row_of(values, feed.hash_phone)


def verdict(new: Row, of: FeedKey, *stored: Row, **known: Any) -> str | None:
    refused = refusal(new, of, Known(stored, **known), TREE)
    return None if refused is None else f"{refused.field}{' !' if refused.forbidden else ''}"


def passing(seq: int, day: str, from_body: str | None, to_body: str) -> dict[str, Any]:
    at = day if len(day) == len("2026-10-05") else f"{day}:00+05:00"
    return feed.event(seq, at, "forwarded", from_body, to_body)


GIVEN = row(
    "tax",
    status_at="2026-10-08T12:00:00+05:00",
    events=[
        passing(1, "2026-10-05T09:00", "region", "almaty"),
        passing(2, "2026-10-08T12:00", "almaty", "tax"),
    ],
)


def test_a_new_ticket_belongs_to_a_body_of_the_key() -> None:
    assert verdict(row("almaty"), key("almaty")) is None
    assert verdict(row("tax"), key("almaty")) == "body_id !"
    assert verdict(row(None), key("almaty")) == "body_id"
    assert verdict(row("nowhere"), key("almaty")) == "body_id"


def test_a_ticket_of_another_body_is_not_touched() -> None:
    assert verdict(row("almaty"), key("almaty"), row("tax")) == "number !"
    assert verdict(row("tax", status="refused"), key("almaty"), row("tax")) == "number !"


def test_the_holder_hands_a_ticket_on_and_has_no_more_say() -> None:
    handed = row("tax")
    assert verdict(handed, key("almaty"), row("almaty")) is None
    assert verdict(row("almaty"), key("almaty"), handed) == "number !"
    assert verdict(row("almaty", status="satisfied"), key("tax"), handed) is None


def test_only_who_holds_the_other_ticket_opens_one_for_it() -> None:
    child = row("tax", parent_id="10000142")
    passed = row("almaty", events=[feed.event(1, "2026-10-06", "passed", "almaty", "tax")])
    assert verdict(child, key("tax"), parents=(passed,)) is None
    assert verdict(child, key("tax"), parents=(row("tax"),)) is None
    assert verdict(child, key("tax"), parents=(row("almaty"),)) == "parent_id !"
    assert verdict(child, key("tax")) == "parent_id !"
    assert verdict(child, key("tax"), row("tax"), parents=(row("almaty"),)) == "parent_id !"


def test_who_had_the_other_ticket_or_tells_beside_it_opens_none_for_it() -> None:
    steps = [passing(1, "2026-10-05T09:00", "region", "almaty")]
    before = row("region", system="region", events=steps)
    child = row("almaty", parent_id="10000142", owner_phones=[])
    assert verdict(child, key("almaty"), parents=(before,)) is None
    assert verdict(child, key("almaty"), parents=(before, GIVEN)) == "parent_id !"
    fine = row("almaty", kind="fine")
    assert verdict(child, key("almaty"), parents=(before, GIVEN, fine)) is None
    of = key("almaty", rights=(WRITE, BESIDE))
    assert verdict(child, of, parents=(row("almaty", owner_phones=[]),)) == "parent_id !"
    treasury = row("almaty", system="treasury")
    assert verdict(child, key("almaty"), parents=(treasury,)) is None
    known = {"parents": (treasury,), "witnesses": frozenset({"treasury"})}
    assert verdict(child, key("almaty"), **known) == "parent_id !"


def test_who_once_opened_it_says_so_again_after_the_other_moved_on() -> None:
    child = row("tax", parent_id="10000142")
    later = row("tax", parent_id="10000142", status="hearing")
    assert verdict(later, key("tax"), child, parents=(row("almaty"),)) is None


def test_a_ticket_joined_to_another_names_it_freely() -> None:
    joined = row("tax", parent_id="750100000000431207", status="joined")
    assert verdict(joined, key("tax")) is None


def test_a_step_that_passes_it_on_lets_the_next_body_write() -> None:
    steps = [
        feed.event(1, "2026-10-05", "registered", None, "almaty"),
        feed.event(2, "2026-10-06", "forwarded", "almaty", "tax"),
        feed.event(3, "2026-10-07", "in_review"),
    ]
    stored = row("almaty", events=steps)
    assert passed_to(stored.events) == "tax"
    assert verdict(row("tax"), key("tax"), stored) is None
    assert verdict(row("office"), key("office"), stored) == "number !"


def test_an_exact_repeat_is_never_refused() -> None:
    handed = row("tax")
    held = handed._replace(digest=digest_of(handed))
    assert verdict(handed, key("almaty"), held) is None


def test_a_subtree_is_covered_where_the_key_says_so() -> None:
    assert verdict(row("office"), key("region", subtree=True)) is None
    assert verdict(row("office"), key("region")) == "body_id !"
    assert verdict(row("750001"), key("almaty")) is None, "a body may be named by its code"


def test_a_directory_that_runs_in_a_circle_ends() -> None:
    assert not TREE.covers(Scope(("region",), subtree=True), "a")


def test_kinds_outside_the_scope_are_refused() -> None:
    assert verdict(row("almaty"), key("almaty", kinds=("fine",))) == "kind !"
    assert verdict(row("almaty"), key("almaty", kinds=("fine", "appeal"))) is None


@pytest.mark.parametrize("beside", [False, True])
def test_a_view_beside_that_of_the_holder_needs_the_right_to_it(beside: bool) -> None:
    police = row("tax", system="police")
    rights = (WRITE, BESIDE) if beside else (WRITE,)
    of = key("almaty", system="treasury", rights=rights)
    new = row("almaty", system="treasury", owner_phones=[])
    assert verdict(new, of, police) == (None if beside else "number !")


def test_a_view_once_stored_is_held_like_a_ticket() -> None:
    police, treasury = row("tax", system="police"), row("tax", system="treasury")
    of = key("almaty", system="treasury", rights=(WRITE, BESIDE))
    new = row("almaty", system="treasury", owner_phones=[])
    assert verdict(new, of, police, treasury) == "number !"


def test_who_tells_beside_others_holds_nothing_and_names_no_owner() -> None:
    """Else a payment told before its fine shuts the police out of it, and a key for payments could
    have the stages of any report told to a phone of its own."""
    treasury = row("tax", system="treasury", owner_phones=[])
    police = row("almaty", system="police")
    assert verdict(police, key("almaty", system="police"), treasury) == "number !"
    known = {"witnesses": frozenset({"treasury"})}
    assert verdict(police, key("almaty", system="police"), treasury, **known) is None
    of = key("tax", system="treasury", rights=(WRITE, BESIDE))
    assert verdict(row("tax", system="treasury"), of) == "owner_phones !"
    assert verdict(treasury, of) is None
    assert (
        verdict(row("tax", system="treasury", status="paid", owner_phones=[]), of, treasury) is None
    )


def test_a_view_that_names_nobody_keeps_nobody_out() -> None:
    assert verdict(row("almaty"), key("almaty"), row(None, system="payments")) is None


def test_a_view_of_its_own_that_names_nobody_is_taken_up() -> None:
    assert verdict(row("almaty"), key("almaty"), row(None)) is None
    assert verdict(row("almaty"), key("almaty"), row(None), row("tax", system="x")) == "number !"


def test_a_number_registered_by_mistake_is_free_for_its_rightful_body() -> None:
    taken_back = row("tax", system="shymkent", deleted=True)
    assert verdict(row("almaty"), key("almaty"), taken_back) is None
    assert verdict(row("tax"), key("almaty"), taken_back) == "body_id !"
    mine, other = row("almaty", deleted=True), row("tax", system="shymkent")
    assert verdict(row("almaty"), key("almaty"), mine) is None
    assert verdict(row("almaty"), key("almaty"), mine, other) == "number !"


def test_a_parent_registered_by_mistake_is_no_ticket_to_open_another_for() -> None:
    gone = row("tax", number="10000142", deleted=True)
    child = row("tax", parent_id="10000142")
    assert verdict(child, key("tax"), parents=(gone,)) == "parent_id !"


def test_a_key_registers_new_numbers_that_begin_as_it_says() -> None:
    of = key("almaty", numbers=("7501", "ЖТ-"))
    assert verdict(row("almaty"), of) is None
    assert verdict(row("almaty", number="061200000012345678"), of) == "number !"
    assert verdict(row("almaty", number="ЖТ-2026-00431220"), of) is None
    handed = row("almaty", system="y", number="061200000012345678")
    assert verdict(row("almaty", number="061200000012345678"), of, handed) is None


def test_a_feed_takes_so_many_rows_beside_each_other() -> None:
    assert verdict(row("almaty"), key("almaty"), own_rows=FEED_ROWS_MAX - 1) is None
    assert verdict(row("almaty"), key("almaty"), own_rows=FEED_ROWS_MAX) == "number"
    mine = row("almaty", status="registered")
    assert verdict(row("almaty"), key("almaty"), mine, own_rows=FEED_ROWS_MAX) is None


# -- who has it last


def back(at: str) -> Row:
    """The next body's own view, by which the first one has the ticket again."""
    step = passing(7, at, "tax", "almaty")
    return row("almaty", system="shymkent", status_at=step["at"], events=[step])


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-10-12T09:00", None),
        ("2026-10-08T12:01", None),
        ("2026-10-08T12:00", "number !"),
        ("2026-10-05T09:00", "number !"),  # by this one it had come before
        ("2026-10-09", None),
        ("2026-10-08", "number !"),
    ],
)
def test_a_ticket_that_comes_back_is_held_again(at: str, told: str | None) -> None:
    new = row("almaty", status="satisfied", version=9)
    assert verdict(new, key("almaty"), GIVEN, back(at)) == told


def test_a_ticket_comes_back_by_being_named_too() -> None:
    new = row("almaty", status="satisfied")
    for at, told in (("2026-10-12", None), ("2026-10-07", "number !"), (None, "number !")):
        named = row("almaty", system="shymkent", status_at=at)
        assert verdict(new, key("almaty"), GIVEN, named) == told


def test_nobody_hands_a_ticket_on_and_keeps_it_by_a_step() -> None:
    held = row("almaty", events=[passing(1, "2026-10-05T09:00", "region", "almaty")])
    assert verdict(row("tax"), key("almaty"), held) == "events"
    forged = passing(1_000_000, "2026-10-08T12:00", "tax", "almaty")
    assert verdict(row("tax", events=[forged]), key("almaty"), row("almaty")) == "events"
    proper = passing(2, "2026-10-08T12:00", "almaty", "tax")
    assert verdict(row("tax", events=[proper]), key("almaty"), held) is None
    early = row("almaty", events=[forged])
    assert verdict(row("tax", events=[proper]), key("almaty"), early) == "events"
    ahead = row("almaty", status_at="2027-01-01")  # does not hold back the status now
    now_us = moment_us("2026-10-08T13:00:00+05:00")
    both = row("tax", status_at="2026-10-08", events=[proper, forged])
    assert verdict(both, key("almaty"), ahead, now_us=now_us) == "events"
    first = row("tax", system="tatar", events=[forged])
    assert verdict(first, key("almaty", system="tatar"), held) == "events"


def test_who_got_a_ticket_that_another_watches_leaves_it_in_its_charge() -> None:
    steps = [passing(1, "2026-10-05T09:00", "tax", "almaty")]
    watched = row("tax", system="shymkent", events=steps)
    first = row("tax", events=steps)
    assert verdict(first, key("almaty"), watched) is None
    assert verdict(row("tax", status="satisfied"), key("almaty"), first, watched) is None


def test_of_several_views_its_own_decides_and_without_one_any() -> None:
    of = key("almaty", system="tatar")
    new = row("almaty", system="tatar", status="satisfied")
    assert verdict(new, of, row("tax", system="x"), row("almaty", system="y")) is None
    assert verdict(new, of, row("tax", system="tatar"), row("almaty", system="y")) == "number !"


WALKING = ("almaty", "tax", "region")
moves = st.lists(
    st.tuples(st.sampled_from(WALKING), st.sampled_from(("step", "name")), st.booleans()),
    max_size=12,
)


@given(moves)
def test_a_ticket_that_walks_is_written_by_whoever_has_it_and_by_nobody_else(
    walk: list[tuple[str, str, bool]],
) -> None:
    """Each body has a system of its own; now and then the next one writes before it passes on."""
    views: dict[str, Row] = {}
    holder, minute = WALKING[0], 0

    def pushed(body: str, **more: Any) -> Row:
        at = f"2026-10-20T{minute // 60:02d}:{minute % 60:02d}:00+05:00"
        return row(body, system=holder, version=minute, status_at=at, **more)

    def write(new: Row) -> None:
        assert verdict(new, key(holder, system=holder), *views.values()) is None
        views[holder] = merge(views.get(holder), new).row

    write(pushed(holder))
    for to, way, writes in walk:
        if to == holder:
            continue
        minute += 1
        if writes:
            write(pushed(holder))
        minute += 1
        at = f"2026-10-20T00:{minute:02d}"
        steps = [passing(minute, at, holder, to)] if way == "step" else []
        write(pushed(to, events=steps))
        for body in WALKING:
            new = row(body, system=body, status="satisfied", version=999)
            told = verdict(new, key(body, system=body), *views.values())
            assert told == (None if body == to else "number !")
        holder = to
