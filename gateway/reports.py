"""Receipts of ours: a peer that bound to us is told that its message arrived, where it asked.

A receipt is stored with the question or part that it is about, in one transaction, and waits with
the replies for the peer to take it; it names the id that the submit_sm_resp named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from gateway.clock import KAZAKHSTAN, Clock
from gateway.core.records import RECEIPT_ORDINAL, Reply, ReplyState
from smpp.messages import Inbound
from smpp.owner import Delivery
from smpp.reports import report_text

TEXT_ID = "receipt"


class LinkReports(Protocol):
    """What must be known of a link."""

    server_role: bool  # the peer bound to us
    receipt_validity_us: int


class Reports:
    """See the module."""

    def __init__(
        self, *, links: Mapping[str, LinkReports], clock: Clock, next_id: Callable[[], int]
    ) -> None:
        self._links = links
        self._clock = clock
        self._next_id = next_id

    def message_id(self, link: str, id_: int) -> str:
        """What the response to a message stored under that id names: nothing, where the peer is an
        SMSC (4.6.2)."""
        return str(id_) if self._links[link].server_role else ""

    def make(self, delivery: Delivery, id_: int, received_us: int) -> Reply | None:
        """The receipt for a message to be stored under that id; None: it asked for none."""
        message = delivery.message
        assert isinstance(message, Inbound)
        if not message.wants_receipt:
            return None
        link = self._links[delivery.link]
        if not link.server_role:
            return None
        now_us = self._clock.now_us()
        return Reply(
            id=self._next_id(),
            question_id=id_,
            ordinal=RECEIPT_ORDINAL,
            seg=1,
            segs=1,
            link=delivery.link,
            msisdn=message.source,
            source=message.destination,
            text=report_text(str(id_), _local(received_us), _local(now_us)),
            text_id=TEXT_ID,
            reference=0,
            state=ReplyState.QUEUED,
            next_us=now_us,
            expires_us=now_us + link.receipt_validity_us,
            receipt=False,
        )


def _local(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, KAZAKHSTAN)
