"""Replies as the store gives them back: what a stop left queued, what a lost bind left unknown,
what waited too long for a peer that stays away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence

import structlog

from gateway.core import delivery
from gateway.core.records import RECEIPT_ORDINAL, Outcome, Reply
from gateway.lines import Line
from gateway.store.journal import Journal, StoreUnavailableError

PAGE = 1_000  # rows a page

log = structlog.get_logger()


class ReadBack:
    """See the module. All raise StoreUnavailableError: the next try does the same again."""

    def __init__(self, journal: Journal, now_us: Callable[[], int]) -> None:
        self._journal = journal
        self._now_us = now_us

    async def queued(self, line: Line, moving: Collection[int]) -> Sequence[Sequence[Reply]]:
        """The next page of queued replies that are not in memory, by question; `line.more` says
        whether there are further pages."""
        line.more = False  # meanwhile a reply may find no room in memory, which sets it again
        try:
            page = await self._journal.queued(line.port.name, line.last_id, PAGE)
        except StoreUnavailableError:
            line.more = True
            raise
        full = len(page) == PAGE
        line.more = line.more or full
        line.last_id = page[-1].id if full else 0
        whole: dict[tuple[int, bool], list[Reply]] = {}
        for reply in page:
            if reply.id not in line.held and reply.id not in moving:
                receipt = reply.ordinal == RECEIPT_ORDINAL  # goes its own way, behind the answer
                whole.setdefault((reply.question_id, receipt), []).append(reply)
        return list(whole.values())

    async def resend(self, line: Line) -> None:
        """After a new bind: once more what the old one left unknown, by the link's policy.

        A receipt of ours costs nobody anything: it goes again whatever the policy says.
        """
        line.resend = False
        try:
            again = await self._queue_again(line)
        except StoreUnavailableError:
            line.resend = True
            raise
        if again:
            log.info("replies_sent_again", link=line.port.name, count=again)

    async def _queue_again(self, line: Line) -> int:
        policy = line.port.policy
        of_receipts = policy._replace(resend_unknown=True)
        after_id, again = 0, 0
        page: Sequence[Reply] = ()
        while not after_id or len(page) == PAGE:
            page = await self._journal.unknown(line.port.name, after_id, PAGE)
            now_us = self._now_us()
            resent = [
                delivery.resend(
                    reply, of_receipts if reply.ordinal == RECEIPT_ORDINAL else policy, now_us
                )
                for reply in page
            ]
            outcomes = [outcome for outcome in resent if outcome]
            if outcomes:
                await self._journal.settle(outcomes)
                line.more, line.last_id = True, 0
                again += len(outcomes)
            if not page:
                break
            after_id = page[-1].id
        return again

    async def expired(self, line: Line) -> AsyncIterator[Sequence[Outcome]]:
        """Claim what is queued and past its time; the outcomes that are to be written down, by
        page: what is claimed has them whatever becomes of the next page."""
        after_id = 0
        page: Sequence[Reply] = ()
        while not after_id or len(page) == PAGE:
            page = await self._journal.queued(line.port.name, after_id, PAGE)
            now_us = self._now_us()
            over = {reply.id: reply for reply in page if reply.expires_us <= now_us}
            if over:
                claimed = await self._journal.claim(list(over), now_us)
                yield [delivery.expired(over[each], now_us) for each in sorted(claimed)]
            if not page:
                break
            after_id = page[-1].id
