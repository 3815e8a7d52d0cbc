"""Which network addresses we may be sent to. Pure.

Addresses come from settings and from other people's name servers. Without this check a name that
points inwards would make the gateway ask its own administration ports, or the cloud's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 6052: the IPv4 address stands in the last four octets, and is where a packet ends up.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Not public either, whatever the library of this Python release says: protocol assignments (a
# cloud's metadata among them), another cloud's host agent, relays of a tunnel, site-local
# addresses (RFC 3879: old networks still route them inside), documentation (RFC 9637).
_ALSO_DENIED: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24"),
        *("fec0::/10", "3fff::/20"),
    )
)


def networks_of(written: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as 10.20.0.0/16. Raises ValueError, which names the one that is none."""
    return tuple(ipaddress.ip_network(each) for each in written)


def address_of(host: str) -> Address | None:
    """The address a host of a URL is, or None where it is a name.

    Raises ValueError for old spellings (2130706433, 0x7f.1, 0177.0.0.1): name servers are never
    asked for them, and the system would take them for an address that nobody sees.
    """
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        last = bare.rstrip(".").rpartition(".")[2].lower()
        hexadecimal = last.startswith("0x") and all(sign in "0123456789abcdef" for sign in last[2:])
        if ":" in bare or last.isdigit() or hexadecimal:
            raise ValueError("is an address in a spelling that is not taken") from None
        return None


def refusal(address: Address, private_networks: Sequence[Network]) -> str | None:
    """Why we do not go there; None: we may."""
    real = _embedded(address)
    if any(real in network for network in private_networks if network.version == real.version):
        return None
    tunnel = isinstance(real, ipaddress.IPv6Address) and bool(real.sixtofour or real.teredo)
    reasons = (
        (real.is_loopback or real.is_unspecified, "is this machine"),
        (real.is_link_local, "is link-local"),
        (real.is_multicast, "is multicast"),
        (tunnel, "leads through a tunnel"),
        (real.is_private or real.is_reserved or not real.is_global, "is not public"),
        (any(real in network for network in _ALSO_DENIED), "is not public"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _embedded(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
