from __future__ import annotations

import pytest

from ivr.prompts.manifest import PLACEHOLDER_MARK, Entry, Made, digest
from ivr.prompts.recordings import (
    FILE_OCTETS_MAX,
    Missing,
    Recording,
    Recordings,
    recording_of,
)
from ivr.prompts.sound import silence, trimmed, wav
from tests.support.recordings import clip, recorded, tone, wav_of

CLIP = clip("due", "Срок")


def noted(file: bytes, text: str = "Срок") -> Entry:
    return Entry(text, "Срок", digest(file), Made.RECORDED)


def test_a_recording_is_kept_cut_close() -> None:
    file = recorded(tone(80), edge_ms=300)
    found = recording_of(file, CLIP, noted(file))
    assert isinstance(found, Recording)
    assert found.samples == trimmed(tone(80))
    assert found.made is Made.RECORDED


def test_what_it_holds_names_it_not_the_silence_around_it() -> None:
    first, second, other = recorded(tone(80)), recorded(tone(80), edge_ms=90), recorded(tone(81))
    found = [recording_of(file, CLIP, noted(file)) for file in (first, second, other)]
    hashes = [each.sha256 for each in found if isinstance(each, Recording)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (None, Missing.NO_FILE),
        (b"RIFF", Missing.FORMAT),
        (wav_of(tone(80), rate=44_100), Missing.FORMAT),
        (wav_of(tone(80), channels=2), Missing.FORMAT),
        (wav(bytes(FILE_OCTETS_MAX)), Missing.FORMAT),
        (wav(silence(500)), Missing.SILENT),
    ],
)
def test_what_cannot_be_played_has_its_reason(file: bytes | None, why: Missing) -> None:
    assert recording_of(file, CLIP, noted(file or b"")) is why


def test_a_sentence_is_never_played_in_its_old_words() -> None:
    file = recorded(tone(80))
    assert recording_of(file, CLIP, noted(file, "Крайний срок")) is Missing.OTHER_TEXT
    assert recording_of(file, CLIP, None) is Missing.NOT_NOTED


def test_the_state_counts_by_language() -> None:
    marked = wav(tone(80), PLACEHOLDER_MARK)
    found = recording_of(marked, CLIP, noted(marked))
    assert isinstance(found, Recording)
    some = Recordings({("ru", "due"): found}, {"kk": {"due": Missing.NO_FILE}, "ru": {}})
    assert not some.complete
    assert some.state() == {
        "kk": {"missing": 1, "placeholders": 0},
        "ru": {"missing": 0, "placeholders": 1},
    }
    assert some.get("ru", "due") is found
    assert some.get("ru", None) is None
    assert some.get("kk", "due") is None
    assert Recordings({}, {"kk": {}}).complete
