"""What the intake makes of a bind's news."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.intake import Intake
from smpp.messages import BindState
from smpp.owner import BindEvent


class Outbox:
    """Notes for which links what was left unknown may go again."""

    def __init__(self) -> None:
        self.bound: list[str] = []

    def on_bound(self, link: str) -> None:
        self.bound.append(link)


@pytest.mark.parametrize(
    ("state", "sends", "again"),
    [
        (BindState.BOUND, True, ["altel"]),
        (BindState.BOUND, False, []),  # what was not acknowledged elsewhere may still be
        (BindState.CLOSING, True, []),
    ],
)
async def test_replies_of_unknown_fate_go_again_only_where_they_can_leave(
    state: BindState, sends: bool, again: list[str]
) -> None:
    outbox, unused = Outbox(), Any
    parts: dict[str, Any] = dict.fromkeys(
        ("journal", "desk", "long_questions", "receipts", "reports", "links", "clock", "counters"),
        unused,
    )
    intake = Intake(outbox=outbox, **parts)  # type: ignore[arg-type]  # all that on_bind needs
    intake.on_bind(BindEvent("altel", 0, state, "", 7, sends))
    assert outbox.bound == again
