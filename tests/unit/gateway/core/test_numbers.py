from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.chains import mark
from gateway.core.check_digits import damm_digit
from gateway.core.folding import capitals, fold
from gateway.core.numbers import Found, find
from gateway.core.reading import Asked
from tests.support.rules import rules

APPEAL = "061200000012345678"
REPORT = "263100030000001"
FINE = "197500000123456"
ACT = "790010260077"
IIN = "850101300124"
CARD = "4400430012345671"
PHONE = "87011234567"
EITHER = ("crime_report", "investigation")
OURS = ("service_request", "support", "escalation")

# Sizes that make neither a phone nor a date nor a list mark of the first groups.
SIZES = st.sampled_from([3, 5, 6])
GAPS = st.sampled_from([" ", "-", "–", ".", "/", "№", "\u00a0", ") (", " - ", "\n", " № "])


def found(typed: str) -> Found:
    text = fold(typed)
    marked = mark(text, capitals(text), rules().aside, rules().kinds.prefix_pattern)
    return find(marked.chains, rules().words.scan(marked.words), rules().kinds)


def numbers(typed: str) -> list[str]:
    return [asked.number for asked in found(typed).asked]


def grouped(number: str, sizes: list[int]) -> list[str]:
    groups = []
    for size in sizes:
        groups.append(number[:size])
        number = number[size:]
    return [group for group in (*groups, number) if group]


@given(st.sampled_from([APPEAL, REPORT, "750100000000431207", "276940031000265"]),
       st.lists(SIZES, max_size=5), GAPS)  # fmt: skip
def test_any_separators_between_its_groups_give_the_same_number(
    number: str, sizes: list[int], gap: str
) -> None:
    assert numbers(gap.join(grouped(number, sizes))) == [number]
    assert numbers(f"талон ({gap.join(grouped(number, sizes))}).") == [number]


@given(
    st.integers(2000, 2099),
    st.text("0123456789", min_size=6, max_size=8),
    st.sampled_from(["", " ", "-", "/", "№", " - "]),
    st.sampled_from(["ЖТ", "жт", "ZhT", "ЖT"]),
)
def test_any_separators_in_an_eotinish_number_give_its_normal_form(
    year: int, running: str, gap: str, prefix: str
) -> None:
    asked = Asked(f"ЖТ-{year}-{running}", ("appeal",))
    assert found(gap.join((prefix, str(year), running))).asked == [asked]


@given(st.lists(st.sampled_from([APPEAL, REPORT, ACT[:7], "10000012", "2026", "5"]), max_size=6))
def test_digits_are_never_added_cut_off_or_guessed(groups: list[str]) -> None:
    """What is looked up is a run of whole groups, in their order."""
    for number in numbers(" ".join(groups)):
        assert number in {
            "".join(groups[start:end])
            for start in range(len(groups))
            for end in range(start + 1, len(groups) + 1)
        }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (APPEAL, [Asked(APPEAL, ("appeal",))]),
        (REPORT, [Asked(REPORT, EITHER)]),
        ("10000012", [Asked("10000012", OURS)]),
        (f"АКТ {ACT}", [Asked(ACT, ("inspection",))]),
        ("акт 790010 260077", [Asked(ACT, ("inspection",))]),
        (f"акт о назначении проверки № {ACT}", [Asked(ACT, ("inspection",))]),
        (f"акт {IIN}", [Asked(IIN, ("inspection",))]),
        (f"штраф {CARD}", [Asked(CARD, ("fine",))]),
        (f"штраф по постановлению №{PHONE}", [Asked(PHONE, ("fine",))]),
        (f"ШТРАФ {FINE}", [Asked(FINE, ("fine",), EITHER)]),
        (f"ШТРАФ {APPEAL}", [Asked(APPEAL, ("fine",), ("appeal",))]),
        (f"ЕРДР№{REPORT}", [Asked(REPORT, ("investigation",), ("crime_report",))]),
        (f"КУИ {REPORT}", [Asked(REPORT, ("crime_report",), ("investigation",))]),
        (f"обращение {REPORT}", [Asked(REPORT, EITHER)]),
        (f"оплатил штраф а счет арестовали {FINE}", [Asked(FINE, ("fine",), EITHER)]),
        (f"{FINE} это мой штраф", [Asked(FINE, ("fine",), EITHER)]),
        ("оплатил штраф давно 1234567890", [Asked("1234567890", ("fine",))]),
        (f"идет проверка, вот номер обращения {APPEAL}", [Asked(APPEAL, ("appeal",))]),
        (f"проверка статуса {APPEAL}", [Asked(APPEAL, ("appeal",))]),
        (f"проверка {APPEAL}", [Asked(APPEAL, ("inspection",), ("appeal",))]),
        (f"незаконно отказали {APPEAL}", [Asked(APPEAL, ("appeal",))]),
        (f"незаконно {ACT}", [Asked(ACT, ("inspection",))]),
        ("ЖТ-2026-О1234567", [Asked("ЖТ-2026-01234567", ("appeal",), (), True)]),
    ],
)
def test_a_word_narrows_the_kinds_of_a_number(text: str, expected: list[Asked]) -> None:
    assert found(text).asked == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{APPEAL} 061200000012345679", [APPEAL, "061200000012345679"]),
        (f"{REPORT}/276940031000265", [REPORT, "276940031000265"]),
        (f"0612 0000 0012 345678 {REPORT}", [APPEAL, REPORT]),
        (f"{APPEAL}, {APPEAL}", [APPEAL]),
        (f"{APPEAL} 0612 0000 0012 345678", [APPEAL]),
        ("1. 0612 0000 0012 345678\n2. 2631 0003 0000 001", [APPEAL, REPORT]),
        (f"2 {APPEAL} 5", [APPEAL]),
        ("10000012 153", ["10000012"]),
        ("10000012 1234", []),
        ("ШТРАФ 1975000001 12345678901234567890123", ["1975000001"]),
        ("ШТРАФ 1975000001 1975000002", ["1975000001", "1975000002"]),
        ("ШТРАФ 1975000001, 1975000002", ["1975000001", "1975000002"]),
        (f"ШТРАФ 1975000001, {IIN}", ["1975000001"]),
        (f"ШТРАФ {FINE} {PHONE}", [FINE]),
        (f"ШТРАФ +{PHONE}", []),
        (f"8 701 123 45 67 0612 0000 0012 345678 {REPORT}", [APPEAL, REPORT]),
        ("акт 123456 123456 123456 123457", ["123456123456123456", "123457"]),
        (f"ШТРАФ {FINE} {IIN}", [FINE]),
        (f"ШТРАФ 8 701 123 45 67 {FINE}", [FINE]),
        (f"ЖТ-2026-01234567 {APPEAL}", ["ЖТ-2026-01234567", APPEAL]),
        (f"{PHONE} {APPEAL}", [APPEAL]),
        (f"{APPEAL} {PHONE} {REPORT}", [APPEAL, REPORT]),
        (f"{APPEAL} {IIN} {CARD}", [APPEAL]),
        (f"+7 701 123 45 67 {APPEAL}", [APPEAL]),
        (f"15.12.2026 {APPEAL} 500 тг 14:30", [APPEAL]),
        ("15.12.2026 1234567890", []),  # together 18 digits: a date is never joined
        ("0612 0000 0012 345678 9", []),
        ("06120000 0012 34567", []),
        ("10000012 12345", []),
        ("проверка на улице Абая 15 050000 8", []),
        ("проверка магазина 123456", []),
        ("акт нам показали 1234567", []),
        ("акт нам показали 12345679", ["12345679"]),
        ("оплатил штраф еще летом 12345 67890", []),
        ("оплатил штраф на карту 4400430012345671", []),
    ],
)
def test_numbers_in_one_text_are_told_apart(text: str, expected: list[str]) -> None:
    assert numbers(text) == expected


def test_three_numbers_are_taken_and_more_are_noticed() -> None:
    tens = [f"0612000000123456{n}" for n in range(70, 80)]
    assert (numbers("\n".join(tens)), found("\n".join(tens)).too_many) == (tens[:3], True)
    assert not found("\n".join(tens[:3])).too_many
    assert not found("\n".join([*tens[:3], tens[0]])).too_many


@pytest.mark.parametrize(
    ("text", "number", "folded"),
    [
        ("06120000001234567З", "061200000012345673", True),
        ("О6I20000001234567б", "061200000012345676", True),
        ("0612 0000 0O12 345678", APPEAL, True),
        ("О061200000012345678", APPEAL, False),
        ("061200000012345678б", None, False),
        ("|061200000012345678|", APPEAL, False),
        ("0612 0000 0012 345678 5б", None, False),
        ("1OOOOO12", None, False),
        ("1000OO12", "10000012", True),
        ("О612ООООО012345678", None, False),
        ("О612О0000О1234О678", None, False),
        ("061200000012345О", None, False),
        ("О1000О012", None, False),
        ("О10000012", "10000012", False),
        ("ШТРАФ 19750000012345З", "197500000123453", True),
    ],
)
def test_letters_are_read_as_digits_only_where_three_at_most_make_a_number(
    text: str, number: str | None, folded: bool
) -> None:
    asked = found(text).asked
    assert [one.number for one in asked] == ([number] if number else [])
    assert any(one.folded for one in asked) is folded


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (IIN, "iin"),
        ("850101 300124", "iin"),
        ("85О1О13О0124", "iin"),
        ("44ОО43О012345671", "card"),
        ("85О1О13ОО124", "malformed"),
        (f"штраф по ИИН {IIN}", "iin"),
        (CARD, "card"),
        ("4400 4300 1234 5671 12/28", "card"),
        (PHONE, "phone"),
        ("+998 90 123 45 67", "phone"),
        ("О612ООООО012345678", "malformed"),
        ("О612ООООО012345678, ОО1ОО2", "malformed"),
        ("10000013", "malformed"),
        ("1000 0013", "malformed"),
        ("ЖТ-2026-0123", "malformed"),
        ("ЖТ-2026-ООО12З45", "malformed"),
        ("ЖТ-2О2О-О12З456", "malformed"),
    ],
)
def test_what_only_looks_like_a_number_is_named(text: str, wrong: str) -> None:
    what = found(text)
    names = ("iin", "card", "phone", "malformed")
    assert [name for name in names if getattr(what, name)] == [wrong]
    assert (what.asked, what.digits_got) == ([], 0)


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("06120000001234567", 17),
        ("0612 0000 0012 34567", 17),
        ("ШТРАФ 123456789", 9),
        ("АКТ 1234567890123456789012", 22),
        ("1" * 300, 99),
        ("123456789, 1234567890", 9),
        ("1234567", 0),
        ("1б 2в 3г", 0),
    ],
)
def test_a_wrong_length_is_counted_from_eight_digits(text: str, got: int) -> None:
    assert found(text).digits_got == got


def test_the_digits_are_counted_and_a_lone_group_is_shown() -> None:
    one, two, none = found("кв. 15"), found("1 2"), found("привет")
    assert (one.digits, one.lone) == (2, "15")
    assert (two.digits, two.lone) == (2, "")
    assert (none.digits, none.lone) == (0, "")


def test_the_place_of_the_first_number_is_told() -> None:
    assert found(f"стоп {APPEAL} и {REPORT}").first_at == 5
    assert found("зт 2026 123456").first_at == 0


@given(st.text("0123456789", min_size=1, max_size=30))
def test_behind_its_keyword_every_fitting_number_is_taken_whole(number: str) -> None:
    assert numbers(f"АКТ {number}") == ([number] if 6 <= len(number) <= 21 else [])
    if 10 <= len(number) <= 20:
        assert numbers(f"айыппұл № {number}") == [number]


@given(st.text("0123456789", min_size=7, max_size=7), st.lists(SIZES, max_size=2))
def test_a_number_of_ours_is_joined_as_well(start: str, sizes: list[int]) -> None:
    number = start + damm_digit(start)
    assert numbers(" ".join(grouped(number, sizes))) == [number]


@given(st.text("0123456789ОоЗзlIбВSZ -./#()+*,:ЖТтгштраф", max_size=80))
def test_no_text_breaks_the_search(text: str) -> None:
    what = found(text)
    assert len(what.asked) <= 3
    assert 0 <= what.digits_got <= 99
    assert len({one.number for one in what.asked}) == len(what.asked)
    assert all(one.kinds and not set(one.kinds) & set(one.other_kinds) for one in what.asked)
