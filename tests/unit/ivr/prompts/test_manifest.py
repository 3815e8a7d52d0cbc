from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts.manifest import (
    PLACEHOLDER_MARK,
    Entry,
    Made,
    ManifestError,
    made_by,
    parse,
    text_in,
    write,
)
from ivr.prompts.sound import wav
from tests.support.recordings import samples_in, tone

ENTRY = Entry("Срок", "Срок", "ab" * 32, Made.RECORDED)
ENTRIES = st.dictionaries(
    st.tuples(st.sampled_from(["kk", "ru", "en"]), st.text(max_size=20)),
    st.builds(Entry, st.text(), st.text(), st.text(), st.sampled_from(Made)),
    max_size=5,
)


@given(ENTRIES)
def test_what_is_written_is_read_again(entries: dict[tuple[str, str], Entry]) -> None:
    assert parse(write(entries)) == entries


def test_a_person_can_read_it() -> None:
    assert "Срок" in write({("ru", "due"): ENTRY}).decode()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"null",
        b"[]",
        b'{"format": 1}',
        b'{"format": 1, "clips": {"ru": []}}',
        b'{"format": 1, "clips": {"ru": {"a": {"text": "x"}}}}',
        b'{"format": 1, "clips": {"ru": {"a": {"text": 1, "asked": "", "sha256": "", '
        b'"made": "recorded"}}}}',
        b'{"format": 1, "clips": {"ru": {"a": {"text": "", "asked": "", "sha256": "", '
        b'"made": "sung"}}}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused_with_a_remedy(octets: bytes) -> None:
    with pytest.raises(ManifestError, match="backup"):
        parse(octets)


def test_a_later_format_is_refused_by_its_name() -> None:
    with pytest.raises(ManifestError, match="format 2"):
        parse(b'{"format": 2, "clips": {}}')


@given(st.binary(max_size=300))
def test_no_octets_break_it(octets: bytes) -> None:
    with pytest.raises(ManifestError):
        parse(octets)


def test_a_file_that_was_not_replaced_says_what_was_noted() -> None:
    entry = ENTRY._replace(asked="Новый срок")
    assert text_in(entry, entry.sha256) == "Срок"


def test_a_file_that_was_replaced_says_what_was_asked_for_last() -> None:
    assert text_in(ENTRY._replace(asked="Новый срок"), "cd" * 32) == "Новый срок"


def test_nothing_is_known_of_a_file_that_was_never_noted() -> None:
    assert text_in(None, "ab" * 32) is None


def test_a_placeholder_is_known_by_its_file() -> None:
    marked = wav(tone(50), PLACEHOLDER_MARK)
    assert made_by(marked) is Made.PLACEHOLDER
    assert samples_in(marked) == tone(50)
    assert made_by(wav(tone(50))) is Made.RECORDED
