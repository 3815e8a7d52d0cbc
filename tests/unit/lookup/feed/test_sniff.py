from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.sniff import sniff
from tests.support.feed import appeal, line

CYRILLIC = "ЖТ-2026-00431220"


def feed(*lines: str, code: str = "utf-8") -> bytes:
    return "".join(one + "\n" for one in lines).encode(code)


def reason(head: bytes, *, whole: bool = True) -> str:
    problem = sniff(head, whole=whole).problem
    assert problem is not None
    assert problem.field == "file"
    return problem.reason


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"PK\x05\x06" + b"\0" * 18, "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"{\\rtf1", "RTF"),
        (b"\n <!DOCTYPE html>", "HTML"),
        (b'<?xml version="1.0"?>', "XML"),
    ],
)
def test_a_file_of_another_kind_is_named(head: bytes, form: str) -> None:
    assert form in reason(head)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_codes_are_named_with_the_remedy(code: str) -> None:
    said = reason(feed("kind,number,status", "appeal,1,registered", code=code))
    assert said.startswith("is UTF-")
    assert said.endswith("save it as UTF-8")


def test_windows_1251_is_refused_as_a_whole() -> None:
    lines = [f"appeal,{CYRILLIC}{n},registered" for n in range(9)]
    assert "Windows-1251" in reason(feed("kind,number,status", *lines, code="cp1251"))


def test_a_foreign_header_alone_is_enough() -> None:
    assert "Windows-1251" in reason(feed("вид;номер;статус", "a;1;b", code="cp1251"))


def test_one_damaged_line_is_a_matter_of_that_line() -> None:
    damaged = feed("kind,number,status", "appeal,1,registered") + b"appeal,\xff,registered\n"
    assert sniff(damaged, whole=True).problem is None
    mixed = feed(CYRILLIC) + b"\xff\n\xfe\n"
    assert sniff(mixed, whole=True).problem is None


def test_scattered_nuls_are_a_matter_of_their_lines() -> None:
    assert sniff(feed("kind,number,status", "a\0\0b,1,c", "x,2,y"), whole=True).problem is None


def test_a_letter_cut_by_the_end_of_the_head_is_no_foreign_code() -> None:
    head = ('{"a":"' + "Ж" * 40).encode()
    for end in range(10, len(head)):
        assert sniff(head[:end], whole=False).problem is None


@given(st.text(max_size=400), st.integers(min_value=0, max_value=3))
def test_utf_8_is_never_refused_for_its_code(text: str, cut: int) -> None:
    content = (json.dumps({"note": text}, ensure_ascii=False).encode("utf-8", "ignore") + b"\n") * 3
    assert sniff(content, whole=True).problem is None
    assert sniff(content[: len(content) - cut], whole=False).problem is None


@given(st.binary(max_size=300), st.booleans())
def test_any_octets_are_judged(content: bytes, whole: bool) -> None:
    head = sniff(content, whole=whole)
    assert head.line_end in {b"\n", b"\r"}
    assert head.start in {0, 3}


@pytest.mark.parametrize(
    ("head", "line_end"),
    [
        (b"a\nb\n", b"\n"),
        (b"a\r\nb\r\n", b"\n"),
        (b"a\rb\r", b"\r"),
        (b"a" * 9 + b"\r", b"\n"),  # the head ends within a CRLF
        (b"", b"\n"),
    ],
)
def test_line_ends_are_told_from_the_head(head: bytes, line_end: bytes) -> None:
    assert sniff(head, whole=False).line_end == line_end


def test_a_mark_is_no_part_of_the_first_line() -> None:
    assert sniff(b"\xef\xbb\xbf" + line(appeal()), whole=True).start == 3
