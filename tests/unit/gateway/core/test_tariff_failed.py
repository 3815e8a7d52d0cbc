"""[[failed]] rows: what they may say, and which covers."""

from __future__ import annotations

from datetime import date

import pytest

from gateway import config
from gateway.core.tariff import Tariffs
from gateway.core.tariff_check import check, unknown_names
from gateway.core.tariff_failed import Failure, read_failed, read_failed_rule
from gateway.core.tariff_row import FIRST_DAY, LAST_DAY, TariffError

ROW = {"id": "a", "operators": "*", "within_h": 24, "credit": ["late"]}
ON = date(2026, 11, 20)


def test_a_row_is_read() -> None:
    rule = read_failed_rule("failed 1", ROW)
    assert rule == ("a", None, FIRST_DAY, LAST_DAY, 24, frozenset({Failure.LATE}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"within_h": 0}, "within_h = 0, expected a whole number from 1 to 240"),
        ({"within_h": 24.5}, "within_h = 24.5"),
        ({"credit": []}, "credit is missing; give a list of undelivered, unanswered, late"),
        ({"credit": ["lat"]}, "credit has 'lat'; did you mean 'late'?"),
        ({"operators": []}, "operators is missing"),
        ({"hours": 3}, "unknown key 'hours'"),
    ],
)
def test_a_wrong_row_is_refused_by_name(change: dict[str, object], told: str) -> None:
    with pytest.raises(TariffError) as refused:
        read_failed_rule("failed 1", ROW | change)
    assert str(refused.value).startswith("failed 1 (a): ")
    assert told in str(refused.value)


def test_the_first_row_that_covers_wins() -> None:
    ended = ROW | {"id": "old", "valid_to": date(2026, 10, 31), "within_h": 48}
    mine = ROW | {"id": "north", "operators": ["north"], "within_h": 12}
    rules = read_failed([ended, mine, ROW | {"operators": ["north", "south"]}])
    assert rules.rule("north", date(2026, 10, 31)) == rules.rules[0]
    assert rules.rule("north", ON) == rules.rules[1]
    assert rules.rule("south", ON) == rules.rules[2]
    assert rules.rule("east", ON) is None


def test_rows_of_one_id_do_not_overlap() -> None:
    with pytest.raises(TariffError, match="failed a: two rows of this id"):
        read_failed([ROW, ROW])


def test_the_check_of_tariffs_sees_these_rows() -> None:
    shipped = config.table("tariffs.toml")
    late = ROW | {"id": "never", "operators": ["nrth"]}
    tariffs = Tariffs.from_table(shipped | {"failed": [ROW, late, ROW | {"id": "rest"}]})
    [problem] = check(tariffs).problems
    assert problem.startswith("failed 2 (never) can never match")
    assert any("failed 2 (never): operators has 'nrth'" in each
               for each in unknown_names(tariffs, ["north"], [], ON))  # fmt: skip
