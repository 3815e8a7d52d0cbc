"""What docs/how-to/push-statuses.md says to type is typed, against a service that runs; what it
says is shown is shown."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.support.pages import DOCS, blocks
from tests.support.pushing import FEEDS
from tests.support.service import serving

PAGE = DOCS / "how-to" / "push-statuses.md"
COMMAND_S = 30.0


async def run(text: str, folder: Path, environ: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", text, cwd=folder, env=environ,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(COMMAND_S):
        out, err = await process.communicate()
    assert process.returncode == 0, f"{text}: {out.decode()}{err.decode()}"
    return out.decode()


async def test_the_page_can_be_followed(tmp_path: Path) -> None:
    async with serving(tmp_path, feeds=FEEDS) as service:
        environ = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "JAUAP_CONFIG": str(service.settings),
            "URL": service.http,
        }
        shown = ""
        steps = 0
        for block in blocks(PAGE):
            mark = block.info[-1]
            if mark == "run":
                shown = await run(block.body, tmp_path, environ)
                environ.setdefault("KEY", json.loads(shown.splitlines()[0]).get("key", ""))
                steps += 1
            elif mark == "shown":
                assert shown.strip() == block.body.strip()
            elif mark.startswith("file="):
                (tmp_path / mark.removeprefix("file=")).write_text(block.body, encoding="utf-8")
            else:
                assert mark == "toml", f"{block.body} is not tried"
        assert steps >= 5
        assert json.loads(shown)["tickets"][0]["number"] == "061200000012350001"
