"""Row R4 through the whole program: what reads like a receipt without the flag is one if it names a
reply of ours, and a question if it does not."""

from __future__ import annotations

from pathlib import Path

from gateway.core.records import ReplyState
from smpp.simulator import ReceiptPolicy, ReceiptTime, Smsc
from tests.support.inside import running
from tests.support.service import SECRET, LinkTo, write_open_tickets

PHONE = "77010000090"
FIRST = 61_200_000_070_000_000
NUMBER = f"{FIRST:018d}"
TEXT = "id:{} sub:001 dlvrd:001 submit date:2611201005 done date:2611201006 stat:DELIVRD err:000"


async def test_row_r4_a_receipt_without_its_flag_settles_the_reply_it_names(
    tmp_path: Path,
) -> None:
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST, 1)
    never = ReceiptPolicy(when=ReceiptTime.NONE)
    async with (
        Smsc(password=SECRET, receipts=never) as smsc,
        running(tmp_path, LinkTo("operator", smsc.port), tickets=[feed]) as inside,
    ):
        assert (await smsc.send_mo(PHONE, NUMBER)).ok
        mt = await smsc.next_mt(PHONE)
        await inside.settled(
            lambda chains: [reply.state for reply in chains[0].replies] == [ReplyState.SUBMITTED]
        )
        assert (await smsc.send_mo(PHONE, TEXT.format(mt.message_id))).ok
        (chain,) = await inside.settled()
        assert [reply.state for reply in chain.replies] == [ReplyState.DELIVERED]
        assert chain.replies[0].stat == "DELIVRD"

        assert (await smsc.send_mo(PHONE, TEXT.format("4711"))).ok
        await smsc.next_mt(PHONE)  # whoever texts such a thing is answered
        chains = await inside.settled(lambda chains: len(chains) == 2)
        assert chains[0].replies[0].state is ReplyState.DELIVERED
