"""What the head of a file says against reading it as lines of UTF-8. Pure.

A file in another code page is refused as a whole, never guessed: Windows-1251 has no Kazakh
letters, so what it holds was damaged before it came.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lookup.feed.lines import Problem

BOM: Final = b"\xef\xbb\xbf"
_WHOLE_FILE: Final = "file"
_MAGIC: Final = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office file"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of an old or an encrypted office program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "an RTF document"),
)
_MARKUP: Final = (b"<?xml", b"<!doctype", b"<html")
_OTHER_CODES: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_NULS_OF_UTF16: Final = 4  # every fourth octet is NUL at least: half of its octet pairs have one
_FOREIGN_LINES_MIN: Final = 2  # one damaged line is a matter of that line


class Head(NamedTuple):
    """How to read a file that begins so."""

    start: int  # octets before the first line
    line_end: bytes
    problem: Problem | None  # why it is not read at all


def sniff(head: bytes, *, whole: bool) -> Head:
    """Judge the first octets of a file; `whole`: they are all of it."""
    start = len(BOM) if head.startswith(BOM) else 0
    reason = _reason(head[start:], whole=whole)
    problem = Problem(_WHOLE_FILE, reason) if reason else None
    return Head(start, _line_end(head), problem)


def _reason(head: bytes, *, whole: bool) -> str | None:
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return f"is {form}, not lines; make it CSV or NDJSON, or lay XLSX into a folder"
    if head.lstrip()[:9].lower().startswith(_MARKUP):
        return "is XML or HTML, not lines; make it CSV or NDJSON"
    for mark, code in _OTHER_CODES:
        if head.startswith(mark):
            return f"is {code}; save it as UTF-8"
    if _is_utf16(head):
        return "is UTF-16 without a mark; save it as UTF-8"
    if _is_eight_bit(head, whole=whole):
        return (
            "is not UTF-8 but an 8-bit code such as Windows-1251, which has no Kazakh letters; "
            "save it as UTF-8"
        )
    return None


def _is_utf16(head: bytes) -> bool:
    """NULs in every other octet, as ASCII in UTF-16 has them; scattered ones are single lines'."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) * _NULS_OF_UTF16 > len(head) and min(even, odd) * 10 < max(even, odd)


def _is_eight_bit(head: bytes, *, whole: bool) -> bool:
    """Lines with other than ASCII there are, and not one of them is UTF-8."""
    if head.isascii():
        return False
    lines = head.split(_line_end(head))
    first_is_cut = len(lines) == 1 and not whole
    if not whole and not first_is_cut:
        lines.pop()  # perhaps cut inside a letter
    foreign = 0
    for line in lines:
        if not line.isascii():
            if _is_utf8(line, cut=first_is_cut):
                return False
            foreign += 1
    header_is_foreign = not lines[0].isascii()
    return foreign >= _FOREIGN_LINES_MIN or (foreign > 0 and header_is_foreign)


def _is_utf8(line: bytes, *, cut: bool) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return cut and error.end >= len(line) - 3 and error.reason == "unexpected end of data"
    return True


def _line_end(head: bytes) -> bytes:
    """LF, or the lone CR of old programs; the last octet may be the CR of a CRLF."""
    return b"\r" if b"\n" not in head and b"\r" in head[:-1] else b"\n"
