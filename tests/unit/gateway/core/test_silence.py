from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from gateway import config
from gateway.core.bases import Bases
from gateway.core.kinds import Kinds
from gateway.core.reading import Asked
from gateway.core.silence import (
    BASE_OF_KIND,
    BASE_OF_OTHERS,
    Served,
    Silence,
    unknown_bases,
)

BASES = Bases.from_table(config.table("bases.toml"))
SOURCES = {
    "registry": Served(("*",)),
    "kui": Served(("crime_report",)),
    "erdr": Served(("investigation",)),
    "treasury": Served(("fine",), "treasury"),
}
SILENCE = Silence(BASES, SOURCES)
NUMBER = "263100030000001"
ALL = Asked(NUMBER, ("crime_report", "investigation", "fine"))
AS_FINE = Asked(NUMBER, ("fine",), ("crime_report", "investigation"))


@pytest.mark.parametrize(
    ("silent", "asked", "told", "base"),
    [
        (["erdr"], ALL, ["crime_report"], "prosecutor"),
        (["kui"], ALL, ["investigation"], "police"),
        (["treasury"], ALL, ["fine"], "treasury"),  # its second view
        (["erdr", "treasury"], ALL, ["crime_report"], "prosecutor"),
        (["registry"], ALL, ["crime_report"], "prosecutor"),  # whatever it may know besides
        (["registry"], ALL, ["crime_report", "investigation", "fine"], "police"),
        (["treasury"], AS_FINE, ["fine"], "treasury"),
        (["kui"], AS_FINE, ["fine"], None),  # nobody asked for a report
        (["kui"], AS_FINE, ["investigation"], "police"),  # but it was no fine
        (["kui"], ALL, [], "police"),
        (["treasury"], AS_FINE, [], "treasury"),
        ([], AS_FINE, [], "fines"),  # no source serves it at all
        (["gone"], ALL, [], "police"),  # a source no longer in the settings
        (["registry"], Asked("1", ("support",)), [], "services"),
    ],
)
def test_the_base_that_matters_is_named(
    silent: Sequence[str], asked: Asked, told: Collection[str], base: str | None
) -> None:
    named = SILENCE.base(silent, asked, told)
    assert named == (None if base is None else BASES.by_language(base))


def test_every_kind_has_a_base_in_the_table() -> None:
    kinds = Kinds.from_table(config.table("kinds.toml")).names
    assert set(BASE_OF_KIND) <= set(kinds)
    assert {BASE_OF_KIND.get(kind, BASE_OF_OTHERS) for kind in kinds} <= set(BASES.names)


def test_a_base_nobody_knows_is_told_with_those_that_are() -> None:
    (problem,) = unknown_bases(BASES, {"a": Served(("*",), "police"), "b": Served(("*",), "polis")})
    assert problem.startswith("[[source]] 'b': no base 'polis' in config/bases.toml; known are pol")
