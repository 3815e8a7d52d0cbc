from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.outgoing.networks import address_of, networks_of, refusal


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
        *("100.64.0.1", "169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "198.18.0.1"),
        *("255.255.255.255", "192.0.2.1", "192.0.0.192", "168.63.129.16", "192.88.99.1"),
        *("::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254"),
        *("fec0::1", "feff::1", "3fff::1"),
        *("ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001::1"),
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert refusal(ipaddress.ip_address(address), ()) is not None


@pytest.mark.parametrize("address", ["1.1.1.1", "195.12.113.1", "2a00:1450::1", "64:ff9b::101:101"])
def test_what_is_public_is_not(address: str) -> None:
    assert refusal(ipaddress.ip_address(address), ()) is None


def test_a_private_network_is_reached_where_it_is_named() -> None:
    allowed = networks_of(["10.20.0.0/16", "fd00:1::/32"])
    for address in ("10.20.3.4", "::ffff:10.20.3.4", "fd00:1::5"):
        assert refusal(ipaddress.ip_address(address), allowed) is None
    for address in ("10.21.3.4", "127.0.0.1", "fd00:2::5"):
        assert refusal(ipaddress.ip_address(address), allowed) is not None


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.300"):
        networks_of(["10.0.0.300/8"])


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "127.1", "0177.0.0.1", "127.0.0.1."),
        *("1.2.3.4.5", "::g", "a.0x1", "01.1.1.1", "0x"),
    ],
)
def test_an_address_in_an_odd_spelling_is_not_taken(host: str) -> None:
    with pytest.raises(ValueError, match="spelling"):
        address_of(host)


def test_a_name_is_no_address() -> None:
    assert address_of("status.example.kz") is None
    assert address_of("0x7f.example") is None
    assert address_of("[::1]") == ipaddress.ip_address("::1")


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_however_it_is_wrapped(
    address: ipaddress.IPv4Address,
) -> None:
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert refusal(ipaddress.ip_address(wrapped), ()) == refusal(address, ())


@given(st.text(max_size=20))
def test_any_host_is_an_address_a_name_or_not_taken(host: str) -> None:
    said = "spelling"
    try:
        address_of(host)
    except ValueError as error:
        said = str(error)
    assert "spelling" in said
