"""What every test has: loopback only, no settings of this machine, a count by layer at the end."""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

LOOPBACK = ("127.", "::1", "localhost")
TESTS = Path(__file__).parent

for name in [name for name in os.environ if name.startswith("JAUAP_")]:
    del os.environ[name]

# A slow or busy machine is no reason for a property to fail.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and not str(host).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line a layer, then the plain count."""
    layers: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            path = Path(report.nodeid.split("::")[0])
            layer = path.parts[1] if len(path.parts) > 2 else "style"
            layers.setdefault(layer, Counter())[outcome] += 1
    total: Counter[str] = Counter()
    for layer, counts in sorted(layers.items()):
        total.update(counts)
        bad = counts["failed"] + counts["error"]
        terminalreporter.write_line(f"{layer:12} {counts['passed']:5} passed {bad:3} failed")
    bad = total["failed"] + total["error"]
    terminalreporter.write_line(
        f"{total['passed']} passed, {bad} failed, {total['skipped']} skipped"
    )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a test that did not run is a failure. The database server ends with the tests."""
    postgres = sys.modules.get("tests.support.postgres")
    if postgres is not None:
        postgres.shared.stop()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and not exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
