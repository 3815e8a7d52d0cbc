"""A start that fails when the first loops are already running."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.findings import Findings
from gateway.settings import SettingsError
from tests.support.inside import running
from tests.support.service import make_folder


async def test_what_loops_use_is_closed_only_after_they_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    async def last_look(findings: Findings, _: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append(await findings._journal.findings_left())

    monkeypatch.setattr(Findings, "run", last_look)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        await make_folder(tmp_path, [], http={"listen": listen})
        with pytest.RaisesGroup(pytest.RaisesGroup(SettingsError)):
            async with running(tmp_path):
                pass
    assert left == [0]
