"""`jauap` with a fault of our own in it: the core fails on some numbers. Run as a program.

A text with a number that ends in 0666 cannot be read; one that ends in 0667 is read, and cannot be
worded. What is raised tells of the text, as exceptions like to do.
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

_read = intents.read
_turn = Conversation.turn


def read(text: str | None, rules: intents.Rules) -> Reading:
    if text is not None and text.endswith(UNREADABLE):
        raise ValueError(f"no idea what {text!r} is, nor {text.encode()!r}")
    return _read(text, rules)


def turn(self: Conversation, plan: Plan, statuses: Sequence[Any], moment: Any) -> Turn | None:
    for asked in plan.asked:
        if asked.number.endswith(UNSPEAKABLE):
            raise KeyError(asked.number)
    return _turn(self, plan, statuses, moment)


if __name__ == "__main__":
    intents.read = read
    Conversation.turn = turn  # type: ignore[method-assign]  # that is the fault
    main()
