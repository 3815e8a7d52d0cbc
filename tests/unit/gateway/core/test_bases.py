"""Names of bases."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.bases import BASE_LETTERS_MAX, Bases
from tests.support.wording import sms, table

POLICE = {"kk": "полиция", "ru": "полиция", "en": "police"}


def problems(changes: dict[str, Any]) -> list[str]:
    return Bases.from_table({"police": {**POLICE, **changes}}).check()


def test_the_shipped_bases_have_no_problems() -> None:
    bases = Bases.from_table(table("bases.toml"))
    assert bases.check() == []
    assert bases.names == (
        *("police", "prosecutor", "fines", "treasury"),
        *("bailiffs", "appeals", "inspections", "services"),
    )


def test_a_base_has_a_name_in_each_language() -> None:
    bases = Bases.from_table({"police": POLICE})
    assert bases.name("police", "en") == "police"
    assert bases.by_language("police") == POLICE
    with pytest.raises(KeyError, match=r"no base 'polise' in config/bases.toml"):
        bases.name("polise", "en")


def test_a_name_is_as_long_as_the_texts_leave_room_for() -> None:
    assert sms().worst["base"] == BASE_LETTERS_MAX


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ru": "п" * 17}, "police.ru: 17 letters, 16 fit: shorten it"),
        ({"en": "полиция"}, "police.en: not in the GSM 7-bit alphabet: write it otherwise"),
        ({"kk": ""}, "police.kk: write a text in quotes"),
        ({"de": "Polizei"}, "police.de: unknown key; known: ['en', 'kk', 'ru']"),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(changes: dict[str, Any], problem: str) -> None:
    assert problems(changes) == [f"config/bases.toml: {problem}"]


def test_a_file_without_bases_is_told() -> None:
    assert Bases.from_table({}).check() == [
        "config/bases.toml: police: write one base at least: [<key>] with kk, ru, en"
    ]
