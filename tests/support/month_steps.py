"""The folder of a busy month and the commands run in it: what each takes, and where it errs."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import Any, Final, NamedTuple

from tests.support.operator_files import OPERATORS

LAY_OUT: Final = "lay out"
NAMES: Final = tuple(each.name for each in OPERATORS)


class Step(NamedTuple):
    """What one command took. `wrong`: where it did not say the truth."""

    name: str
    took_s: float
    cpu_s: float
    peak_mib: int
    wrong: tuple[str, ...]


class Month:
    """The folder of a month, and the commands in it, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.steps: list[Step] = []
        self.truth: dict[str, Any] = {}

    def lay_out(self, count: int, every: int) -> None:
        """In a process of its own: this one must stay small, for its memory counts as that of
        each command it starts."""
        told = self.folder / "truth.json"
        if not told.exists():
            arguments = ("-m", "tests.support.month_on_disk", self.folder, count, every)
            self._run(LAY_OUT, [sys.executable, *map(str, arguments)], (0,), lambda _: [])
        self.truth = json.loads(told.read_text(encoding="utf-8"))
        if (self.truth["count"], self.truth["every"]) != (count, every):
            raise SystemExit(f"{self.folder} holds another month: take another folder")
        self.out.mkdir(exist_ok=True)

    def jauap(
        self, name: str, *arguments: object, ends: Sequence[int], check: Callable[[Any], list[str]]
    ) -> None:
        """`jauap ledger ...` with --json, whose answer `check` holds against the truth."""
        command = [Path(sys.executable).parent / "jauap", "ledger", *arguments]
        settings = ["-c", self.folder / "jauap.toml", "--json"]
        self._run(name, [str(each) for each in (*command, *settings)], ends, check)

    def _run(
        self, name: str, command: list[str], ends: Sequence[int], check: Callable[[Any], list[str]]
    ) -> None:
        began = perf_counter()
        with TemporaryFile() as file, subprocess.Popen(command, stdout=file) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            file.seek(0)
            told = file.read()
        took_s = perf_counter() - began
        wrong: list[str] = []
        if process.returncode not in ends:
            wrong.append(f"ended with {process.returncode}")
        elif name != LAY_OUT and not told:
            wrong.append("told nothing")
        else:
            wrong += check(json.loads(told or b"null"))
        step = Step(
            name, round(took_s, 1), round(used.ru_utime + used.ru_stime, 1),
            used.ru_maxrss // 1_024, tuple(wrong),
        )  # fmt: skip
        self.steps.append(step)
        verdict = "; ".join(wrong) or "as the truth has it"
        say(f"{name:18}{took_s:9.1f} s {step.cpu_s:8.1f} s CPU {step.peak_mib:6} MiB  {verdict}")

    def write_figures(self) -> None:
        """figures.json: the steps, and of what they are."""
        told = {
            "count": self.truth["count"],
            "questions": self.truth["all"]["questions"],
            "journal_mib": (self.folder / "journal.db").stat().st_size >> 20,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "steps": [step._asdict() for step in self.steps],
        }
        (self.folder / "figures.json").write_text(json.dumps(told, indent=1), encoding="utf-8")

    # -- the month's figures, by our own count

    def sums(self, key: str, *operators: str) -> int:
        return sum(self.truth["operators"][name]["sums"].get(key, 0) for name in operators or NAMES)

    def by_hand(self, *keys: str, operators: Sequence[str] = NAMES) -> int:
        return sum(
            self.truth["operators"][name]["by_hand"].get(key, 0)
            for name in operators
            for key in keys
        )

    def exported(self) -> dict[str, int]:
        calls = self.truth["calls"]
        by_rule, by_hand = self.sums("credited_tiyn"), self.by_hand("soon_tiyn", "late_tiyn")
        return {
            "rows": self.sums("questions") + self.sums("replies") + calls["rows"],
            "gross_tiyn": self.sums("rated_tiyn"),
            "charged_tiyn": self.sums("charged_tiyn"),
            "credited_tiyn": by_rule + by_hand,
            "adjusted_tiyn": 0,
            "payer_tiyn": calls["payer_tiyn"],
        }


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
