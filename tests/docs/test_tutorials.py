"""The tutorials are followed, step by step: what they say to type is typed, what they say is shown
is shown.

Marks behind a fence: `run` in the reader's own terminal, `terminal` in one that stays, `again` the
last of those anew, `type` into the first of them, `shown` what any of them prints (`...` stands for
anything), `file=` and `append=` what is written where.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import DOCS, ROOT, Block, blocks

STEP_S = 20.0
PORTS = ("2775", "8080")


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, words: str, folder: Path, environ: dict[str, str]) -> None:
        self.words = words
        self.shown = ""
        self._screen, inside = pty.openpty()
        self._program = subprocess.Popen(
            ["bash", "-c", f"exec {words}"], stdin=inside, stdout=inside, stderr=inside,
            cwd=folder, env=environ, start_new_session=True,
        )  # fmt: skip
        os.close(inside)

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def read(self, seconds: float) -> None:
        """What it prints within that time; returns as soon as there is something."""
        if select.select([self._screen], [], [], seconds)[0]:
            try:
                self.shown += os.read(self._screen, 65_536).decode(errors="replace")
            except OSError:  # it has ended, and with it the terminal
                return

    def until(self, pattern: str, seconds: float = STEP_S) -> bool:
        left = int(seconds / 0.1)
        while not re.search(pattern, self.shown) and left:
            self.read(0.1)
            left -= 1
        return bool(re.search(pattern, self.shown))

    def close(self, how: signal.Signals = signal.SIGINT) -> None:
        if self._program.poll() is None:
            self._program.send_signal(how)
            try:
                self._program.wait(STEP_S)
            except subprocess.TimeoutExpired:
                self._program.kill()
                self._program.wait()
        os.close(self._screen)


class Reader:
    """Somebody who does what the pages say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "config").symlink_to(ROOT / "config")
        self._ports = {port: str(free_port()) for port in PORTS}
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONUTF8": "1",
        }
        self.shell = Terminal("bash --norc --noprofile -i", folder, self._environ)
        self.shell.type("stty -echo; PS1=; PS2=\n")
        self._steps = 0
        self.terminals: list[Terminal] = []

    def close(self) -> None:
        for terminal in reversed(self.terminals):
            terminal.close()
        self.shell.type("exit\n")
        self.shell.close(signal.SIGHUP)

    def do(self, block: Block) -> None:
        text = re.sub("|".join(PORTS), lambda found: self._ports[found[0]], block.body)
        mark = block.info[1] if len(block.info) > 1 else ""
        name, _, value = mark.partition("=")
        if name == "run":
            self._run(text)
        elif name == "terminal":
            self._start(text.strip())
        elif name == "again":
            self.terminals.pop().close()
            self._start(text.strip())
        elif name == "type":
            self.terminals[0].type(text)
        elif name in {"file", "append"}:
            with (self.folder / value).open("w" if name == "file" else "a") as file:
                file.write(text)
        elif name == "shown":
            self._sees(text)

    def _run(self, text: str) -> None:
        self._steps += 1
        end = f"@{self._steps}@"
        self.shell.type(f"{text}printf '%s%s\\n' '{end}' $?\n")
        assert self.shell.until(f"{end}\\d+"), f"{text} hangs: {self.shell.shown}"
        assert re.search(f"{end}0", self.shell.shown), f"{text}: {self.shell.shown}"

    def _start(self, words: str) -> None:
        terminal = Terminal(words, self.folder, self._environ)
        self.terminals.append(terminal)
        ready = r"SMSC of short code" if "smsc" in words else r"link_bound"
        assert terminal.until(ready), f"{words}: {terminal.shown}"

    def _sees(self, text: str) -> None:
        # Replies by SMS appear at the SMSC's terminal, all else at the reader's own.
        terminal = self.terminals[0] if "-> 1012" in text else self.shell
        for line in text.splitlines():
            pattern = ".*".join(re.escape(piece) for piece in line.split("..."))
            assert terminal.until(pattern), f"{line!r} is not shown: {terminal.shown}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_tutorials_can_be_followed(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        for name in ("first-sms.md", "first-call.md"):
            for block in blocks(DOCS / "tutorial" / name):
                reader.do(block)
    finally:
        reader.close()


@pytest.mark.parametrize("name", ["first-sms.md", "first-call.md"])
def test_no_step_of_a_tutorial_is_left_out(name: str) -> None:
    unmarked = [block for block in blocks(DOCS / "tutorial" / name) if len(block.info) == 1]
    assert [block.body for block in unmarked] == (
        ["make setup\n"] if name == "first-sms.md" else []
    )
