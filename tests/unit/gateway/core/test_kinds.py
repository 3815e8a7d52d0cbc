from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.check_digits import damm_digit
from gateway.core.kinds import BadTableError, Kinds
from gateway.core.reading import Asked
from tests.support.rules import kinds_table, rules

KINDS = rules().kinds
OURS = ("service_request", "support", "escalation")
LANGUAGES = {"kk", "ru", "en"}


def digits(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=low, max_size=high)


def test_the_shipped_kinds_are_those_of_the_service() -> None:
    assert KINDS.names == (
        "appeal",
        "crime_report",
        "investigation",
        "inspection",
        "fine",
        *OURS,
    )
    for kind in KINDS.names:
        assert set(KINDS.name(kind)) == set(KINDS.nouns(kind)) == LANGUAGES
        assert all(0 < len(noun) <= 9 for noun in KINDS.nouns(kind).values())


def test_the_wanted_lengths_are_those_of_bare_numbers() -> None:
    assert KINDS.wanted == "8/15/18"


@given(digits(15, 15))
def test_fifteen_digits_may_be_a_report_or_a_case_the_report_first(number: str) -> None:
    assert KINDS.bare(number) == ("crime_report", "investigation")


@given(digits(18, 18))
def test_eighteen_digits_are_an_appeal(number: str) -> None:
    assert KINDS.bare(number) == ("appeal",)


@given(digits(7, 7), st.integers(0, 7), st.integers(1, 9))
def test_a_slip_in_a_number_of_ours_is_refused(start: str, at: int, add: int) -> None:
    number = start + damm_digit(start)
    assert KINDS.bare(number) == OURS
    slipped = number[:at] + str((int(number[at]) + add) % 10) + number[at + 1 :]
    assert KINDS.bare(slipped) == ()
    assert KINDS.accept("appeal", slipped) is None


@given(digits(1, 30).filter(lambda number: len(number) not in KINDS.bare_lengths))
def test_no_other_bare_number_is_looked_up(number: str) -> None:
    assert KINDS.bare(number) == ()
    assert KINDS.accept(None, number) is None


@given(digits(1, 30))
def test_a_keyword_opens_the_wide_rules(number: str) -> None:
    assert KINDS.of_kind("inspection", number) is (6 <= len(number) <= 21)
    assert KINDS.of_kind("fine", number) is (10 <= len(number) <= 20)
    assert KINDS.of_kind("appeal", number) is (len(number) == 18)
    assert not KINDS.of_kind("no such kind", number)


@given(
    st.sampled_from(["ЖТ", "ZHT", "ЗТ", "ZT", "3Т", "3T"]),
    st.integers(2000, 2099),
    digits(6, 8),
)
def test_a_number_of_eotinish_is_printed_in_normal_form(
    prefix: str, year: int, running: str
) -> None:
    asked = KINDS.prefixed(prefix, f"{year}{running}")
    letters = "ЖТ" if prefix in ("ЖТ", "ZHT") else "ЗТ"
    assert asked == Asked(f"{letters}-{year}-{running}", ("appeal",))


@pytest.mark.parametrize(
    ("prefix", "number"), [("ЖТ", "192601234567"), ("ЖТ", "202612345"), ("ХТ", "202601234567")]
)
def test_a_prefixed_number_that_meets_no_rule_is_none(prefix: str, number: str) -> None:
    assert KINDS.prefixed(prefix, number) is None


@pytest.mark.parametrize(
    ("menu", "number", "asked"),
    [
        (None, "061200000012345678", Asked("061200000012345678", ("appeal",))),
        (
            "appeal",
            "263100030000001",
            Asked("263100030000001", ("crime_report", "investigation")),
        ),
        ("appeal", "10000012", Asked("10000012", OURS)),
        ("inspection", "123456789013", Asked("123456789013", ("inspection",))),
        (
            "inspection",
            "263100030000001",
            Asked("263100030000001", ("inspection",), ("crime_report", "investigation")),
        ),
        ("fine", "061200000012345678", Asked("061200000012345678", ("fine",), ("appeal",))),
        ("fine", "10000012", Asked("10000012", OURS)),
        ("investigation", "263100030000001",
         Asked("263100030000001", ("investigation",), ("crime_report",))),
        ("fine", "123456789", None),
        ("appeal", "790010260077", None),
        (None, "790010260077", None),
        (None, "", None),
        ("fine", "19750000012345x", None),
        ("fine", "١٩٧٥٠٠٠٠٠١٢٣٤٥٦", None),
    ],
)  # fmt: skip
def test_a_keyed_number_is_tried_as_its_menu_says(
    menu: str | None, number: str, asked: Asked | None
) -> None:
    assert KINDS.accept(menu, number) == asked


@given(st.sampled_from([None, "appeal", "inspection", "fine", "?"]), st.text(max_size=25))
def test_accept_takes_anything(menu: str | None, number: str) -> None:
    asked = KINDS.accept(menu, number)
    assert asked is None or (asked.number == number and asked.kinds)


def _without_short(table: dict[str, Any]) -> None:
    del table["kind"][0]["short"]


def _long_noun(table: dict[str, Any]) -> None:
    table["kind"][0]["short"]["ru"] = "обращения!"


def _twice(table: dict[str, Any]) -> None:
    table["kind"].append(table["kind"][0])


def _stranger(table: dict[str, Any]) -> None:
    table["rule"][0]["kinds"] = ["crime"]


def _menu_stranger(table: dict[str, Any]) -> None:
    table["menu"]["fine"] = ["fines"]


def _wide_bare_rule(table: dict[str, Any]) -> None:
    wide = next(rule for rule in table["rule"] if rule.get("keyword_needed"))
    wide["keyword_needed"] = False


def _bad_pattern(table: dict[str, Any]) -> None:
    table["rule"][0]["pattern"] = "["


def _typo(table: dict[str, Any]) -> None:
    table["menus"] = {}


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_without_short, "config/kinds.toml: kind[0].short.kk: write a text in quotes"),
        (_long_noun, "kind[0].short.ru: 'обращения!' has more than 9 letters; shorten it"),
        (_twice, f"kind[{len(kinds_table()['kind'])}].code: 'appeal' stands twice; remove one"),
        (_stranger, "rule[0].kinds: write a [[kind]] with the code 'crime', or remove it here"),
        (_menu_stranger, "menu.fine: write a [[kind]] with the code 'fines'"),
        (_wide_bare_rule, "take more than 7 signs in a text; set keyword_needed"),
        (_bad_pattern, "rule[0].pattern: no regular expression"),
        (_typo, "menus: unknown key; did you mean menu?"),
    ],
)
def test_a_bad_table_tells_where_and_what_to_do(
    spoil: Callable[[dict[str, Any]], None], problem: str
) -> None:
    table = kinds_table()
    spoil(table)
    with pytest.raises(BadTableError) as error:
        Kinds.from_table(table)
    assert problem in str(error.value)


def test_all_problems_are_told_at_once() -> None:
    table = kinds_table()
    _long_noun(table)
    _typo(table)
    with pytest.raises(ValueError, match=r"unknown key(.|\n)*shorten it"):
        Kinds.from_table(table)


def test_a_table_without_rules_is_refused() -> None:
    with pytest.raises(BadTableError, match="write one rule at least"):
        Kinds.from_table({"kind": kinds_table()["kind"]})


def test_two_prefixed_rules_may_share_a_form() -> None:
    table = kinds_table()
    prefixed = next(rule for rule in table["rule"] if rule.get("prefixes"))
    twin = {**prefixed, "kinds": ["support"], "order": 99}
    table["rule"].append(twin)
    asked = Kinds.from_table(table).prefixed("ЖТ", "202601234567")
    assert asked == Asked("ЖТ-2026-01234567", ("appeal", "support"))


def test_a_new_kind_is_a_row_and_nothing_else() -> None:
    table = kinds_table()
    names = dict.fromkeys(LANGUAGES, "licence")
    table["kind"].append({"code": "licence", "name": names, "short": names})
    table["rule"].append(
        {
            "kinds": ["licence"],
            "order": 1,
            "pattern": r"77\d{16}",
            "lengths": [18],
            "alphabet": "digits",
            "examples": ["77" + "0" * 16],
        }
    )
    kinds = Kinds.from_table(table)
    assert kinds.bare("770000000000000000") == ("licence", "appeal")
    assert kinds.bare("060000000000000000") == ("appeal",)
