"""The page of spoken values says what is said, and names clips that there are."""

from __future__ import annotations

import re
from datetime import date

import pytest

from ivr.actions import LANGUAGES
from ivr.speech import pieces
from ivr.speech.clips import inventory
from ivr.speech.dates import YEARS
from ivr.speech.numerals import NUMBER_MAX
from ivr.speech.phrases import READ_OUT, speak
from ivr.switch import SpokenValue
from tests.support.call_desk import voice_texts
from tests.support.pages import read, rows, section

PAGE = read("reference/speech.md")
VALUES = list(rows(section(PAGE, "Values and their forms").body))
YEAR = 2026
_FORM = re.compile(r"_(gen|acc|abl|dat|times|words)$")


def value_of(name: str, text: str) -> SpokenValue:
    if "-" in text:
        return date.fromisoformat(text)
    return int(text) if text.isdecimal() and name not in READ_OUT else text


@pytest.mark.parametrize("cells", VALUES, ids=lambda cells: cells[0])
def test_a_value_is_said_as_the_page_has_it(cells: list[str]) -> None:
    template = cells[0].strip("`")
    name = _FORM.sub("", template.strip("{}"))
    value = value_of(name, cells[1])
    for language, said in zip(LANGUAGES, cells[2:], strict=True):
        if said != "-":
            assert speak(template, {name: value}, language, YEAR) == said


def test_every_form_that_texts_use_stands_there() -> None:
    shown = {cells[0].strip("`{}").rpartition("_")[2] for cells in VALUES}
    assert {"gen", "acc", "abl", "dat", "times", "words"} <= shown


def test_every_clip_named_there_can_be_needed() -> None:
    texts = voice_texts()
    words = (dict.fromkeys(LANGUAGES, "words"),)
    needed = {clip for language in LANGUAGES for clip in inventory(texts, words, language)}
    for cells in rows(section(PAGE, "Clips").body):
        clip = cells[0].strip("`")
        open_end = clip.endswith("-")
        assert any(each == clip or (open_end and each.startswith(clip)) for each in needed), clip


def test_every_kind_of_clip_stands_there() -> None:
    page = section(PAGE, "Clips").body
    texts = voice_texts()
    for language in LANGUAGES:
        for clip in inventory(texts, (), language):
            group, _, rest = clip.partition("-")
            assert group in texts or f"`{group}" in page, clip
            assert rest.partition("-")[2] in {"", "end", "f", "gen", "abl", "dat"}, clip


def test_pauses_years_and_limits_are_those_of_the_code() -> None:
    told = [int(cells[0]) for cells in rows(section(PAGE, "Pauses").body)]
    assert told == [
        pieces.SENTENCE_PAUSE_MS,
        pieces.GROUP_PAUSE_MS,
        pieces.CLAUSE_PAUSE_MS,
        pieces.DIGIT_PAUSE_MS,
    ]
    assert f"{YEARS.start} to {YEARS.stop - 1}" in PAGE
    assert f"up to {NUMBER_MAX:,}" in PAGE
