from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.http.form import Template, TemplateError, UnreadableError, is_json, is_page, parse

ONE = "https://a.kz/t?kind={kind}&n={number}"
MANY = '{"ids": {numbers}, "kind": "{kind}"}'


def test_each_number_has_a_request_of_its_own() -> None:
    asked = Template(ONE, None, 1).questions(["1", "ЖТ-2"], "fine")
    assert [(each.numbers, each.url, each.body) for each in asked] == [
        (("1",), "https://a.kz/t?kind=fine&n=1", None),
        (("ЖТ-2",), "https://a.kz/t?kind=fine&n=%D0%96%D0%A2-2", None),
    ]


def test_several_numbers_share_a_request_where_it_can_hold_them() -> None:
    asked = Template("https://a.kz/t", MANY, 2).questions(["1", "2", "3"], "штраф")
    assert [each.numbers for each in asked] == [("1", "2"), ("3",)]
    assert json.loads(asked[0].body or b"") == {"ids": ["1", "2"], "kind": "штраф"}
    (in_url,) = Template("https://a.kz/t?n={numbers}", None, 5).questions(["1", "2"])
    assert in_url.url == "https://a.kz/t?n=1,2"
    assert Template(ONE, None, 1).questions([]) == []


@given(st.text(min_size=1))
def test_a_number_never_leaves_its_place(number: str) -> None:
    number = number.encode("utf-8", "replace").decode()
    body = '{"n": "{number}", "k": 1}'
    (asked,) = Template("https://a.kz/t/{number}/x?k=1", body, 1).questions([number])
    path = asked.url.removeprefix("https://a.kz/t/").removesuffix("/x?k=1")
    assert path.isascii()
    assert not set(path) & set("/?#&= ")
    assert json.loads(asked.body or b"") == {"n": number, "k": 1}


@pytest.mark.parametrize(
    ("url", "body", "numbers_max", "told"),
    [
        ("https://a.kz/", None, 1, r"either \{number\} or \{numbers\}"),
        ("https://a.kz/{number}", '"{numbers}"', 1, r"either \{number\} or \{numbers\}"),
        ("https://a.kz/{nubmer}", None, 1, r"did you mean \{number\}\?"),
        ("https://a.kz/{number}/{xyz}", None, 1, r"\{xyz\} is not known; known"),
        ("https://a.kz/{number}", None, 5, r"numbers_max above 1 needs \{numbers\}"),
        ("https://a.kz/{number}", None, 0, "numbers_max"),
        ("https://{number}.kz/", None, 1, "the host must be written out"),
        ("https://a.kz/", '{"n": {number}x}', 1, "body is no JSON"),
        ("https://a.kz/", '{"n": "{numbers}"}', 1, "body is no JSON"),
    ],
)
def test_a_template_that_cannot_be_meant_is_told_with_its_remedy(
    url: str, body: str | None, numbers_max: int, told: str
) -> None:
    with pytest.raises(TemplateError, match=told):
        Template(url, body, numbers_max)


def test_whether_kinds_are_asked_apart_is_seen() -> None:
    assert Template(ONE, None, 1).by_kind
    assert Template("https://a.kz/", MANY, 1).by_kind
    assert not Template("https://a.kz/{number}", None, 1).by_kind


def test_what_is_json_is_told_by_its_type() -> None:
    assert all(map(is_json, ("application/json", "application/problem+json", "text/json")))
    assert not any(map(is_json, ("text/html", "text/plain", "", "application/xml")))
    assert all(map(is_page, ("text/html", "application/xhtml+xml")))
    assert not is_page("application/json")


@pytest.mark.parametrize(
    ("body", "charset", "value"),
    [
        (b'{"a": [1, 2.5, null, true]}', None, {"a": [1, 2.5, None, True]}),
        ('{"a": "ж"}'.encode(), "utf-8", {"a": "ж"}),
        ('\ufeff{"a": "ж"}'.encode(), "utf-8", {"a": "ж"}),
        ('{"a": "ж"}'.encode("cp1251"), "windows-1251", {"a": "ж"}),
    ],
)
def test_json_is_read(body: bytes, charset: str | None, value: object) -> None:
    assert parse(body, charset) == value


@pytest.mark.parametrize(
    ("body", "charset", "told"),
    [
        (b"", None, "no JSON"),
        (b"<html>", None, "no JSON"),
        (b'{"a": 1', None, "no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, None, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, None, "nested too deeply"),
        (b'{"n": "1", "n": "2"}', None, "names a field twice"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', None, "names a field twice"),
        (b'{"a": NaN}', None, "does not allow"),
        (b'{"a": -Infinity}', None, "does not allow"),
        (b'{"a": 1e999}', None, "does not allow"),
        (b"9" * 5_000, None, "does not allow"),
        (b'{"a": "\xff"}', None, "character set"),
        (b"{}", "utf-7", "character set that is not taken"),
        (b"{}", "idna", "character set that is not taken"),
    ],
)
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused(
    body: bytes, charset: str | None, told: str
) -> None:
    with pytest.raises(UnreadableError, match=told):
        parse(body, charset)


@given(st.binary(max_size=60), st.sampled_from([None, "utf-8", "cp1251", "x"]))
def test_any_octets_are_json_or_refused(body: bytes, charset: str | None) -> None:
    try:
        parse(body, charset)
    except UnreadableError:
        return
