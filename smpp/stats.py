"""Counters of a link since its start, for metrics. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LinkStats:
    deliveries: int = 0  # messages and receipts handed to the owner
    busy: int = 0  # answered with the busy status: queue full, or stopping
    set_aside: int = 0  # acknowledged without the owner: SME acknowledgements and the like
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
    binds: int = 0  # successful
    breaks: int = 0  # sessions lost to broken framing
