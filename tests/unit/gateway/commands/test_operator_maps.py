from __future__ import annotations

from pathlib import Path

import pytest

from gateway import config
from gateway.commands.operator_maps import check_maps, load_map
from gateway.settings import SettingsError

MAP = """
format = "csv"
time = "iso"
zone = "UTC"
record = "mo"
columns = { msisdn = "A", short_code = "B", at = "T" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "reconcile"
    made.mkdir()
    monkeypatch.setattr(config, "folder", lambda: tmp_path)
    return made


def test_a_map_is_found_by_the_operators_name(folder: Path) -> None:
    (folder / "north.toml").write_text(MAP, encoding="utf-8")
    assert load_map("north").window_s == 120


def test_an_operator_without_a_map_is_told_where_it_belongs(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"reconcile/\.\./north\.toml: there is no map"):
        load_map("../north")


def test_a_map_named_by_its_file_is_read_from_there(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(MAP + "window_s = 60\n", encoding="utf-8")
    assert load_map("north", path).window_s == 60


def test_every_map_is_checked(folder: Path) -> None:
    (folder / "north.toml").write_text(MAP, encoding="utf-8")
    check_maps()
    (folder / "south.toml").write_text(f"{MAP}windw_s = 60\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"south\.toml: map: unknown key 'windw_s'"):
        check_maps()
