from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.tariff_reach import Reach, Words, days, reach_of
from gateway.core.tariff_row import FIRST_DAY, LAST_DAY

JULY = date(2026, 7, 1)
LEGS = ("caller", "operator")


class Rule(NamedTuple):
    id: str
    links: Words = None
    legs: Words = None
    valid_from: date = FIRST_DAY
    valid_to: date = LAST_DAY
    price: int = 0

    @property
    def lists(self) -> dict[str, Words]:
        return {"links": self.links, "legs": self.legs}

    @property
    def terms(self) -> tuple[object, ...]:
        return (self.price,)


def words(*given: str) -> Words:
    return frozenset(given)


def reach(*rules: Rule) -> Reach:
    return reach_of("call", [*rules, Rule("rest", price=99)], {"legs": LEGS})


# -- never


def test_the_special_above_the_general_is_as_it_should_be() -> None:
    assert (
        reach(
            Rule("north", words("north"), words("caller"), JULY, price=1),
            Rule("north-before", words("north"), words("caller"), price=2),
            Rule("callers", None, words("caller"), price=3),
            Rule("legs", None, words("caller", "operator"), price=4),
        )
        == Reach()
    )


def test_a_rule_below_a_wider_one_is_told_with_what_hides_it() -> None:
    found = reach(Rule("all", price=1), Rule("north", words("north")))
    (told,) = found.never
    assert found == Reach(never=(told,))  # and not that the two cross
    assert told.startswith("call 2 (north) can never match")
    assert "before it by call 1 (all);" in told


def test_a_rule_may_be_hidden_by_several_together() -> None:
    told = reach(
        Rule("before", valid_to=JULY - timedelta(days=1)),
        Rule("callers", None, words("caller"), JULY),
        Rule("operators", None, words("operator"), JULY),
        Rule("north", words("north")),
    ).never
    assert len(told) == 1
    assert "by call 1 (before), call 2 (callers), call 3 (operators)" in told[0]


def test_a_day_that_is_left_over_is_enough() -> None:
    july = Rule("july", valid_from=JULY, price=1)
    assert reach(july, Rule("june", valid_to=JULY)).never == ()
    assert len(reach(july, Rule("later", valid_from=JULY)).never) == 1


def test_the_last_rule_need_not_be_reached() -> None:
    assert reach(Rule("all", price=1)).never == ()


# -- crossing


def test_two_prices_for_the_same_days_are_told() -> None:
    (told,) = reach(
        Rule("old", words("north"), valid_to=JULY, price=1),
        Rule("new", words("north"), valid_from=JULY - timedelta(days=15), price=2),
    ).two_prices
    assert told == (
        "call 1 (old) and call 2 (new) both cover links north; from 2026-06-16 to 2026-07-01; "
        "end one before the other begins"
    )


def test_days_that_meet_do_not_cross() -> None:
    assert (
        reach(
            Rule("old", words("north"), valid_to=JULY - timedelta(days=1), price=1),
            Rule("new", words("north"), valid_from=JULY, price=2),
        )
        == Reach()
    )


def test_one_period_inside_another_is_an_exception_to_it() -> None:
    assert (
        reach(
            Rule("week", words("north"), None, JULY, JULY + timedelta(days=6), price=1),
            Rule("year", words("north"), None, date(2026, 1, 1), date(2026, 12, 31), price=2),
        )
        == Reach()
    )


def test_lists_that_cross_are_told_as_perhaps_meant() -> None:
    found = reach(
        Rule("north", words("north", "east"), price=1),
        Rule("callers", words("east", "west"), None, JULY, price=2),
    )
    assert (found.never, found.two_prices) == ((), ())
    assert found.crossing == (
        "call 1 (north) and call 2 (callers) both cover links east; "
        "from 2026-07-01: the first wins; if that is not meant, narrow one of them",
    )


def test_crossing_rules_that_say_the_same_are_not_told() -> None:
    assert reach(Rule("north", words("north")), Rule("callers", None, words("caller"))) == Reach()


def test_what_a_third_rule_takes_before_both_is_not_told() -> None:
    assert (
        reach(
            Rule("both", words("north"), words("caller"), price=3),
            Rule("north", words("north"), price=1),
            Rule("callers", None, words("caller"), price=2),
        )
        == Reach()
    )


def test_a_list_of_all_words_is_the_same_as_any() -> None:
    both = words("caller", "operator")
    two = words("north", "east")
    assert reach(Rule("north", words("north"), price=1), Rule("two", two, both, price=2)) == Reach()
    assert len(reach(Rule("all", None, both), Rule("north", words("north"))).never) == 1


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (FIRST_DAY, LAST_DAY, ""),
        (JULY, LAST_DAY, "from 2026-07-01"),
        (FIRST_DAY, JULY, "to 2026-07-01"),
        (JULY, JULY, "from 2026-07-01 to 2026-07-01"),
    ],
)
def test_days_in_words(first: date, last: date, told: str) -> None:
    assert days(first, last) == told


# -- against all cases, one by one

DAYS = [JULY + timedelta(days=n) for n in range(4)]
SOME = st.one_of(st.none(), st.sets(st.sampled_from("abc"), min_size=1).map(frozenset))
LEG = st.one_of(st.none(), st.sets(st.sampled_from(LEGS), min_size=1).map(frozenset))
DAY = st.sampled_from([FIRST_DAY, *DAYS, LAST_DAY])
RULES = st.lists(
    st.builds(
        lambda links, legs, one, two, price: Rule(
            "r", links, legs, min(one, two), max(one, two), price
        ),
        SOME,
        LEG,
        DAY,
        DAY,
        st.integers(0, 2),
    ),
    max_size=5,
)


def covers(rule: Rule, link: str, leg: str, on: date) -> bool:
    return (
        rule.valid_from <= on <= rule.valid_to
        and (rule.links is None or link in rule.links)
        and (rule.legs is None or leg in rule.legs)
    )


@given(RULES)
def test_never_is_what_no_case_reaches(given_rules: list[Rule]) -> None:
    rules = [*given_rules, Rule("rest", price=99)]
    all_days = [FIRST_DAY, JULY - timedelta(days=1), *DAYS, JULY + timedelta(days=9), LAST_DAY]
    reached = set()
    clash = set()
    for link, leg, on in itertools.product("abcz", LEGS, all_days):
        fit = [index for index, rule in enumerate(rules) if covers(rule, link, leg, on)]
        reached.add(fit[0])
        clash |= {(fit[0], later) for later in fit[1:]}
    found = reach_of("call", rules, {"legs": LEGS})
    never = {int(line.split()[1]) - 1 for line in found.never}
    assert never == set(range(len(rules) - 1)) - reached
    for line in found.two_prices + found.crossing:
        before, after = line.split(" and call ")
        assert (int(before.split()[1]) - 1, int(after.split()[0]) - 1) in clash
