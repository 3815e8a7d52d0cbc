"""Failed tries to bind, counted by address: slower answers, then none for a while. Pure.

Times are seconds of the caller's monotonic clock.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import NamedTuple

IPV6_NETWORK_BITS = 64  # what one subscriber of a network gets: he has all addresses in it


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLimits:
    """Seconds and counts."""

    failures_max: int = 5  # of an address; then it is refused, whatever it says
    refusal_s: float = 900.0  # for so long; failures are forgotten after the same time
    delay_s: float = 0.5  # before the answer to a first failure, twice as long with each one more
    delay_max_s: float = 4.0
    addresses_max: int = 10_000  # remembered; the one that failed longest ago is forgotten first
    waiting_max: int = 32  # bind requests whose passwords wait to be checked
    rest: float = 3.0  # times its own length: pause of the checks after a slow one that failed


class _Record(NamedTuple):
    failures: int
    last_s: float


class Failures:
    """What addresses did wrong lately."""

    __slots__ = ("_limits", "_records")

    def __init__(self, limits: AccessLimits) -> None:
        self._limits = limits
        self._records: dict[str, _Record] = {}  # the oldest failure first

    def refused(self, address: str, now_s: float) -> bool:
        """Whether the address has used up its tries for now."""
        record = self._record(address, now_s)
        return record is not None and record.failures >= self._limits.failures_max

    def failed(self, address: str, now_s: float) -> float:
        """Count a failure; for how many seconds its answer is to be held back."""
        record = self._record(address, now_s)
        count = 1 if record is None else record.failures + 1
        self._records.pop(address, None)
        if len(self._records) >= self._limits.addresses_max:
            del self._records[next(iter(self._records))]
        self._records[address] = _Record(count, now_s)
        doubled = min(count - 1, 30)  # beyond that the bound below holds anyway
        return min(self._limits.delay_s * (1 << doubled), self._limits.delay_max_s)

    def __len__(self) -> int:
        return len(self._records)

    def _record(self, address: str, now_s: float) -> _Record | None:
        record = self._records.get(address)
        if record is not None and now_s - record.last_s >= self._limits.refusal_s:
            del self._records[address]
            return None
        return record


def counted_as(address: str) -> str:
    """The address or network that counts as one: an IPv6 address stands for its /64."""
    found = _read(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(found), IPV6_NETWORK_BITS), strict=False))
    return address if found is None else str(found)


def within(
    address: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
) -> bool:
    """Whether the address is in one of these; in any, where there are none."""
    found = _read(address)
    return not networks or (found is not None and any(found in network for network in networks))


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """As the kernel writes it; an IPv4 address within IPv6 is the IPv4 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return (isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped) or found
