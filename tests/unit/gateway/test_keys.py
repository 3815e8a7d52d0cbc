"""The key file and what is derived from it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.keys import Keys, read_key_file
from gateway.settings import SettingsError


def test_a_key_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "jauap.key"
    keys = read_key_file(path, create=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path).party("77010000001") == keys.party("77010000001")


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = Keys(b"k" * 32)
    number = "77010000001"
    hashes = {
        keys.party(number), keys.owner(number), keys.fingerprint(number.encode()),
        keys.log(number), keys.capture_token, keys.prompts.hex(),
    }  # fmt: skip
    assert len(hashes) == 6
    assert not any(number in each for each in hashes)


def test_another_key_gives_other_hashes() -> None:
    assert Keys(b"a" * 32).party("7") != Keys(b"b" * 32).party("7")


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "zz" * 32])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "jauap.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="64 hex digits"):
        read_key_file(path)


def test_a_key_file_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jauap.key"
    read_key_file(path, create=True)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_key_file(path)


def test_a_missing_key_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="jauap key"):
        read_key_file(tmp_path / "none")
