"""What is checked of an [[ivr]] table that Asterisk calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import SettingsError, load

TABLE = """
[[ivr]]
name = "1414"
dialect = "fastagi"
path = "/ivr/1414"
secret_env = "SECRET"
"""


def written(folder: Path, lines: str) -> Path:
    path = folder / "jauap.toml"
    path.write_text(TABLE + lines, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "listen = '[::1]:4573'",
        "listen = 'localhost:4573'",
        "listen = '10.0.0.5:4573'\npeers = ['10.0.0.7', '10.0.1.0/24', 'fd00::7']",
    ],
)
def test_this_machine_and_private_addresses_will_do(tmp_path: Path, lines: str) -> None:
    assert load(written(tmp_path, lines), {}).ivr[0].dialect == "fastagi"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("listen = '4573'", "'4573' is not host:port"),
        ("listen = '0.0.0.0:4573'", "'0.0.0.0' is no private address"),
        ("listen = '1.2.3.4:4573'", "FastAGI goes unprotected"),
        ("listen = 'gw.example.kz:4573'", "is no private address"),
        ("peers = []", "peers is empty"),
        ("peers = ['10.0.0.7/8']", "peers: 10.0.0.7/8 has host bits set"),
        ("peers = ['pbx']", "'pbx' does not appear to be"),
    ],
)
def test_what_would_expose_calls_is_refused(tmp_path: Path, lines: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=r"\[\[ivr\]\] '1414': (listen|peers)") as refused:
        load(written(tmp_path, lines), {})
    assert problem in str(refused.value)


def test_other_dialects_listen_nowhere_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, "listen = 'nowhere'")
    path.write_text(path.read_text(encoding="utf-8").replace("fastagi", "json"), encoding="utf-8")
    assert load(path, {}).ivr[0].listen == "nowhere"
