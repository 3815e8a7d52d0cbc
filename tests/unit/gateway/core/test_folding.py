from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.folding import (
    CONFUSED_SIGNS,
    TEXT_MAX,
    as_digits,
    capitals,
    fold,
    is_number_like,
    twins,
)

any_text = st.text(st.characters())  # lone surrogates as well: a broken link sends anything


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("  талон\t0612\r\n0000 ", "талон 0612 0000"),
        ("0612\u00a00000\u20090012", "0612 0000 0012"),
        ("06\u200b12\u00ad00\ufeff\u200e", "061200"),
        ("٠٦١٢", "0612"),
        ("０６１２", "0612"),
        ("۰۶۱۲", "0612"),
        ("०६१२", "0612"),
        ("𝟘𝟞𝟙𝟚", "0612"),
        ("1️⃣", "1"),
        ("0612–0000—0012−34", "0612-0000-0012-34"),
        ("№ 0612", "# 0612"),
        ("и\u0306", "й"),
        ("ﬁne", "fine"),
        ("a\0b\x07", "ab"),
        ("талон 5", "талон 5"),
        ("\u200b\u2060", ""),
    ],
)
def test_what_a_reader_does_not_see_or_tell_apart_is_folded(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(any_text)
def test_folding_takes_any_text_and_is_done_once(text: str) -> None:
    folded = fold(text)
    assert len(folded) <= TEXT_MAX
    assert folded == " ".join(folded.split())
    assert not any(sign.isdecimal() and not sign.isascii() for sign in folded)


@given(st.text("0123456789 абвәғқҢ-abcxyz"))
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_short_way_for_plain_texts_changes_nothing() -> None:
    for code in (*range(0x20, 0x7F), *range(0x400, 0x500)):
        assert unicodedata.normalize("NFKC", chr(code)) == chr(code)


def test_no_number_is_cut_in_two_at_the_end() -> None:
    story = "а" * (TEXT_MAX - 10)
    assert fold(f"{story} 263100030000001 276") == story
    assert fold("\u0301".join("б" * TEXT_MAX) + " 12345678")[-1] != "8"


def test_a_text_of_digits_alone_is_kept_up_to_the_limit() -> None:
    assert fold("1" * (TEXT_MAX + 5)) == "1" * TEXT_MAX


def test_a_text_that_grows_by_folding_is_cut_again() -> None:
    assert 0 < len(fold("\ufdfa" * TEXT_MAX)) <= TEXT_MAX


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        ("өтініш", "ОТИНИШ"),
        ("отиниш", "ОТИНИШ"),
        ("ҚАЗ", "КАЗ"),
        ("һәм ғұң үш", "ХАМ ГУН УШ"),
        ("ещё", "ЕЩЕ"),
        ("CTOП", "СТОП"),
        ("сtоп", "СТОП"),
        ("КАZ", "KAZ"),
        ("AKT", "AKT"),
        ("Qазақ", "QАЗАК"),
        ("stop Стоп", "STOP СТОП"),
        ("ab СТOП", "AB СТОП"),
    ],
)
def test_words_are_compared_by_folded_letters(typed: str, compared: str) -> None:
    assert capitals(typed) == compared


@given(any_text)
def test_capitals_keep_every_offset(text: str) -> None:
    folded = fold(text)
    assert len(capitals(folded)) == len(folded)


def test_a_letter_that_grows_in_capitals_stays_as_it_is() -> None:
    assert capitals("straße") == "STRAßE"


@pytest.mark.parametrize(
    ("word", "spellings"),
    [
        ("АКТ", {"АКТ", "AKT"}),
        ("AKT", {"АКТ", "AKT"}),
        ("СТОП", {"СТОП"}),
        ("STOP", {"STOP"}),
        ("ИС", {"ИС", "IC"}),
        ("I", {"I"}),
    ],
)
def test_a_word_of_look_alikes_has_a_twin(word: str, spellings: set[str]) -> None:
    assert set(twins(word)) == spellings


def test_letters_that_stand_for_digits_are_those_of_the_rules() -> None:
    assert as_digits("ОоOoЗзІіIl|ЧчбSZBВ") == "000033111114465288"
    assert not any(sign.isdigit() for sign in CONFUSED_SIGNS)
    assert as_digits("ЯbszвL") == "ЯbszвL"


@pytest.mark.parametrize(
    ("signs", "letters", "meant"),
    [(18, 6, True), (8, 3, True), (8, 4, False), (7, 1, False), (10, 4, True)],
)
def test_a_token_is_number_like_from_eight_signs_and_sixty_percent(
    signs: int, letters: int, meant: bool
) -> None:
    assert is_number_like(signs, letters) is meant
