"""What the peer sent, read: replies to subscribers, receipts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from smpp.conform.shaping import TYPE_BITS
from smpp.simulator import segments, text, wire
from smpp.simulator.framing import Pdu
from smpp.simulator.text import Alphabet

if TYPE_CHECKING:
    from smpp.conform.connection import Connection


class Carried(NamedTuple):
    """A message that the peer sent."""

    connection: Connection
    pdu: Pdu
    message: wire.Message
    at_s: float
    place: segments.Place | None
    octets: bytes  # without header

    @property
    def is_reply(self) -> bool:
        """Not a receipt, nor an acknowledgement of a phone."""
        return not self.message.esm_class & TYPE_BITS

    def concerns(self, msisdn: str) -> bool:
        return msisdn in (self.message.source, self.message.destination)


def first_reply(carried: Iterable[Carried], msisdn: str) -> str | None:
    """The text of the first whole reply to a subscriber; None while there is none."""
    replies = [each for each in carried if each.is_reply and each.message.destination == msisdn]
    if not replies:
        return None
    first = replies[0]
    octets = first.octets
    if first.place is not None:
        parts = {
            each.place.number: each.octets
            for each in replies
            if each.place is not None and each.place.reference == first.place.reference
        }
        if len(parts) < first.place.total:
            return None
        octets = b"".join(part for _, part in sorted(parts.items()))
    return text.decode(octets, text.alphabet_of(first.message.data_coding, Alphabet.GSM))


def replies_to(carried: Iterable[Carried]) -> Counter[str]:
    """How many replies each subscriber got; the parts of one are one."""
    return Counter(
        each.message.destination
        for each in carried
        if each.is_reply and (each.place is None or each.place.number == 1)
    )
