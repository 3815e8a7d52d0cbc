"""A link whose receipts are joined in a journal, with the SMSC of a test at its far end: the part
of the gateway that receipts go through, without the rest of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.core import delivery as deciding
from gateway.core.delivery import Policy, Verdict
from gateway.core.records import Reply, ReplyState
from gateway.receipts import Receipts
from gateway.store import Journal
from smpp.messages import Receipt, Submit
from smpp.operators import MessageIdForm, OperatorProfile
from smpp.owner import Delivery
from smpp.status import Action
from tests.support.journal import AT, SECOND, answer, question, reply, states
from tests.support.line import PROFILE, Line, Recorder, line
from tests.support.peer import DELIVER_SM, RESPONSE, Wire, deliver_sm

POLICY = Policy(resend_unknown=False, charge_on_submit=False)
RECEIPT_FLAG = 0x04
PHONE = "77011234567"  # of every deliver_sm of a test, unless it says otherwise


def party(msisdn: str) -> str:
    return f"party of {msisdn}"


class Facts:
    """What the gateway knows of the link."""

    operator = "north"
    busy_status = 0x64
    policy = POLICY

    def __init__(self, profile: OperatorProfile) -> None:
        self.message_id_form: MessageIdForm = profile.message_id_form


class Counts:
    """What was counted."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.ratio = 1.0

    def received(self, link: str, what: str, count: int) -> None:
        self.seen[what] += count

    def refused(self, link: str, count: int) -> None:
        self.seen["refused"] += count

    def receipts_joined(self, joined: int, orphans: int) -> None:
        self.seen["joined"] += joined
        self.seen["orphan"] += orphans

    def receipt_match_ratio(self, link: str, ratio: float) -> None:
        self.ratio = ratio


class Gate(Recorder):
    """Hands receipts, and what reads like one, to the gateway's receipts; keeps the rest."""

    def __init__(self, receipts: Receipts, now_us: Callable[[], int]) -> None:
        super().__init__(status=None)
        self._receipts = receipts
        self._now_us = now_us
        self.questions: list[Delivery] = []

    def on_delivery(self, delivery: Delivery) -> None:
        super().on_delivery(delivery)
        message = delivery.message
        if isinstance(message, Receipt) or message.unflagged is not None:
            assert self._receipts.put(delivery, self._now_us())
        else:
            self.pass_on(delivery, 0)

    def pass_on(self, delivery: Delivery, at_us: int) -> None:
        self.questions.append(delivery)
        delivery.respond(0)


class Booked:
    """See the module. `after_s`: how long after the question what comes now does."""

    def __init__(self, journal: Journal, profile: OperatorProfile, name: str) -> None:
        self.name = name
        self.journal = journal
        self.counts = Counts()
        self.after_s = 60
        self.receipts = Receipts(
            journal=journal, links={name: Facts(profile)}, counters=self.counts, party=party
        )
        self.owner = Gate(self.receipts, lambda: AT + self.after_s * SECOND)
        self.line: Line
        self.wire: Wire
        self._sequence = 100

    async def sends(
        self, n: int, *message_ids: bytes | None, msisdn: str = PHONE
    ) -> tuple[Reply, ...]:
        """Question n is answered: a segment for each id that the SMSC gives; None: it does not
        answer, and the link gives up waiting (the profile's response timer)."""
        asked = question(n, link=self.name, msisdn=msisdn, party=party(msisdn), received_us=AT)
        segs = len(message_ids)
        rows = tuple(reply(asked, 0, seg, segs=segs) for seg in range(1, segs + 1))
        await self.journal.take([asked], [answer(asked, *rows)])
        before = len(self.owner.results)
        for row, message_id in zip(rows, message_ids, strict=True):
            self.line.link.submit(
                Submit(row.id, row.source, row.msisdn, 0, b"answer", receipt=row.receipt)
            )
            sent, _ = await self.wire.expect_submit()
            if message_id is not None:
                self.wire.answer_submit(sent, message_id)
        await self.owner.ended(before + segs)
        results = {each.reply_id: each for each in self.owner.results}
        await self.journal.settle(
            [
                deciding.after_result(row, results[row.id], Verdict(Action.SENT), POLICY, AT)
                for row in rows
            ]
        )
        return rows

    async def told(
        self, body: bytes, *, esm_class: int = RECEIPT_FLAG, tail: bytes = b"", **fields: object
    ) -> None:
        """The SMSC delivers this; on return it is on disk, and the SMSC has our ROK."""
        self._sequence += 1
        self.wire.send(deliver_sm(self._sequence, body, esm_class=esm_class, tail=tail, **fields))
        await self.wire.expect(DELIVER_SM | RESPONSE, 0, self._sequence)

    async def states(self, n: int) -> list[ReplyState]:
        return await states(self.journal, question(n))


@asynccontextmanager
async def booked(
    journal: Journal, profile: OperatorProfile = PROFILE, name: str = "test"
) -> AsyncIterator[Booked]:
    """A running link of that name, bound, with its receipts."""
    found = Booked(journal, profile, name)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(found.receipts.run(found.owner.pass_on))
        async with line(profile, owner=found.owner, name=name) as both:
            found.line, found.wire = both, both.wire
            yield found
        running.cancel()
