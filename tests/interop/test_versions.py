"""The peers are installed, and in the versions that docs/reference/interop.md names."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.docs.test_interop import LOCKED, NPM, locked
from tests.support.foreign.program import found
from tests.support.foreign.scripts import npm_version

SAYS = {  # command, and how it says its version
    "bearerbox": r"Kannel bearerbox version `([\d.]+)'",
    "smsbox": r"Kannel smsbox version `([\d.]+)'",
    "tshark": r"TShark \(Wireshark\) ([\d.]+)",
    "node": r"v([\d.]+)",
}


@pytest.mark.parametrize("name", LOCKED)
def test_a_library_is_the_one_of_the_page(name: str) -> None:
    assert version(name) == locked()[name]


@pytest.mark.parametrize("name", NPM)
def test_a_package_of_npm_is_the_one_of_the_page(name: str) -> None:
    assert npm_version(name) == locked()[name]


@pytest.mark.parametrize("command", SAYS)
def test_a_program_of_debian_is_installed(
    command: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    done = subprocess.run(
        [found(command), "--version"], cwd=tmp_path, capture_output=True, timeout=30, check=True
    )
    said = re.search(SAYS[command], (done.stdout + done.stderr).decode())
    assert said, "it says its version in another way"
    record_property(command, said[1])
