from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.feed.bodies import BodiesRead, by_code, parse_bodies
from lookup.feed.lines import Problem
from tests.support.feed import BODIES, body


def read(*bodies: Any) -> BodiesRead:
    parsed = parse_bodies(json.dumps({"bodies": bodies}).encode())
    assert isinstance(parsed, BodiesRead)
    return parsed


def only_problem(given_body: Any) -> tuple[str, str]:
    parsed = read(given_body)
    assert parsed.rows == ()
    ((_, problem),) = parsed.problems
    return problem.field, problem.reason


def names(**changes: object) -> dict[str, object]:
    return {"kk": "Орган", "ru": "Орган", "en": "Body"} | changes


def test_a_directory_is_read_whole() -> None:
    parsed = read(*BODIES)
    assert [row.id for row in parsed.rows] == ["almaty-akimat", "tax-shymkent"]
    assert parsed.problems == ()
    first = parsed.rows[0]
    assert json.loads(first.sms_name)["en"] == "Almaty Akimat"
    assert (first.connected, first.phone) == (True, "+77272000000")
    assert parsed.rows[1].connected is False


def test_an_sms_name_may_have_sixteen_characters() -> None:
    assert read(body("x", sms_name=names(kk="Ә" * 16))).rows


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_longer_sms_name_is_a_problem_in_any_language(language: str) -> None:
    field, reason = only_problem(body("x", sms_name=names(**{language: "a" * 17})))
    assert field == f"sms_name.{language}"
    assert "17" in reason


@pytest.mark.parametrize("name", ["Almaty Ákim", "Алматы", "Body [1]", "Tax €"])
def test_an_english_sms_name_must_cost_one_septet_a_letter(name: str) -> None:
    field, reason = only_problem(body("x", sms_name=names(en=name)))
    assert field == "sms_name.en"
    assert "GSM 7-bit" in reason


@pytest.mark.parametrize("name", ['"Q"', "«Орган»", "O'B"])
def test_an_sms_name_has_no_quotation_marks(name: str) -> None:
    assert only_problem(body("x", sms_name=names(ru=name)))[0] == "sms_name.ru"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"code": None}, "code"),
        ({"connected": "yes"}, "connected"),
        ({"phone": "112"}, "phone"),
        ({"name": None}, "name"),
        ({"name": {"kk": "a", "ru": "b"}}, "name.en"),
        ({"voice_name": names(kk=" ")}, "voice_name.kk"),
        ({"sms_name": names(kk="a\nb")}, "sms_name.kk"),
        ({"name": names(kk="a" * 201)}, "name.kk"),
    ],
)
def test_a_body_with_a_bad_field_is_left_out_with_its_reason(
    change: dict[str, Any], field: str
) -> None:
    assert only_problem(body("x") | change)[0] == field


def test_a_bad_body_is_named_and_the_others_are_read() -> None:
    parsed = read(body("a"), body("b", code=None), {"code": "1"}, 5, body("a"), body("c"))
    assert [row.id for row in parsed.rows] == ["a", "c"]
    assert [place for place, _ in parsed.problems] == ["b", "body 3", "body 4", "a"]


def test_unknown_fields_are_counted() -> None:
    parsed = read(body("a", site="x"), body("b", site="y", fax=1))
    assert parsed.unknown_fields == {"site": 2, "fax": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"bodies": {}}', b"\xff", b"[" * 100_000, b"9" * 5_000],
)
def test_what_is_no_directory_says_so(content: bytes) -> None:
    parsed = parse_bodies(content)
    assert isinstance(parsed, Problem)
    assert parsed.field == "file"


def test_a_byte_order_mark_is_no_matter() -> None:
    assert isinstance(parse_bodies(b'\xef\xbb\xbf{"bodies": []}'), BodiesRead)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "code", "sms_name", "name", "kk", "ru", "en", "\ud800"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.lists(_JSON, max_size=4))
@settings(deadline=None)
def test_no_list_makes_it_raise(bodies: list[object]) -> None:
    parsed = parse_bodies(json.dumps({"bodies": bodies}).encode())
    assert isinstance(parsed, BodiesRead)
    assert len(parsed.rows) + len(parsed.problems) == len(bodies)


def test_a_code_that_bodies_share_names_none_of_them() -> None:
    assert by_code([("1", "a"), ("2", "b"), ("1", "c"), ("1", "d")]) == {"2": "b"}
