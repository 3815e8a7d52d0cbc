"""docs/reference/interop.md names every peer as it is locked, and every test that meets one."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.foreign.esmes import KINDS
from tests.support.pages import ROOT, names, read, rows, section

PAGE = "reference/interop.md"
INTEROP = ROOT / "tests" / "interop"
DEBIAN = {"kannel", "node", "sipp", "tshark"}
LOCKED = ("smpplib", "aiosmpplib", "smpp34", "pjsua2-python", "twilio", "plivo")
NPM = ("smpp", "xlsx")


def peers() -> dict[str, set[str]]:
    """The versions that the page has for each peer."""
    found: dict[str, set[str]] = {}
    for cells in rows(section(read(PAGE), "Peers").body):
        found.setdefault(cells[0].strip("`"), set()).add(cells[1])
    return found


def locked() -> dict[str, str]:
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    python = dict(re.findall(r"^(\S+)==(\S+)", lock, re.MULTILINE))
    return {name: python[name] for name in LOCKED} | {
        name: npm()["packages"][f"node_modules/{name}"]["version"] for name in NPM
    }


def npm() -> dict[str, dict[str, dict[str, str]]]:
    path = INTEROP / "npm" / "package-lock.json"
    read_lock: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return read_lock


def test_the_versions_are_those_of_the_locks() -> None:
    assert {name: found for name, found in peers().items() if name not in DEBIAN} == {
        name: {version} for name, version in locked().items()
    }


def test_debian_s_peers_have_one_version_each() -> None:
    assert peers().keys() == locked().keys() | DEBIAN
    assert all(len(versions) == 1 for versions in peers().values())


def test_every_test_that_meets_a_peer_is_named() -> None:
    tests = {path.name for path in INTEROP.glob("test_*.py")}
    named = {name for name in names(section(read(PAGE), "Peers").body) if name in tests}
    assert tests == named | {"test_versions.py"}


def test_every_difference_is_one_of_a_peer() -> None:
    differences = rows(section(read(PAGE), "Known differences").body)
    assert {cells[0].strip("`") for cells in differences} <= peers().keys()


def test_every_script_of_a_peer_is_there() -> None:
    assert all((INTEROP / kind.script).exists() for kind in KINDS.values())


def test_npm_s_lock_is_hashed_and_names_no_registry() -> None:
    packages = {name: each for name, each in npm()["packages"].items() if name}
    assert packages
    for each in packages.values():
        assert each["integrity"].startswith("sha512-")
        assert "resolved" not in each
    package = json.loads(Path(INTEROP / "npm" / "package.json").read_text(encoding="utf-8"))
    for name, version in package["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version, "exact, as all our locks"
