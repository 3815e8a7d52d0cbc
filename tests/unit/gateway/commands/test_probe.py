"""What a probe shows at a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from gateway.commands.probe import shown
from smpp.probe.rows import Findings, Row


def test_the_words_of_a_problem_are_shown_as_they_are() -> None:
    rows = (Row("bind as transceiver", "no connection: [Errno 111] refused", "", wrong=True),)
    told = io.StringIO()
    Console(file=told, force_terminal=True, width=120).print(shown("north", Findings(rows, ())))
    assert "[Errno 111] refused" in told.getvalue()
    assert "!" in told.getvalue()
