"""What statuses in a row say of the link."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.operators import DEFAULT, OperatorProfile
from smpp.refusals import UNREADABLE_MAX, Consequence, Refusals
from smpp.status import CONFIGURATION_FAILURES_MAX, Action

ROK, RINVCMDLEN, RINVCMDID, RINVBNDSTS, RINVSRCADR, RINVDSTADR = 0, 2, 3, 4, 0x0A, 0x0B


def seen(*statuses: int, profile: OperatorProfile = DEFAULT) -> list[Consequence]:
    refusals = Refusals(profile)
    return [refusals.see(status) for status in statuses]


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_a_throttle_slows_the_link_down_each_time(status: int) -> None:
    assert seen(status, status) == [Consequence.SLOW_DOWN] * 2


def test_an_smsc_that_does_not_know_our_bind_is_bound_anew() -> None:
    assert seen(RINVBNDSTS) == [Consequence.REBIND]


def test_pdus_that_arrive_mangled_again_and_again_ask_for_a_new_session() -> None:
    mangled = [RINVCMDLEN, RINVCMDID] * UNREADABLE_MAX
    assert seen(*mangled[:UNREADABLE_MAX])[-1] is Consequence.REBIND
    assert seen(RINVCMDID, ROK, RINVCMDID, RINVCMDID)[-1] is Consequence.NOTHING


def test_refusals_of_our_configuration_pause_the_link_after_ten_in_a_row() -> None:
    told = seen(*[RINVSRCADR] * CONFIGURATION_FAILURES_MAX * 2)
    assert [turn for turn, what in enumerate(told, 1) if what is Consequence.PAUSE] == [10, 20]


@pytest.mark.parametrize("between", [ROK, RINVDSTADR, 0x58])
def test_any_other_status_begins_the_row_anew(between: int) -> None:
    told = seen(*[RINVSRCADR] * 9, between, *[RINVSRCADR] * 9)
    assert Consequence.PAUSE not in told


def test_the_operators_own_map_of_statuses_counts() -> None:
    profile = OperatorProfile(status_map=MappingProxyType({0x520: Action.THROTTLE}))
    assert seen(0x520, profile=profile) == [Consequence.SLOW_DOWN]
    assert seen(0x520) == [Consequence.NOTHING]


@given(st.lists(st.integers(0, 0xFFFFFFFF), max_size=50))
def test_every_status_has_a_consequence(statuses: list[int]) -> None:
    assert all(isinstance(what, Consequence) for what in seen(*statuses))
