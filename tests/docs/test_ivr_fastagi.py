"""What docs/reference/ivr-fastagi.md says of names and limits is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ivr.fastagi as server
from gateway.settings import load
from ivr.dialects.agi_script import BILLED, GRACE_S, PLAY_S_MAX, TRANSFER_S_MAX
from ivr.dialects.fastagi import KEYS, SECRET_SIGNS_MIN, SUBROUTINE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ivr-fastagi.md"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [block for given, block in found if given == kind]


def test_the_table_shown_is_valid(text: str, tmp_path: Path) -> None:
    path = tmp_path / "jauap.toml"
    (block,) = blocks(text, "toml")
    path.write_text(block, encoding="utf-8")
    (table,) = load(path, {}).ivr
    assert table.dialect == "fastagi"
    assert f"{SECRET_SIGNS_MIN} signs or more" in block


def test_the_dialplan_has_the_subroutine_that_is_called(text: str) -> None:
    for block in blocks(text, ""):
        assert f"[{SUBROUTINE}]" in block
        assert "exten => s,1," in block


def test_the_commands_are_those_that_are_sent(text: str) -> None:
    assert f'`STREAM FILE "<url>" "{KEYS}"`' in text
    assert f"`GOSUB {SUBROUTINE} s 1 " in text
    assert f"`{BILLED}`" in text


def test_the_limits_are_as_said(text: str) -> None:
    said = text.partition("## Limits")[2]
    for limit in (
        f"{server.CONNECTIONS_MAX:,}; one more",
        f"{server.ENVIRONMENT_LINES_MAX} lines within {server.ENVIRONMENT_S:.0f} s",
        f"{server.LINE_OCTETS_MAX:,} octets",
        f"{server.REPLY_LINES_MAX} lines; {GRACE_S:.0f} s above",
        f"a recording {PLAY_S_MAX / 60:.0f} minutes, a transfer {TRANSFER_S_MAX / 3_600:.0f} hours",
        f"{server.HUNG_UP_S:.0f} s for what",
        f"{server.SILENT_PEER_S * (1 + server.PROBES) / 60:.0f} minutes (TCP",
    ):
        assert limit in said
