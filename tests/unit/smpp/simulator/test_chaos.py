from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.simulator.chaos import CALM, Answer, Chaos, ChaosError, Faults, Torn, Verdict
from smpp.simulator.framing import Framer

ODDS = [field.name for field in dataclasses.fields(Chaos) if field.name.endswith("_percent")]


def faults(chaos: Chaos, seed: int = 7) -> Faults:
    return Faults(chaos, random.Random(seed).random)


def test_the_empty_table_is_calm() -> None:
    assert Chaos.of({}) == CALM
    assert faults(CALM).calm
    assert faults(CALM).submit(0.0) == Verdict()
    assert not faults(Chaos(torn_percent=1)).calm


@pytest.mark.parametrize("name", ODDS)
def test_odds_of_a_hundred_always_fire_and_are_counted(name: str) -> None:
    kind = name.removesuffix("_percent")
    always = faults(Chaos.of({name: 100}))
    assert all(always.fires(kind) for _ in range(50))
    assert always.made[kind] == 50
    assert not any(faults(CALM).fires(kind) for _ in range(50))


def test_odds_fire_below_their_percentage_alone() -> None:
    assert Faults(Chaos(throttle_percent=50), lambda: 0.499).fires("throttle")
    assert not Faults(Chaos(throttle_percent=50), lambda: 0.5).fires("throttle")


def test_odds_fire_about_as_often_as_they_say_and_the_same_for_one_seed() -> None:
    def fired(seed: int) -> list[bool]:
        some = faults(Chaos(throttle_percent=20), seed)
        return [some.fires("throttle") for _ in range(5000)]

    assert 900 < sum(fired(1)) < 1100
    assert fired(1) == fired(1)
    assert fired(1) != fired(2)


@pytest.mark.parametrize(
    ("chaos", "verdict"),
    [
        (Chaos(throttle_percent=100, silence_percent=100), Verdict(0x58)),
        (Chaos(queue_full_percent=100), Verdict(0x14)),
        (Chaos(vendor_status_percent=100), Verdict(0x520)),
        (Chaos(vendor_status_percent=100, vendor_status=0x40B), Verdict(0x40B)),
        (Chaos(silence_percent=100, late_percent=100), Verdict(answer=Answer.NEVER)),
        (Chaos(late_percent=100), Verdict(answer=Answer.LATE)),
        (Chaos(wrong_sequence_percent=100), Verdict(wrong_sequence=True)),
        (Chaos(duplicate_response_percent=100), Verdict(twice=True)),
        (Chaos(receipt_first_percent=100), Verdict(receipt_first=True)),
    ],
)
def test_a_submit_meets_the_fault_of_the_table(chaos: Chaos, verdict: Verdict) -> None:
    assert faults(chaos).submit(0.0) == verdict


def test_submits_above_the_rate_are_throttled_until_the_next_second() -> None:
    some = faults(Chaos(submits_per_s_max=2))
    statuses = [some.submit(at).status for at in (10.0, 10.1, 10.2, 10.9, 11.0, 11.1, 11.2)]
    assert statuses == [0, 0, 0x58, 0x58, 0, 0, 0x58]
    assert some.made["rate"] == 3


def test_other_odds_may_be_set_at_any_time() -> None:
    some = faults(CALM)
    some.chaos = Chaos(throttle_percent=100)
    assert some.submit(0.0).status == 0x58
    assert some.chaos == Chaos(throttle_percent=100)
    some.chaos = CALM
    assert some.submit(0.0).status == 0


@given(st.binary(max_size=300), st.sampled_from(Torn), st.integers(0, 99))
def test_a_torn_write_has_all_its_octets_in_order(data: bytes, torn: Torn, seed: int) -> None:
    pieces = faults(Chaos(torn_percent=100, torn=torn), seed).pieces(data)
    assert b"".join(pieces) == data
    assert all(pieces) or not data


def test_a_write_torn_by_octets_leaves_one_at_a_time_up_to_a_limit() -> None:
    octets = faults(Chaos(torn_percent=100))
    assert octets.pieces(b"abc") == [b"a", b"b", b"c"]
    assert len(octets.pieces(bytes(10_000))) == 4096
    assert faults(CALM).pieces(b"abc") == [b"abc"]


@given(st.integers(0, 1000))
def test_garbage_never_passes_for_a_pdu(seed: int) -> None:
    framer = Framer()
    assert framer.feed(faults(CALM, seed).garbage()) == []
    assert framer.broken is not None


def test_a_toml_file_gives_the_table() -> None:
    chaos = Chaos(throttle_percent=12.5, late_percent=3.0, late_ms=40, torn=Torn.RANDOM)
    lines = 'throttle_percent = 12.5\nlate_percent = 3.0\nlate_ms = 40\ntorn = "random"\n'
    assert Chaos.of_toml(lines) == chaos
    assert Chaos.of_toml("[chaos]\n" + lines) == chaos


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"throtle_percent": 5}, "did you mean throttle_percent?"),
        ({"x": 5}, "known are throttle_percent"),
        ({"throttle_percent": 101}, "may be 0 to 100"),
        ({"throttle_percent": -1}, "may be 0 to 100"),
        ({"throttle_percent": float("nan")}, "may be 0 to 100"),
        ({"throttle_percent": "5"}, "must be a number"),
        ({"throttle_percent": True}, "must be a number"),
        ({"drop_every": 1.5}, "must be a whole number"),
        ({"late_ms": 600_001}, "may be 0 to 600000"),
        ({"bind_status": 1 << 32}, "may be 0 to 4294967295"),
        ({"torn": "shredded"}, "octet or random"),
    ],
)
def test_a_wrong_table_is_refused_with_the_remedy(table: dict[str, object], says: str) -> None:
    with pytest.raises(ChaosError, match=says.replace("?", "[?]")):
        Chaos.of(table)


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(ChaosError, match="not TOML"):
        Chaos.of_toml("throttle_percent 5")
    with pytest.raises(ChaosError, match="must be a table"):
        Chaos.of_toml("chaos = 5")


def test_odds_given_in_code_are_checked_as_well() -> None:
    with pytest.raises(ChaosError, match="may be 0 to 100"):
        Chaos(silence_percent=500)
