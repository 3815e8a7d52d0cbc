"""The page of tariffs has every key, and the rows of the how-to can be put where it says."""

from __future__ import annotations

import tomllib

import pytest

from gateway.core.tariff import Tariffs
from gateway.core.tariff_check import Checked, check
from gateway.core.tariff_row import Row
from tests.support.pages import ROOT, blocks, read, section, table

PAGE = "reference/tariffs.md"
SHIPPED = tomllib.loads((ROOT / "config" / "tariffs.toml").read_text(encoding="utf-8"))
KINDS = {
    "rule", "vat", "example", "share", "share_example", "failed", "call", "call_example",
}  # fmt: skip
HOW_TO = ROOT / "docs" / "how-to" / "change-a-price.md"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Kind of row -> the keys that its reader knows; the file itself is "tariffs"."""
    seen: dict[str, set[str]] = {}
    done = Row.done

    def note(row: Row) -> None:
        done(row)
        seen.setdefault(row.where.split()[0], set()).update(row._known)

    monkeypatch.setattr(Row, "done", note)
    Tariffs.from_table(SHIPPED)
    return seen


def test_the_page_has_every_key_of_every_row(keys: dict[str, set[str]]) -> None:
    assert keys.keys() == KINDS | {"tariffs"}
    assert set(table(section(read(PAGE), "The file").body)) == keys["tariffs"]
    for kind in KINDS:
        assert set(table(section(read(PAGE), f"[[{kind}]]").body)) == keys[kind], kind


def test_the_rows_of_the_how_to_can_be_put_where_it_says() -> None:
    changed = dict(SHIPPED)
    given = [tomllib.loads(block.body) for block in blocks(HOW_TO) if block.info == ("toml",)]
    assert len(given) == 4
    for block in given:
        for kind, rows in block.items():
            above = kind in {"rule", "share"}
            changed[kind] = rows + changed[kind] if above else changed[kind] + rows
    tariffs = Tariffs.from_table(changed)
    assert {rule.id for rule in tariffs.rules} > {"sms-20"}
    assert tariffs.shares.rules[0].id == "north-40"
    assert check(tariffs) == Checked((), ())
