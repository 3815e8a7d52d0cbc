"""docs/reference/prompts.md tells the limits, faults and pauses that the code has."""

from __future__ import annotations

import re

from ivr.prompts import checking, quality, recordings, serving, sound
from ivr.prompts.folder import MEMORY_OCTETS_MAX
from ivr.prompts.manifest import Entry
from ivr.prompts.quality import Fault
from ivr.speech import pieces
from tests.support.pages import names, read, rows, section

PAGE = "reference/prompts.md"
MIB = 1024**2


def told(heading: str) -> str:
    return section(read(PAGE), heading).body


def test_every_finding_has_its_row() -> None:
    found = {checking.MISSING, checking.NOT_NOTED, checking.TEXT_CHANGED, *Fault}
    listed = [name for cells in rows(told("Format of a clip")) for name in names(cells[2])]
    assert sorted(listed) == sorted(found)


def test_the_limits_of_a_clip_are_those_of_the_check() -> None:
    must = {cells[0]: cells[1] for cells in rows(told("Format of a clip"))}
    assert must["sampling"] == str(sound.TELEPHONE)
    assert f"{quality.SPEECH_MS_MIN} ms" in must["length"]
    assert f"{recordings.FILE_OCTETS_MAX // MIB} MiB" in must["length"]
    assert f"under {quality.PEAK_MIN_DB:.0f} dB" in must["level"]
    assert f"under {quality.LOUDNESS_MIN_DB:.0f} dB" in must["level"]
    assert quality.FULL_IN_A_ROW == 3
    assert "no three samples" in must["overload"]
    assert f"at most {quality.EDGE_MS_MAX} ms" in must["silence"]
    assert f"{quality.PAUSE_MS_MAX / 1000} s inside" in must["silence"]
    assert f"{quality.CUT_MS} ms" in must["edges"]


def test_pauses_and_cuts_are_those_of_the_code() -> None:
    body = told("Format of a clip")
    assert f"cut to {sound.HEAD_MS} ms before and {sound.TAIL_MS} ms behind" in body
    pauses = [int(ms) for ms in re.findall(r"(\d+) ms", body.partition("from the sentence:")[2])]
    assert pauses == [
        pieces.SENTENCE_PAUSE_MS,
        pieces.GROUP_PAUSE_MS,
        pieces.CLAUSE_PAUSE_MS,
        pieces.DIGIT_PAUSE_MS,
    ]


def test_the_manifest_is_told_field_by_field() -> None:
    first = told("The manifest").strip().partition("\n\n")[0]
    assert set(Entry._fields) <= set(names(first))


def test_the_bounds_of_memory_are_told() -> None:
    assert f"{MEMORY_OCTETS_MAX // MIB} MiB at most" in told("What a caller hears")
    addresses = told("Addresses")
    assert f"{serving.FIXED_MAX:,} fixed" in addresses
    assert f"{serving.PRIVATE_MAX:,} others" in addresses
    assert f"{serving.CACHE_OCTETS_MAX // MIB} MiB" in addresses
