from __future__ import annotations

from typing import Any

import pytest

from gateway.core.tables import TableReader
from gateway.core.word_entries import Entry, Role, Sign
from gateway.core.word_table import WordTable


def read(data: dict[str, Any]) -> tuple[WordTable, list[str]]:
    problems: list[str] = []
    return WordTable(TableReader("keywords.toml", problems), data), problems


def test_each_table_gives_its_role() -> None:
    table, problems = read(
        {
            "kind": {"fine": {"ru": ["штраф"]}},
            "command": {"illegal_inspection": {"kind": "inspection", "kk": ["заңсыз"]}},
            "language": {"kk": {"neutral": ["kaz"]}},
            "sign": {"scam": {"en": ["link"]}},
            "label": {"neutral": ["талон"]},
            "all": {"en": ["all"]},
            "thanks": {"ru": ["спасибо"]},
            "polite": {"ru": ["привет"]},
            "hint": {"kk": ["қалай"]},
        }
    )
    assert problems == []
    assert table.exact == {
        "ШТРАФ": Entry(Role.KIND, kind="fine", language="ru"),
        "ЗАНСЫЗ": Entry(Role.COMMAND, "illegal_inspection", "inspection", language="kk"),
        "KAZ": Entry(Role.LANGUAGE, "kk", neutral=True),
        "LINK": Entry(signs=Sign.SCAM.value, language="en"),
        "ТАЛОН": Entry(Role.LABEL, neutral=True),
        "ALL": Entry(Role.ALL, language="en"),
        "СПАСИБО": Entry(Role.THANKS, language="ru"),
        "ПРИВЕТ": Entry(Role.POLITE, language="ru"),
        "КАЛАЙ": Entry(language="kk"),
    }


def test_the_longest_stem_wins() -> None:
    table, _ = read({"label": {"ru": ["ном-"]}, "thanks": {"ru": ["номер-"]}})
    short, long = table.by_stem("НОМЫ"), table.by_stem("НОМЕРА")
    assert short is not None
    assert long is not None
    assert (short.role, long.role) == (Role.LABEL, Role.THANKS)
    assert table.by_stem("НЕТ") is None
    assert table.by_stem("НОТА") is None


def test_a_word_keeps_the_signs_of_its_stem() -> None:
    table, problems = read(
        {
            "command": {"disagree": {"ru": ["жалоба"]}, "yes": {"ru": ["жалобно"]}},
            "sign": {"complaint": {"ru": ["жалоб-"]}},
            "thanks": {"ru": ["жалобн-"]},
        }
    )
    assert problems == []
    complaint = Sign.COMPLAINT.value
    assert table.exact["ЖАЛОБА"] == Entry(Role.COMMAND, "disagree", signs=complaint, language="ru")
    assert table.exact["ЖАЛОБНО"].value == "yes"


def test_phrases_are_kept_by_their_first_word_the_longest_first() -> None:
    table, problems = read(
        {
            "sign": {
                "not_given": {"ru": ["не дали", "не дали мне", "нет талона"]},
                "slip": {"ru": ["нет талона"]},
            },
            "command": {"disagree": {"ru": ["не соглас-"]}},
        }
    )
    assert problems == []
    assert [rest for rest, _ in table.phrases["НЕ"]] == [("ДАЛИ", "МНЕ"), ("СОГЛАС-",), ("ДАЛИ",)]
    assert table.phrases["HE"] == table.phrases["НЕ"]  # the same to the eye, in Latin letters
    [(_, entry)] = table.phrases["НЕТ"]
    assert entry.signs == Sign.SLIP.value | Sign.NOT_GIVEN.value


def test_common_words_are_marked() -> None:
    table, problems = read(
        {"command": {"disagree": {"ru": ["жалоба", "несогласен"], "common": ["жалоба"]}}}
    )
    assert problems == []
    assert table.exact["ЖАЛОБА"].common
    assert not table.exact["НЕСОГЛАСЕН"].common


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"command": {"halt": {}}}, "command.halt: unknown key; known"),
        ({"language": {"de": {}}}, "language.de: unknown key; known"),
        ({"sign": {"scan": {}}}, "sign.scan: unknown key; did you mean scam?"),
        ({"label": {"de": ["nummer"]}}, "label.de: unknown key"),
        ({"label": {"ru": "номер 5"}}, "label.ru: 'номер 5' is not made of words"),
        ({"label": {"ru": [""]}}, "label.ru: '' is not made of words"),
        ({"label": {"ru": ["№"]}}, "label.ru: '№' is not made of words"),
        ({"label": {"ru": ["но-"]}}, "label.ru: stem 'НО' has fewer than 3 letters"),
        ({"label": {"common": ["номер"]}}, "label.common: list 'номер' under its language"),
        ({"label": {"ru": 5}}, "label.ru: write a text or a list of texts"),
        ({"label": {"ru": ["ясно"]}, "thanks": {"ru": ["ясно"]}}, "'ЯСНО' has another role"),
        ({"label": {"ru": ["ясн-"]}, "thanks": {"ru": ["ясн-"]}}, "'ЯСН' has another role"),
        ({"label": {"ru": ["а я"]}, "thanks": {"ru": ["а я"]}}, "('Я',) has another role"),
    ],
)
def test_a_bad_list_tells_where_and_what_to_do(data: dict[str, Any], problem: str) -> None:
    _, problems = read(data)
    assert problems
    assert all(line.startswith("keywords.toml: ") for line in problems)
    assert any(problem in line for line in problems), problems
