"""The page of answers says what the code says now."""

from __future__ import annotations

from gateway.core.segments import fits_one_part
from tests.support import answers
from tests.support.pages import rows
from tests.support.wording import LANGUAGES, statuses


def test_the_page_of_answers_is_what_is_answered() -> None:
    assert answers.PAGE.read_text(encoding="utf-8") == answers.page(), (
        "write it anew: python -m tests.support.answers"
    )


def test_every_status_of_every_kind_stands_there_in_every_language() -> None:
    page = answers.page()
    for code, kind in statuses().kinds.items():
        section = page.partition(f"(`{code}`)\n")[2].partition("\n## ")[0]
        told = {(cells[0].strip("`"), cells[2]) for cells in rows(section)}
        wanted = {(row.code, code) for row in kind.rows.values() for code in LANGUAGES}
        assert told == wanted


def test_every_answer_there_is_one_part() -> None:
    for _, _, _, text, _ in rows(answers.page()):
        assert fits_one_part(text.replace("\\*", "*"))


def test_a_sample_has_all_that_its_texts_can_tell() -> None:
    """Else the page would show the texts for tickets that lack something."""
    for code, kind in statuses().kinds.items():
        for row in kind.rows.values():
            case = next(each for each in answers.cases(code) if each.name == f"`{row.code}`")
            told = answers.telling().words(
                case.record, "ru", today=answers.TODAY, now_us=answers.NOW_US, verified=True
            )
            assert told.text_id == row.texts.sms[0].text_id, (code, row.code)
