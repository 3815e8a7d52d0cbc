"""docs/reference/parties.md has every key of config/parties.toml, and its example can be read."""

from __future__ import annotations

import re
import tomllib

import pytest

from gateway.billing.months import Month
from gateway.billing.parties import Parties, gaps
from gateway.core.tariff_row import TariffError
from tests.support.pages import DOCS, blocks, names, read, rows, section

PAGE = "reference/parties.md"
NAME = {"kk": "a", "ru": "b", "en": "c"}


def test_every_key_has_its_row() -> None:
    told = [names(cells[0])[0] for cells in rows(section(read(PAGE), "[[party]]").body)]
    with pytest.raises(TariffError) as refusal:
        Parties.from_table({"party": [{"of": ["north"], "name": NAME, "qqqq": 1}]})
    known = re.search(r"known are (.*)$", str(refusal.value))
    assert known is not None
    assert set(told) == set(known[1].split(", "))


def test_the_example_has_both_sides_and_says_what_it_lacks() -> None:
    (example,) = [each for each in blocks(DOCS / PAGE) if each.info[:1] == ("toml",)]
    parties = Parties.from_table(tomllib.loads(example.body))
    sides = parties.sides("north-voice", Month(2026, 11))
    assert gaps(sides, "north-voice") == [
        "party 'north-voice': position, signatory left to fill in"
    ]
