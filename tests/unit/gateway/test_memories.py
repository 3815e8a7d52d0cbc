"""What is remembered of phones, near and in the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.core.memory import EMPTY, to_json, with_language
from gateway.memories import Memories
from gateway.store.journal import Subscriber

KAZAKH = to_json(with_language(EMPTY, "kk", chosen=True))


class Stored:
    """The store, as far as memories ask it."""

    def __init__(self, **facts: str) -> None:
        self.facts = facts
        self.asked: list[str] = []

    async def subscribers(self, parties: Sequence[str]) -> dict[str, Subscriber]:
        self.asked += parties
        return {p: Subscriber(p, "7", self.facts[p]) for p in parties if p in self.facts}


def made(**facts: str) -> tuple[Memories, Stored]:
    stored = Stored(**facts)
    journal: Any = stored
    return Memories(journal), stored


async def test_a_phone_is_asked_for_once() -> None:
    memories, stored = made(one=KAZAKH)
    for _ in range(2):
        await memories.load(["one", "two"])
    assert (memories.get("one").language, memories.get("two")) == ("kk", EMPTY)
    assert stored.asked == ["one", "two"]


async def test_what_was_told_on_another_way_is_not_asked_for() -> None:
    memories, stored = made()
    memories.learn("one", KAZAKH)
    memories.learn("two", None)
    await memories.load(["one", "two"])
    assert (memories.get("one").language, memories.get("two")) == ("kk", EMPTY)
    assert stored.asked == []


async def test_what_is_near_is_ahead_of_what_the_store_tells() -> None:
    memories, _ = made()
    memories.put("one", with_language(EMPTY, "en", chosen=True))
    memories.learn("one", KAZAKH)
    assert memories.get("one").language == "en"


async def test_a_phone_forgotten_is_asked_for_again() -> None:
    memories, stored = made(one=KAZAKH)
    memories.learn("one", None)
    memories.forget(["one"])
    await memories.load(["one"])
    assert (memories.get("one").language, stored.asked) == ("kk", ["one"])
