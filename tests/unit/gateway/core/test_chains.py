from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.chains import GROUPS_MAX, Chain, Group, Marked, mark
from gateway.core.folding import capitals, fold
from tests.support.rules import rules


def marked(typed: str) -> Marked:
    text = fold(typed)
    return mark(text, capitals(text), rules().aside, rules().kinds.prefix_pattern)


def digits(chain: Chain) -> list[str]:
    return [group.digits for group in chain.groups]


@pytest.mark.parametrize(
    "gap", [" ", "-", ".", "/", "№", " № ", "(", ") (", "][", " - ", "–", "\u00a0", "\n"]
)
def test_separators_join_groups(gap: str) -> None:
    [chain] = marked(f"талон 061200{gap}000012{gap}345678").chains
    assert digits(chain) == ["061200", "000012", "345678"]


@pytest.mark.parametrize("gap", [", ", "; ", ": ", " и ", " +", "     - ", "_", "*"])
def test_anything_else_parts_chains(gap: str) -> None:
    assert len(marked(f"061200{gap}000012").chains) == (2 if gap.strip() != "-" else 1)


def test_letters_between_digits_are_read_as_digits_and_counted() -> None:
    [chain] = marked("0612ОО00ЗI12345678").chains
    assert chain.groups == (Group("061200003112345678", 4, ""),)


@pytest.mark.parametrize(
    ("typed", "group"),
    [
        ("О061200", Group("0061200", 1, "061200")),
        ("061200б", Group("0612006", 1, "")),
        ("|061200|", Group("10612001", 2, "061200")),
        ("ОО061200", Group("00061200", 2, "")),
        ("ЕРДР061200", Group("061200", 0, "061200")),
        ("жалоба061200", Group("061200", 0, "061200")),
        ("061200болды", Group("061200", 0, "061200")),
        ("kz061200", Group("061200", 0, "061200")),
    ],
)
def test_letters_of_a_word_beside_digits_are_left_to_the_word(typed: str, group: Group) -> None:
    [chain] = marked(typed).chains
    assert chain.groups == (group,)


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        ("ЖТ-2026-01234567", "ЖТ"),
        ("жт 2026 01234567", "ЖТ"),
        ("ЖT2026-01234567", "ЖТ"),
        ("ZhT №2026/01234567", "ZHT"),
        ("(ЗТ) 2026 01234567", "ЗТ"),
        ("зт.2026.01234567", "ЗТ"),
        ("ZT-2026-01234567", "ZT"),
        ("3T-2026-01234567", "3T"),
        ("БЖТ-2026-01234567", ""),
        ("ЖТ: 2026-01234567", ""),
    ],
)
def test_a_prefix_stands_right_before_the_digits(typed: str, prefix: str) -> None:
    assert marked(typed).chains[-1].prefix == prefix


def test_the_three_of_a_prefix_is_no_group_of_the_chain_before() -> None:
    first, second = marked("5б 3Т-2026-01234567").chains
    assert (digits(first), first.end) == (["56"], 3)
    assert (second.start, second.prefix) == (3, "3Т")
    assert marked("5б 3Т-2026-01234567").words == ",,,,,,,,,,,,,,,,,,,"
    assert len(marked("3Т-2026-01234567").chains) == 1


def test_the_letters_of_numbers_are_no_words() -> None:
    text = marked("талон ЖТ-2026-О1234567 рахмет")
    assert text.words == "ТАЛОН ,,,,,,,,,,,,,,,, РАХМЕТ"


def test_a_number_without_letters_leaves_the_words_as_they_are() -> None:
    assert marked("талон 061200").words == "ТАЛОН 061200"


def test_a_plus_marks_a_phone() -> None:
    assert [chain.plus for chain in marked("061200 и +77011234567").chains] == [False, True]


def test_what_is_set_aside_joins_nothing() -> None:
    text = marked("15.12.2026 061200 000012 345678 500 тг")
    assert [digits(chain) for chain in text.chains] == [["061200", "000012", "345678"]]
    assert text.aside
    assert not text.own_tail


def test_a_tail_of_our_own_is_told() -> None:
    text = marked("*5678: қаралуда. Жауап мерзімі 15.12.26")
    assert (text.chains, text.own_tail) == ((), True)


def test_a_text_without_digits_has_no_chains() -> None:
    assert marked("қайда?") == Marked("КАЙДА?", (), False, False)


def test_groups_beyond_the_limit_are_not_looked_at() -> None:
    chains = marked("1 " * 900).chains
    assert sum(len(chain.groups) for chain in chains) == GROUPS_MAX


def test_without_prefixed_rules_letters_are_words() -> None:
    text = fold("ЖТ-2026-01234567")
    [chain] = mark(text, capitals(text), rules().aside, None).chains
    assert chain.prefix == ""


@given(st.text("0123456789ОЗlб| -.,/#ЖТтг+*:()", max_size=60))
def test_chains_lie_in_order_and_hold_all_digits_not_set_aside(typed: str) -> None:
    text = fold(typed)
    found = mark(text, capitals(text), rules().aside, rules().kinds.prefix_pattern)
    ends = [0, *(offset for chain in found.chains for offset in (chain.start, chain.end))]
    assert ends == sorted(ends)
    assert len(found.words) == len(text)
    if not found.aside and "3Т" not in capitals(text):
        held = sum(
            len(group.digits) - group.letters for chain in found.chains for group in chain.groups
        )
        assert held == sum(sign.isdigit() for sign in text)
