"""`jauap` with a fault of our own in it: the core fails on some numbers. Run as a program.

A text that ends in 0666 cannot be read; a number that ends in 0667 is read, and cannot be worded;
one that ends in 0668 ends the process. What is raised tells of the text, as exceptions like to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.cli import main
from gateway.core import intents
from gateway.core.conversation import Conversation, Plan, Turn
from gateway.core.reading import Reading

UNREADABLE = "0666"
UNSPEAKABLE = "0667"
FATAL = "0668"

_read = intents.read
_plan = Conversation.plan
_turn = Conversation.turn


def read(text: str | None, rules: intents.Rules) -> Reading:
    if text is not None and text.endswith(UNREADABLE):
        raise ValueError(f"no idea what {text!r} is, nor {text.encode()!r}")
    return _read(text, rules)


def plan(self: Conversation, reading: Reading, memory: Any, now_us: int) -> Plan:
    for asked in reading.asked:
        if asked.number.endswith(FATAL):
            raise AssertionError(f"a mistake of ours over {asked.number}")
    return _plan(self, reading, memory, now_us)


def turn(self: Conversation, plan: Plan, statuses: Sequence[Any], moment: Any) -> Turn | None:
    for asked in plan.asked:
        if asked.number.endswith(UNSPEAKABLE):
            raise KeyError(asked.number)
    return _turn(self, plan, statuses, moment)


if __name__ == "__main__":
    intents.read = read
    Conversation.plan = plan  # type: ignore[method-assign]  # likewise
    Conversation.turn = turn  # type: ignore[method-assign]  # that is the fault
    main()
