"""Who may write which ticket."""

from __future__ import annotations

import pytest

from lookup.feed.row import Row, row_of
from lookup.registry.feed_keys import BESIDE, WRITE, FeedKey, Scope
from lookup.registry.feed_scope import BodyTree, passed_to, refusal
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


def verdict(new: Row, of: FeedKey, *stored: Row, parents: tuple[Row, ...] = ()) -> str | None:
    refused = refusal(new, of, stored, parents, TREE)
    return None if refused is None else f"{refused.field}{' !' if refused.forbidden else ''}"


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
    new = row("almaty", system="treasury")
    assert verdict(new, of, police) == (None if beside else "number !")


def test_a_view_once_stored_is_held_like_a_ticket() -> None:
    police, treasury = row("tax", system="police"), row("tax", system="treasury")
    of = key("almaty", system="treasury", rights=(WRITE, BESIDE))
    assert verdict(row("almaty", system="treasury"), of, police, treasury) == "number !"


def test_of_several_views_its_own_decides_and_without_one_any() -> None:
    of = key("almaty", system="tatar")
    new = row("almaty", system="tatar", status="satisfied")
    assert verdict(new, of, row("tax", system="x"), row("almaty", system="y")) is None
    assert verdict(new, of, row("tax", system="tatar"), row("almaty", system="y")) == "number !"
