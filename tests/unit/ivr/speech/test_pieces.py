from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Piece
from ivr.speech.pieces import (
    CLAUSE_PAUSE_MS,
    GROUP_PAUSE_MS,
    SENTENCE_PAUSE_MS,
    Field,
    Frame,
    cut,
    falling,
    in_sequence,
    of_frame,
    run,
    spaced,
    text_of,
    word_clip,
)


def filled(template: str, words: str) -> list[Piece | str]:
    parts: list[Piece | str] = []
    for part in cut("t", template):
        parts += [Piece(words, None)] if isinstance(part, Field) else of_frame(part)
    return parts


def test_a_text_without_values_is_one_clip_of_its_own_name() -> None:
    assert cut("goodbye", "Спасибо. До свидания!") == (
        Frame("", "Спасибо. До свидания", "!", "goodbye"),
    )


def test_runs_of_words_between_values_are_numbered() -> None:
    assert cut("t", "Ваш акт, {d}. Срок — {due}.") == (
        Frame("", "Ваш акт", ", ", "t-1"),
        Field("d"),
        Frame(". ", "Срок", " — ", "t-2"),
        Field("due"),
        Frame(".", "", "", ""),
    )


def test_a_run_of_signs_alone_takes_no_number() -> None:
    assert [part.clip for part in cut("t", "{a}, {b} and") if isinstance(part, Frame)] == [
        "",
        "t-1",
    ]


def test_signs_belong_to_the_words_before_them() -> None:
    pieces = run(filled("Срок: {d}. Ждите («{d}»).", "завтра"))
    assert [piece.text for piece in pieces] == ["Срок: ", "завтра. ", "Ждите («", "завтра»)."]


def test_signs_that_stand_first_belong_to_the_first_words() -> None:
    assert run(filled("«{d}» today", "now")) == (Piece("«now» ", None), Piece("today", "t-1"))
    assert run(filled("— Soon", "")) == (Piece("— Soon", "t"),)


def test_signs_make_pauses() -> None:
    pieces = run(filled("A: {d}, b {d} c — {d}! D {d}", "x"))
    assert [piece.pause_ms for piece in pieces] == [
        CLAUSE_PAUSE_MS, CLAUSE_PAUSE_MS, 0, 0, CLAUSE_PAUSE_MS, SENTENCE_PAUSE_MS, 0, 0,
    ]  # fmt: skip


def test_a_longer_pause_of_its_own_stays() -> None:
    (piece,) = run([Piece("one", "digit-1", GROUP_PAUSE_MS), ", "])
    assert piece == Piece("one, ", "digit-1", GROUP_PAUSE_MS)


def test_a_value_without_words_leaves_no_piece() -> None:
    assert run(filled("From {d}: on", "")) == (Piece("From : ", "t-1", CLAUSE_PAUSE_MS),
        Piece("on", "t-2"))  # fmt: skip


def test_a_digit_falls_at_the_end_of_a_sentence_and_nowhere_else() -> None:
    ended, within = Piece("five", "digit-5"), Piece("ten", "number-10")
    assert run([ended, ". "])[0].clip == "digit-5-end"
    assert run([ended, ", "])[0].clip == "digit-5"
    assert run([within, ". "])[0].clip == "number-10"
    assert falling(Piece("five", "digit-5-end")).clip == "digit-5-end"
    assert falling(Piece("five", None)).clip is None


def test_words_are_apart_but_for_a_hyphen() -> None:
    assert text_of(spaced([("twenty-", "number-20"), ("one", "digit-1"), ("days", "days")])) == (
        "twenty-one days"
    )


def test_sentences_are_apart_and_the_last_one_waits_for_nothing() -> None:
    first = run(filled("A {d}.", "b"))
    pieces = in_sequence([first, (), (Piece("C.", "c", SENTENCE_PAUSE_MS),)])
    assert [(piece.text, piece.pause_ms) for piece in pieces] == [
        ("A ", 0),
        ("b. ", SENTENCE_PAUSE_MS),
        ("C.", 0),
    ]
    assert in_sequence([]) == ()


def test_sentences_are_apart_even_where_no_sign_says_so() -> None:
    pieces = in_sequence([(Piece("A", "a"),), (Piece("B", "b"),)])
    assert pieces == (Piece("A ", "a", SENTENCE_PAUSE_MS), Piece("B", "b"))


def test_equal_words_are_one_clip() -> None:
    assert word_clip("қаралуда") == word_clip("қаралуда") != word_clip("қаралды")


TEXTS = st.text("aЖ .,:;!?«»(—-\n", max_size=30)


@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(("", "x", "two words")))
def test_nothing_of_a_text_is_lost_or_moved(frames: list[str], words: str) -> None:
    assert text_of(run(filled("{d}".join(frames), words))) == words.join(frames)
