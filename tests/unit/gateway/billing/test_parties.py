from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import config
from gateway.billing.months import Month
from gateway.billing.parties import Parties, Sides, gaps
from gateway.commands.parties import load_parties
from gateway.core.check_digits import iin
from gateway.core.languages import LANGUAGES
from gateway.core.tariff_row import TariffError
from gateway.settings import SettingsError

NOVEMBER = Month(2026, 11)
BIN, OTHER_BIN = "990140001233", "051140004562"


def text(of: str) -> dict[str, str]:
    return {language: f"{of}-{language}" for language in LANGUAGES}


def row(*of: str, **changes: Any) -> dict[str, Any]:
    plain = {
        "of": list(of),
        "name": text("name"),
        "bin": BIN,
        "position": text("position"),
        "signatory": text("signatory"),
        "contract": "17/2026",
        "contract_date": date(2026, 1, 15),
    }
    made = plain | changes
    return {key: value for key, value in made.items() if value is not None}


def owner(**changes: Any) -> dict[str, Any]:
    return row("owner", **{"contract": None, "contract_date": None} | changes)


def parties(*rows: dict[str, Any]) -> Parties:
    return Parties.from_table({"party": list(rows)})


def refused(*rows: dict[str, Any]) -> str:
    with pytest.raises(TariffError) as problem:
        parties(*rows)
    return str(problem.value)


def test_each_side_has_its_names() -> None:
    sides = parties(owner(bin=OTHER_BIN), row("north", "1414")).sides("1414", NOVEMBER)
    assert sides.owner is not None
    assert sides.operator is not None
    assert (sides.owner.bin, sides.owner.contract) == (OTHER_BIN, None)
    assert (sides.operator.bin, sides.operator.contract) == (BIN, "17/2026")
    assert sides.operator.name["kk"] == "name-kk"
    assert gaps(sides, "1414") == []


def test_what_is_not_known_is_left_to_fill_in() -> None:
    empty = parties().sides("north", NOVEMBER)
    assert empty == Sides(None, None)
    assert [each.split(":")[0] for each in gaps(empty, "north")] == [
        "party 'owner'",
        "party 'north'",
    ]
    half = parties(
        owner(), row("north", bin=None, signatory=None, contract=None, contract_date=None)
    )
    assert gaps(half.sides("north", NOVEMBER), "north") == [
        "party 'north': bin, signatory, contract left to fill in"
    ]


def test_an_act_of_an_earlier_month_keeps_its_names() -> None:
    before = row("north", signatory=text("old"), valid_to=date(2026, 11, 29))
    after = row("north", signatory=text("new"), valid_from=date(2026, 11, 30))
    both = parties(before, after)

    def signs(month: Month) -> str | None:
        side = both.sides("north", month).operator
        return side.signatory["en"] if side and side.signatory else None

    assert signs(Month(2026, 10)) == "old-en"
    assert signs(NOVEMBER) == "new-en", "the last day of the month counts"
    assert parties(before).sides("north", NOVEMBER).operator is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row()], "party 1: of is missing"),
        ([row("owner", "north")], "the owner is nobody's operator"),
        ([row("north", name=None)], "party 1 (north): name is missing"),
        ([row("north", name={"kk": "a", "ru": "b"})], "party 1 (north): name: en = None"),
        ([row("north", name=text("a") | {"de": "b"})], "unknown key 'de'"),
        ([row("north", name="North")], "expected a table, got 'North'"),
        ([row("north", bin=990140001233)], "bin = 990140001233, expected 12 digits in quotes"),
        ([row("north", bin="99014000123")], "expected 12 digits in quotes"),
        ([row("north", bin="９９０１４０００１２３３")], "expected 12 digits in quotes"),
        ([row("north", bin="990140001234")], "whose last digit agrees"),
        ([row("north", bin="900101300017")], "an IIN?"),
        ([row("north", contract=None)], "contract_date without contract"),
        ([owner(contract="1")], "unknown key 'contract'"),
        ([row("north", contract_date="15.01.2026")], "a date such as 2026-01-01"),
        ([row("north", contract="1\n2")], "one line of at most 300 characters"),
        ([row("north", name=text("a" * 300))], "one line of at most 300 characters"),
        ([row("north", singatory=text("a"))], "did you mean 'signatory'?"),
        ([row("north", valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1))], "lies after"),
        ([row("north", "west"), row("west")], "party west: two rows of it are valid on one day"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_refused(rows: list[dict[str, Any]], told: str) -> None:
    assert told in refused(*rows)


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(TariffError, match="unknown key 'partie'"):
        Parties.from_table({"partie": []})
    with pytest.raises(TariffError, match=r"rows that begin with \[\[party\]\]"):
        Parties.from_table({"party": {}})


@given(st.text("0123456789", min_size=11, max_size=11))
def test_of_ten_last_digits_one_at_most_makes_a_bin(head: str) -> None:
    taken = []
    for digit in "0123456789":
        number = head + digit
        try:
            parties(row("north", bin=number))
            taken.append(number)
        except TariffError:
            assert not iin(number) or number[4] not in "456"
    assert len(taken) <= 1


@given(
    st.dictionaries(
        st.sampled_from(["of", "name", "bin", "position", "contract", "contract_date", "x"]),
        st.one_of(
            st.none(), st.integers(), st.text(max_size=5), st.lists(st.text(max_size=3)),
            st.dictionaries(st.sampled_from(LANGUAGES), st.text(max_size=3)), st.dates(),
        ),
    )
)  # fmt: skip
def test_whatever_a_row_holds_it_is_read_or_refused(table: dict[str, Any]) -> None:
    with suppress(TariffError):
        parties(table)


def test_the_file_that_is_shipped_can_be_read_and_so_can_its_example() -> None:
    assert Parties.from_table(config.table("parties.toml")) == Parties()
    shipped = (config.folder() / "parties.toml").read_text("utf-8")
    lines = [line[2:] for line in shipped.splitlines() if line.startswith("# ")]
    start = lines.index("[[party]]")
    made = Parties.from_table(tomllib.loads("\n".join(lines[start:])))
    assert gaps(made.sides("north", NOVEMBER), "north") == gaps(
        Sides(None, made.rows[0].party), "north"
    )
    assert made.rows[0].party.bin == BIN


def test_the_file_named_is_read_in_place_of_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_text('[[party]]\nof = ["north"]\nname = { kk = "К", ru = "Р", en = "E" }\n')
    assert load_parties(path).rows[0].party.name["ru"] == "Р"
    path.write_text("[[party]]\n")
    with pytest.raises(SettingsError, match=r"names\.toml: party 1: of is missing"):
        load_parties(path)
