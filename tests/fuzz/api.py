"""The whole HTTP of a started service, tried by schemathesis from its own openapi.yaml.

    python -m tests.fuzz.api [--examples N] [--seed N] [--phases LIST]

Every check of schemathesis is on: no server errors, only statuses, types, headers and bodies that
the contract names, wrong requests refused, right ones taken, other methods told what there is, no
answer without a key. Prints how many requests were made and what was answered; exit 1 where a
check failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.api_hooks import BODIES
from tests.support.service import Service, make_folder

ROOT = Path(__file__).parent.parent.parent
SCHEMATHESIS = str(Path(sys.executable).parent / "schemathesis")
LIMIT_S = 14_400.0
PHASES = "examples,coverage,fuzzing,stateful"
HOOKS = "tests.fuzz.api_hooks"

CONFIG = f"""\
hooks = "{HOOKS}"

[generation]
database = "none"

# Its guesses lead in a circle, and nothing else begins: a ticket would never be pushed.
[phases.stateful.inference]
algorithms = []

# What JSON Schema cannot say of a ticket (a date that is no day of the calendar, a step that stands
# twice, a number other than that of the address) is answered 422.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422"]

[[operations]]
include-path = "/ivr/{{name}}"
parameters = {{ name = "1414" }}

# Its answer never ends.
[[operations]]
include-operation-id = "followCalls"
enabled = false

# A bad line is told in the answer and does not stop the others.
[[operations]]
include-operation-id = "postTickets"
checks.negative_data_rejection.enabled = false
"""


class Figures(NamedTuple):
    """What a run was."""

    requests: int
    statuses: Counter[int]
    failed: bool
    report: str


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[Service, str]]:
    """A service with the demo's tickets and all its APIs on, and a key that may do all."""
    feeds = {"enabled": True, "requests_per_s": 1e6, "burst": 1_000_000, "idle_s": 5.0}
    settings = await make_folder(folder, [], feeds=feeds, level="info")
    (folder / "token").write_text("t0ken", encoding="ascii")
    with settings.open("a", encoding="utf-8") as file:
        file.write('\n[[ivr]]\nname = "1414"\ndialect = "json"\npath = "/ivr/1414"\n')
        file.write(f'secret_file = "{folder}/token"\n')
        file.write(f'\n[operators]\ntoken_file = "{folder}/operators"\n')
    service = Service(settings)
    words = [word for body in BODIES for word in ("--body", body)]
    words += [word for right in ("read", "write", "bulk") for word in ("--right", right)]
    made = await service.command("feeds", "add", "-c", str(settings), "aikyn", *words, "--json")
    assert made.code == 0, made.err
    (folder / "operators").write_text(json.loads(made.out)["key"], encoding="ascii")
    try:
        await service.start()
        yield service, json.loads(made.out)["key"]
    finally:
        if service.running:
            await service.kill()


async def tried(service: Service, key: str, examples: int, seed: int, phases: str) -> Figures:
    """One run of schemathesis against the service."""
    config, report = service.folder / "schemathesis.toml", service.folder / "report.ndjson"
    config.write_text(CONFIG, encoding="utf-8")
    report.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS, "--config-file", str(config), "run", service.http + "/openapi.yaml",
        "--header", f"Authorization:Bearer {key}", "--phases", phases,
        "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure",
        "--report", "ndjson", "--report-ndjson-path", str(report), "--no-color",
        cwd=service.folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_S):
            out, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    statuses = await asyncio.to_thread(_statuses, report)
    return Figures(statuses.total(), statuses, process.returncode != 0, out.decode())


def _statuses(report: Path) -> Counter[int]:
    """Of every request in a report of schemathesis."""
    found: Counter[int] = Counter()
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            _collect(json.loads(line), found)
    return found


def _collect(value: Any, found: Counter[int]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("status_code"), int) and "headers" in value:
            found[value["status_code"]] += 1
        for inner in value.values():
            _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)


async def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--examples", type=int, default=1_000, help="of each operation")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--phases", default=PHASES)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder)) as (service, key):
            figures = await tried(service, key, given.examples, given.seed, given.phases)
            assert service.running, "it ended"
            failures = service.events("request_failed")
    print(figures.report)  # noqa: T201 - a program
    statuses = ", ".join(f"{status}: {n:,}" for status, n in sorted(figures.statuses.items()))
    print(f"{figures.requests:,} requests; {statuses}; {len(failures)} failures logged")  # noqa: T201
    return int(figures.failed or bool(failures))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
