"""A small month through every command that closes it, with differences of every cause."""

from __future__ import annotations

import pytest

from gateway.billing.reconcile.records import Cause
from tests.support.month_of_three_million import close, reconcile
from tests.support.month_steps import Month

COUNT, EVERY = 3_000, 8

pytestmark = pytest.mark.timeout(300)  # whoever comes first has the month made: 13 processes


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return close(tmp_path_factory.mktemp("month"), COUNT, EVERY, forms=("json",))


def test_every_figure_of_a_month_is_the_truth(closed: Month) -> None:
    assert {step.name: step.wrong for step in closed.steps if step.wrong} == {}
    assert len(closed.steps) == 13


def test_the_month_has_differences_of_every_cause(closed: Month) -> None:
    operators = closed.truth["operators"].values()
    assert {cause for of in operators for _, cause, _ in of["causes"]} == set(Cause)


def test_what_is_not_the_truth_is_told(closed: Month) -> None:
    truth = closed.folder / "truth-north.csv"
    whole = truth.read_text(encoding="utf-8")
    hidden, rest = whole.split("\n", maxsplit=1)
    truth.write_text(rest, encoding="utf-8")
    try:
        again = Month(closed.folder)
        again.lay_out(COUNT, EVERY)
        reconcile(again, "north")
    finally:
        truth.write_text(whole, encoding="utf-8")
    found = tuple(hidden.strip().split(","))
    assert [step.wrong for step in again.steps] == [(f"invented: {found}",)]
