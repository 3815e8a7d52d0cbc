"""Counters of a link, and of the listener, since their start, for metrics. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LinkStats:
    deliveries: int = 0  # messages and receipts handed to the owner
    busy: int = 0  # answered with the busy status: queue full, or stopping
    over_rate: int = 0  # answered RTHROTTLED: a peer of ours came faster than agreed
    set_aside: int = 0  # acknowledged without the owner: SME acknowledgements and the like
    unusable: int = 0  # no reply can answer them: binary, for an application, sender unreachable
    malformed: int = 0  # PDUs that could not be read
    undecodable: int = 0  # PDUs on which our own decoder failed: a mistake of ours
    unknown_commands: int = 0
    unmatched: int = 0  # responses to nothing that is open
    submits: int = 0
    answered: int = 0
    expired: int = 0
    late: int = 0
    lost: int = 0
    unsent: int = 0
    throttled: int = 0
    enquiries: int = 0  # enquire_link sent
    unconnected: int = 0  # tries without a connection: refused, no such host, TLS not as agreed
    binds: int = 0  # successful
    breaks: int = 0  # sessions lost to broken framing


@dataclass(slots=True)
class ServerStats:
    """What came to the listener before it was known whose it is."""

    connections: int = 0  # accepted
    turned_away: int = 0  # closed at once: too many of them, in all or of one address
    accept_pauses: int = 0  # the system had no room for another connection
    handshakes_failed: int = 0  # on a TLS port: plain octets, no certificate, silence
    never_bound: int = 0  # closed without a bind: no request in time, something else before it
    binds_refused: int = 0  # any reason
    refused_addresses: int = 0  # used up their tries
    ghosts: int = 0  # bound sessions that did not answer when another wanted their place
    outbinds: int = 0  # received
    calls: int = 0  # outbinds of ours
