from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import LANGUAGES, Phrase, Say
from ivr.speech.clips import NAMES, Clip, Tone, inventory
from ivr.speech.dates import YEARS
from ivr.speech.numerals import NUMBER_MAX
from ivr.speech.phrases import phrase
from ivr.speech.pieces import Field, cut, word_clip
from ivr.switch import Sentence, SpokenValue
from tests.support.call_desk import BODY, voice_texts

TEXTS = voice_texts()
WORDS = (
    {"kk": "қаралуда", "ru": "на рассмотрении", "en": "in review"},
    {"kk": "берілді", "ru": "удовлетворено", "en": "granted"},
    {"kk": "арыз", "ru": "заявление", "en": "report"},
)
CLIPS = {language: inventory(TEXTS, WORDS, language) for language in LANGUAGES}

DAYS = st.dates(date(YEARS.start, 1, 1), date(YEARS.stop - 1, 12, 31))
COUNTS = st.integers(-5, NUMBER_MAX + 5) | st.integers(0, 120)
CHOICES = st.lists(st.integers(0, 21), min_size=1, max_size=4).map(
    lambda lengths: "/".join(map(str, lengths))
)
VALUES: dict[str, st.SearchStrategy[SpokenValue]] = {
    **dict.fromkeys(("d", "due", "from", "to", "asof"), DAYS),
    **dict.fromkeys(("k", "days", "sum", "half", "price", "got"), COUNTS),
    **dict.fromkeys(("digits", "ref"), st.text("0123456789", min_size=1, max_size=64)),
    **dict.fromkeys(("from_hour", "to_hour"), st.integers(0, 24)),
    **dict.fromkeys(("status", "outcome", "kind1", "kind2", "base"), st.sampled_from(WORDS)),
    "want": CHOICES,
    "body": st.just(BODY),
}


def bare(text: str) -> str:
    """The words alone: signs about them are no part of a recording."""
    return re.sub(r"^\W+|\W+$", "", text)


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    """Anything that can be said: some texts of the catalogue with any values."""
    language = draw(st.sampled_from(LANGUAGES))
    ids = draw(st.lists(st.sampled_from(sorted(TEXTS)), min_size=1, max_size=4))
    said = tuple(
        Sentence(text_id, {name: draw(VALUES[name]) for name in names_of(text_id)})
        for text_id in ids
    )
    return phrase(Say(said, language), TEXTS, draw(st.integers(YEARS.start, YEARS.stop)))


def names_of(text_id: str) -> list[str]:
    fields = {
        part.name
        for language in LANGUAGES
        for part in cut(text_id, TEXTS[text_id][language])
        if isinstance(part, Field)
    }
    return sorted({name if name in NAMES else name.rpartition("_")[0] for name in fields})


@given(phrases())
def test_whatever_is_said_is_there_to_be_recorded(said: Phrase) -> None:
    for piece in said.pieces:
        if piece.clip is None:
            assert bare(piece.text) == bare(BODY[said.language])
        else:
            assert bare(piece.text) == bare(CLIPS[said.language][piece.clip].text)


@given(phrases())
def test_pieces_are_the_text_and_pauses_are_between_them(said: Phrase) -> None:
    assert "".join(piece.text for piece in said.pieces) == said.text
    assert all(bare(piece.text) for piece in said.pieces)
    assert said.pieces[-1].pause_ms == 0
    assert not re.search(r"\s\s|^\s|\s$|\s[.,]|[{}0-9]", said.text)


@given(phrases())
def test_a_falling_digit_ends_its_sentence_or_its_number(said: Phrase) -> None:
    for piece, after in zip(said.pieces, said.pieces[1:], strict=False):
        ends = piece.text.rstrip().endswith((".", "!", "?"))
        if piece.clip and piece.clip.startswith("digit-") and ends:
            assert piece.clip.endswith("-end")
        if piece.clip and piece.clip.endswith("-end"):
            assert not (after.clip or "").startswith("digit-")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_inventory_holds_nothing_twice_and_nothing_empty(language: str) -> None:
    clips = CLIPS[language]
    assert all(clip.id == clip_id and clip.language == language for clip_id, clip in clips.items())
    assert all(clip.text == clip.text.strip() and bare(clip.text) for clip in clips.values())
    assert all(re.fullmatch(r"[a-z0-9_.-]+", clip_id) for clip_id in clips)
    words = [
        (clip.text, clip.tone, clip_id.split("-")[0])
        for clip_id, clip in clips.items()
        if clip_id.split("-")[0] not in TEXTS
    ]
    assert len(set(words)) == len(words)


def test_a_list_runs_from_sentences_to_dates() -> None:
    ids = list(CLIPS["ru"])
    assert ids[0] == "welcome"
    places = [ids.index(clip) for clip in (
        "goodbye", word_clip("на рассмотрении"), "digit-0", "digit-0-end", "digit-1", "number-10",
        "number-200", "thousand", "or", "day-1", "day-1-gen", "day-2", "day-31", "month-1",
        "month-12", "year-2013", "hour-1-gen",
    )]  # fmt: skip
    assert places == sorted(places)


def test_a_clip_tells_the_speaker_how_it_ends() -> None:
    clips = CLIPS["ru"]
    assert clips["confirm_number-1"] == Clip("confirm_number-1", "ru", "Вы набрали:", Tone.LEVEL)
    assert clips["goodbye"].tone is Tone.FALLING
    assert clips["digit-5"] == Clip("digit-5", "ru", "пять", Tone.LEVEL)
    assert clips["digit-5-end"] == Clip("digit-5-end", "ru", "пять", Tone.FALLING)


def test_only_what_the_texts_of_a_language_need_is_recorded() -> None:
    texts = {"one": {"kk": "Бір.", "ru": "{due_gen}", "en": "Due {due}"}}
    assert list(inventory(texts, WORDS, "kk")) == ["one"]
    ru = inventory(texts, WORDS, "ru")
    assert "day-5-gen" in ru
    assert not {"day-5", "hour-5", "digit-5", word_clip("заявление")} & ru.keys()
    assert "day-5" in inventory(texts, WORDS, "en")


def test_a_number_read_out_needs_each_digit_in_both_tones() -> None:
    clips = inventory({"one": {"kk": "{digits}"}}, (), "kk")
    assert set(clips) == {f"digit-{digit}{end}" for digit in range(10) for end in ("", "-end")}


def test_words_are_those_of_the_language_and_once() -> None:
    texts = {"one": {"en": "{status}!"}}
    clips = inventory(texts, (*WORDS, *WORDS, {"kk": "басқа"}), "en")
    assert sorted(clip.text for clip in clips.values()) == ["granted", "in review", "report"]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"one": {"en": "{shoes}"}}, "{shoes}: what it holds is not known"),
        ({"one": {"en": "{due_shoes}"}}, "{due_shoes}: a date has the forms"),
        ({"one": {"en": "{from_hour_gen}"}}, "{from_hour_gen}: an hour has no form gen in en"),
        ({"one": {"en": "{status_gen}"}}, "{status_gen}: words have no forms"),
        ({"one": {"en": "{ref_gen}"}}, "{ref_gen}: words have no forms"),
        ({"one": {"ru": "Да."}}, "one: no text in en"),
    ],
)
def test_a_text_that_cannot_be_recorded_is_named(
    texts: dict[str, dict[str, str]], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        inventory(texts, (), "en")
