from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.actions import Piece
from ivr.prompts.phrases import all_recorded, any_recorded, fixed_name, plan, private_name
from tests.support.recordings import clip, phrase, recorded, recordings_of, tone

STATE, DUE, END = clip("state-1"), clip("due"), clip("goodbye")
FILES = {each: recorded(tone(80 + 10 * at)) for at, each in enumerate((STATE, DUE, END))}
BODY = Piece("акимат ", None, 150)


def test_recorded_and_other_words_keep_their_order(tmp_path: Path) -> None:
    recordings = recordings_of(tmp_path, FILES)
    made = plan(phrase(Piece("Отвечает ", "state-1"), BODY, Piece("срок", "due", 350)), recordings)
    assert [(part.text, part.pause_ms) for part in made.parts] == [
        ("Отвечает", 0), ("акимат", 150), ("срок", 350),
    ]  # fmt: skip
    assert [part.recording for part in made.parts] == [
        recordings.get("ru", "state-1"), None, recordings.get("ru", "due"),
    ]  # fmt: skip
    assert made.recorded


def test_what_is_nowhere_recorded_is_spoken_as_one(tmp_path: Path) -> None:
    made = plan(phrase(Piece("Отвечает ", "x", 150), BODY), recordings_of(tmp_path, FILES))
    assert [(part.text, part.pause_ms) for part in made.parts] == [("Отвечает акимат", 0)]
    assert not made.recorded


def test_a_sign_alone_is_a_pause(tmp_path: Path) -> None:
    recordings = recordings_of(tmp_path, FILES)
    pieces = Piece("— ", None, 70), Piece("Срок", "due", 50), Piece(". ", None, 350)
    (part,) = plan(phrase(*pieces), recordings).parts
    assert (part.recording, part.pause_ms) == (recordings.get("ru", "due"), 400)


@pytest.mark.parametrize(
    ("pieces", "of_any", "of_all"),
    [
        ((), False, False),
        ((Piece("— ", None),), False, False),
        ((BODY,), False, False),
        ((Piece("Срок ", "due"), BODY), True, False),
        ((Piece("Срок ", "due"), Piece("завтра ", "day-99")), True, False),
        ((Piece("Срок ", "due"), Piece("— ", None), Piece("конец", "goodbye")), True, True),
    ],
)
def test_how_much_is_recorded_is_known_before_it_is_planned(
    tmp_path: Path, pieces: tuple[Piece, ...], of_any: bool, of_all: bool
) -> None:
    recordings = recordings_of(tmp_path, FILES)
    said = phrase(*pieces)
    assert (any_recorded(said, recordings), all_recorded(said, recordings)) == (of_any, of_all)


def test_a_clip_of_another_language_is_not_taken(tmp_path: Path) -> None:
    recordings = recordings_of(tmp_path, FILES)
    assert not plan(phrase(Piece("due", "due"), language="en"), recordings).recorded


def test_the_name_of_a_fixed_sentence_tells_its_clip(tmp_path: Path) -> None:
    recordings = recordings_of(tmp_path, FILES)
    one = fixed_name(plan(phrase(Piece("Конец.", "goodbye")), recordings))
    assert re.fullmatch(r"ru/goodbye\.[0-9a-f]{8}\.wav", one)
    two = fixed_name(plan(phrase(Piece("Срок ", "due"), Piece("конец.", "goodbye")), recordings))
    assert re.fullmatch(r"ru/due-and-1\.[0-9a-f]{8}\.wav", two)
    words = fixed_name(plan(phrase(Piece("совсем другое", None)), recordings))
    assert re.fullmatch(r"ru/words\.[0-9a-f]{8}\.wav", words)


def test_another_recording_has_another_name(tmp_path: Path) -> None:
    said = phrase(Piece("Конец.", "goodbye"))
    before = plan(said, recordings_of(tmp_path, FILES))
    after = plan(said, recordings_of(tmp_path, {**FILES, END: recorded(tone(333))}))
    assert fixed_name(before) != fixed_name(after)
    assert fixed_name(before) == fixed_name(plan(said, recordings_of(tmp_path, FILES)))


@pytest.mark.parametrize(
    "other",
    [
        (Piece("Срок", "due", 50), Piece("конец", "goodbye")),
        (Piece("Срок", "due"), Piece("начало", None)),
        (Piece("Срок", "due"), Piece("конец", None)),
        (Piece("конец", "goodbye"), Piece("Срок", "due")),
    ],
)
def test_another_sound_has_another_name(tmp_path: Path, other: tuple[Piece, ...]) -> None:
    recordings = recordings_of(tmp_path, FILES)
    first = plan(phrase(Piece("Срок", "due"), Piece("конец", "goodbye")), recordings)
    second = plan(phrase(*other), recordings)
    assert fixed_name(first).split(".")[1] != fixed_name(second).split(".")[1]


def test_a_private_name_needs_the_key() -> None:
    name = private_name("ноль пять", "ru", b"key")
    assert re.fullmatch(r"[0-9a-f]{40}\.wav", name)
    assert name == private_name("ноль пять", "ru", b"key")
    others = [("ноль шесть", "ru", b"key"), ("ноль пять", "kk", b"key"), ("ноль пять", "ru", b"k")]
    assert name not in {private_name(*other) for other in others}
    assert private_name("\ud800", "ru", b"key")
