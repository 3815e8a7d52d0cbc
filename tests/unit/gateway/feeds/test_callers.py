"""Whose request it is."""

from __future__ import annotations

import pytest

from gateway.feeds.callers import Callers
from gateway.feeds.limits import FeedLimits, Limiter
from gateway.problems import RefusedRequest
from lookup.registry.feed_keys import READ, WRITE, FeedKey, Scope, digest_of, id_of, make_key

TEXT = make_key(b"first", b"s" * 32)
SAME_ID = make_key(b"first", b"t" * 32)
OTHER = make_key(b"other", b"s" * 32)
HERE = "192.0.2.7"
LIMITS = FeedLimits(requests_per_s=1.0, burst=20, failures_max=3, failures_s=60.0)


class Stored:
    def __init__(self) -> None:
        scope = Scope(("almaty",), rights=(WRITE,), networks=("192.0.2.0/24",))
        self.only = FeedKey(str(id_of(TEXT)), "aikyn", digest_of(TEXT), scope, 0, 1_000)
        self.asked = 0

    async def key(self, identity: str) -> FeedKey | None:
        self.asked += 1
        return self.only if identity == self.only.id else None


class World:
    def __init__(self) -> None:
        self.keys = Stored()
        self.now_s = 100.0
        self.callers = Callers(
            self.keys, Limiter(LIMITS), LIMITS, now_us=lambda: 500, loop_time=lambda: self.now_s
        )

    async def ask(self, header: str | None, address: str = HERE, right: str = WRITE) -> str:
        try:
            return (await self.callers.caller(header, address, right)).feed
        except RefusedRequest as refusal:
            return f"{refusal.problem.status} {refusal.problem.kind}"


async def test_a_key_is_known_by_its_whole_text() -> None:
    world = World()
    assert await world.ask(f"Bearer {TEXT}") == "aikyn"
    assert await world.ask(f"bearer  {TEXT} ") == "aikyn"
    for header in (f"Bearer {SAME_ID}", f"Basic {TEXT}", f"Bearer {TEXT}x"):
        assert await world.ask(header) == "401 key"
    assert await world.ask(None) == "401 key"


@pytest.mark.parametrize("change", [{"revoked_us": 400}, {"expires_us": 500}])
async def test_a_key_that_has_ended_is_no_key(change: dict[str, int]) -> None:
    world = World()
    world.keys.only = world.keys.only._replace(**change)
    assert await world.ask(f"Bearer {TEXT}") == "401 key"


async def test_a_key_is_good_from_its_networks_alone() -> None:
    world = World()
    assert await world.ask(f"Bearer {TEXT}", "203.0.113.9") == "403 network"
    assert await world.ask(f"Bearer {TEXT}", "::ffff:192.0.2.9") == "aikyn"


async def test_a_key_has_the_rights_it_was_given() -> None:
    assert await World().ask(f"Bearer {TEXT}", right=READ) == "403 right"


async def test_an_address_with_many_wrong_keys_is_not_listened_to_for_a_while() -> None:
    world = World()
    for _ in range(3):
        assert await world.ask(f"Bearer {OTHER}") == "401 key"
    asked = world.keys.asked
    assert await world.ask(f"Bearer {OTHER}") == "429 locked-out"
    assert await world.ask(f"Bearer {TEXT}") == "429 locked-out"
    assert world.keys.asked == asked, "the registry is not asked for it"
    assert await world.ask(f"Bearer {OTHER}", "198.51.100.1") == "401 key"
    world.now_s += 60
    assert await world.ask(f"Bearer {TEXT}") == "aikyn"


async def test_a_key_in_use_is_not_locked_out_by_its_neighbours() -> None:
    world = World()
    assert await world.ask(f"Bearer {TEXT}") == "aikyn"
    for _ in range(4):
        await world.ask(f"Bearer {OTHER}")
    assert await world.ask(f"Bearer {TEXT}") == "aikyn"


async def test_a_mistyped_key_costs_no_look_into_the_registry() -> None:
    world = World()
    assert await world.ask(f"Bearer {TEXT[:-1]}") == "401 key"
    assert world.keys.asked == 0


async def test_requests_of_a_key_are_paced() -> None:
    world = World()
    told = [await world.ask(f"Bearer {TEXT}") for _ in range(21)]
    assert told == ["aikyn"] * 20 + ["429 too-fast"]
