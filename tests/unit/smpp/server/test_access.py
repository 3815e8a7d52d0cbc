"""Failed tries by address: how long an answer is held back, when an address is refused."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.server.access import AccessLimits, Failures, counted_as, within

LIMITS = AccessLimits(failures_max=3, refusal_s=100.0, delay_s=1.0, delay_max_s=3.0)


def test_each_failure_holds_the_next_answer_back_for_longer_up_to_a_bound() -> None:
    failures = Failures(LIMITS)
    assert [failures.failed("a", 0.0) for _ in range(4)] == [1.0, 2.0, 3.0, 3.0]
    assert failures.failed("b", 0.0) == 1.0


def test_an_address_is_refused_from_its_last_allowed_failure_on_and_not_for_ever() -> None:
    failures = Failures(LIMITS)
    for at_s in (0.0, 10.0):
        failures.failed("a", at_s)
        assert not failures.refused("a", at_s)
    failures.failed("a", 20.0)
    assert failures.refused("a", 20.0)
    assert failures.refused("a", 119.0)
    assert not failures.refused("b", 20.0)
    assert not failures.refused("a", 120.0)
    assert failures.failed("a", 120.0) == 1.0  # and its count begins anew


def test_failures_are_forgotten_after_the_same_time() -> None:
    failures = Failures(LIMITS)
    failures.failed("a", 0.0)
    assert failures.failed("a", 100.0) == 1.0


def test_of_too_many_addresses_the_one_that_failed_longest_ago_is_forgotten() -> None:
    failures = Failures(AccessLimits(addresses_max=2, delay_s=1.0))
    failures.failed("a", 0.0)
    failures.failed("b", 1.0)
    failures.failed("a", 2.0)
    failures.failed("c", 3.0)
    assert len(failures) == 2
    assert failures.failed("a", 4.0) == 4.0
    assert failures.failed("b", 4.0) == 1.0


def test_a_thousand_failures_more_cost_no_more() -> None:
    failures = Failures(AccessLimits(delay_s=0.5, delay_max_s=4.0))
    assert max(failures.failed("a", 0.0) for _ in range(2_000)) == 4.0


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("smsc.example.kz", "smsc.example.kz"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_as_its_network(address: str, key: str) -> None:
    assert counted_as(address) == key


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("10.1.2.3", (), True),
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("::ffff:10.1.2.3", ("10.1.0.0/16",), True),
        ("10.2.2.3", ("10.1.0.0/16", "10.3.0.0/16"), False),
        ("10.1.2.3", ("2001:db8::/32",), False),
        ("2001:db8::1", ("10.0.0.0/8", "2001:db8::/32"), True),
        ("nonsense", ("10.0.0.0/8",), False),
    ],
)
def test_an_address_is_looked_for_in_the_networks_of_its_kind(
    address: str, networks: tuple[str, ...], inside: bool
) -> None:
    assert within(address, tuple(map(ipaddress.ip_network, networks))) is inside


@given(st.text(max_size=50))
def test_whatever_the_address_it_can_be_counted(address: str) -> None:
    assert counted_as(counted_as(address)) == counted_as(address) or "/" in counted_as(address)
    within(address, (ipaddress.ip_network("10.0.0.0/8"),))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1e4)), max_size=60))
def test_the_table_never_outgrows_its_bound(tries: list[tuple[str, float]]) -> None:
    failures = Failures(AccessLimits(addresses_max=3, delay_max_s=2.0))
    for address, at_s in tries:
        assert 0 < failures.failed(address, at_s) <= 2.0
        assert len(failures) <= 3
