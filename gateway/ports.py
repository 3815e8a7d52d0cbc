"""A link, or an account that binds to us, as the gateway's parts see it: one object joining the
sessions, the profile, the policy.

The outbox packs and submits through it, the desk counts segments with it, the intake joins the
parts of a long question with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gateway.core.delivery import Policy, Verdict
from gateway.core.records import RECEIPT_ORDINAL, Reply, StoredPart
from gateway.core.segments import utf16_units
from smpp import reassembly, text
from smpp.messages import Submit
from smpp.operators import OperatorProfile
from smpp.stats import LinkStats
from smpp.status import Action, action, retry_delay_s

ONE_PART_UNITS = 70  # UTF-16 units: one part in any coding
GAP = ", "  # where a part is missing: no number is read across a comma
SENT = Verdict(Action.SENT)
VALIDITY_FLOOR_S = 60  # some SMSCs refuse a shorter validity_period


class Carrier(Protocol):
    """The sessions behind a port: of a link of ours (esme.Link), or of an account
    (smsc.LiveAccount)."""

    stats: LinkStats

    @property
    def bound(self) -> bool: ...
    @property
    def room(self) -> int: ...
    def submit(self, submit: Submit) -> None: ...


class Terms(NamedTuple):
    """How replies wait for a peer, and what it is besides an SMSC."""

    reply_validity_us: int  # how long a reply may wait
    receipt_validity_us: int = 0  # the same for receipts of ours
    queue_max: int = 0  # replies that may wait; 0: as many as come
    server_role: bool = False  # the peer bound to us


class SmsPort:
    """See the module. Satisfies outbox.Port, desk.LinkWords and intake.LinkFacts."""

    def __init__(
        self,
        *,
        name: str,
        operator: str,
        link: Carrier,
        profile: OperatorProfile,
        policy: Policy,
        receipts: bool,
        terms: Terms,
    ) -> None:
        self.name = name
        self.operator = operator
        self.policy = policy
        self.receipts = receipts
        self.busy_status = profile.busy_status
        self.message_id_form = profile.message_id_form
        self.parts_wait_s = profile.parts_wait_s
        self.reply_validity_us = terms.reply_validity_us
        self.receipt_validity_us = terms.receipt_validity_us
        self.queue_max = terms.queue_max
        self.server_role = terms.server_role
        self.link = link
        self._profile = profile
        self.submit = link.submit

    @property
    def room(self) -> int:
        return self.link.room

    @property
    def bound(self) -> bool:
        return self.link.bound

    def verdict(self, status: int, attempts: int) -> Verdict:
        """What a command_status means for a reply that was refused so often before."""
        if status == 0:
            return SENT
        return Verdict(
            action(status, self._profile), retry_delay_s(status, attempts + 1, self._profile)
        )

    def segments(self, words: str) -> int:
        """How many submit_sm a text takes on this link."""
        if utf16_units(words) <= ONE_PART_UNITS:
            return 1
        return len(text.segments(words, 0, self._profile))

    def pack(self, reply: Reply) -> Submit:
        """One segment of a reply as it goes on the wire."""
        if reply.ordinal == RECEIPT_ORDINAL:
            return self._report(reply)
        if reply.segs == 1:
            data_coding, octets = text.encode(reply.text, self._profile)
            segment = text.Segment(data_coding, octets)
        else:
            segment = text.segments(reply.text, reply.reference, self._profile)[reply.seg - 1]
        return Submit(
            reply_id=reply.id,
            source=reply.source,
            destination=reply.msisdn,
            data_coding=segment.data_coding,
            octets=segment.octets,
            udhi=segment.udhi,
            receipt=reply.receipt,
            validity_s=max(VALIDITY_FLOOR_S, (reply.expires_us - reply.next_us) // 1_000_000),
            sar=None if segment.udhi else segment.part,
            payload=segment.payload,
            session=reply.session,
        )

    def _report(self, reply: Reply) -> Submit:
        """Its text is ASCII whatever data_coding 0 means at the peer: receipts are read so."""
        return Submit(
            reply_id=reply.id,
            source=reply.source,
            destination=reply.msisdn,
            data_coding=0,
            octets=reply.text.encode("ascii", "replace"),
            report=True,
        )

    def join(self, parts: Sequence[StoredPart]) -> str | None:
        """The text of a long question, or of what came of it: digits never meet over a gap."""
        texts: list[str] = []
        run: list[bytes] = []
        for part, after in zip(parts, [*parts[1:], None], strict=True):
            run.append(part.octets)
            if after is None or after.number != part.number + 1:
                text = reassembly.join(run, part.data_coding, self._profile)
                if text is None:
                    return None
                texts.append(text)
                run = []
        return GAP.join(texts)
