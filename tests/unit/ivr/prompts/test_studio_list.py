from __future__ import annotations

import csv
import io

from lxml import html

from ivr.prompts.studio_list import COLUMNS, Wanted, as_csv, as_html
from ivr.speech.clips import Tone
from tests.support.recordings import clip

WANTED = [
    Wanted(clip("menu", "Өтініш — бірді, «тексеру» екіні басыңыз.", "kk"), "no file"),
    Wanted(clip("digit-5", '<b>"бес" & алты</b>', "kk", Tone.LEVEL), "a placeholder"),
]


def test_the_table_holds_what_a_speaker_needs() -> None:
    octets = as_csv(WANTED)
    assert octets.startswith(b"\xef\xbb\xbf")
    head, *rows = list(csv.reader(io.StringIO(octets.decode("utf-8-sig"))))
    assert tuple(head) == COLUMNS
    assert [row[:2] for row in rows] == [
        ["kk/menu.wav", WANTED[0].clip.text],
        ["kk/digit-5.wav", WANTED[1].clip.text],
    ]
    assert [row[2].partition(":")[0] for row in rows] == ["falling", "level"]


def test_the_page_holds_the_same() -> None:
    page = html.fromstring(as_html(WANTED, "kk"))
    rows = [[cell.text_content() for cell in row] for row in page.iter("tr")][1:]
    assert [row[1:3] for row in rows] == [
        ["kk/menu.wav", WANTED[0].clip.text],
        ["kk/digit-5.wav", WANTED[1].clip.text],
    ]
    assert not list(page.iter("b"))
    assert {cell.get("lang") for cell in page.iter("td")} == {None, "kk"}


def test_a_list_of_nothing_is_a_list() -> None:
    assert as_csv([]).decode("utf-8-sig").split() == [",".join(COLUMNS)]
    assert b"0 clips" in as_html([], "en")
