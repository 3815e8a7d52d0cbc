from __future__ import annotations

from gateway.billing.months import Month
from gateway.billing.reconcile.file_map import Record
from gateway.billing.reconcile.our_rows import rows_of_chain
from gateway.billing.reconcile.records import Ours
from gateway.core.cdr import EntryKind
from gateway.core.ledger import open_chain, settle
from gateway.core.records import RECEIPT_ORDINAL, Chain, ReplyState
from tests.support.chains import AT_US, FREE, MO, MO_CREDITED, MT, chain, question, reply

NOVEMBER = Month(2026, 11)
MO_ONLY = frozenset((Record.MO,))
BOTH = frozenset(Record)
PARTY = "0a" * 16


def rows(
    asked: Chain, compared: frozenset[Record] = MO_ONLY, operator: str = "north"
) -> list[Ours]:
    return list(rows_of_chain(asked._replace(party=PARTY), operator, NOVEMBER, compared))


def test_a_question_is_a_message_with_what_the_operator_took() -> None:
    asked = chain(entries=open_chain(question(), MO_CREDITED, "not_found", AT_US), parts=2)
    [mine] = rows(asked)
    assert (mine.record, mine.question_id, mine.record_id, mine.at_us) == ("mo", 42, 42, AT_US)
    assert (mine.gross_tiyn, mine.parts, mine.place, mine.own) == (1500, 2, 0, True)
    assert mine.party == bytes.fromhex(PARTY)


def test_what_was_not_taken_with_the_question_is_nothing() -> None:
    for rated in (MT, FREE):
        [mine] = rows(chain(entries=open_chain(question(), rated, "status", AT_US)))
        assert mine.gross_tiyn == 0
    assert rows(chain())[0].gross_tiyn == 0


def test_questions_by_phone_or_page_are_no_messages_of_an_operator() -> None:
    for channel in ("ivr", "web", "copy"):
        assert rows(chain(channel=channel)) == []


def test_another_links_question_is_not_our_own_and_an_erased_phone_is_empty() -> None:
    [mine] = rows(chain(msisdn=None), operator="south")
    assert (mine.own, mine.msisdn) == (False, "")


def test_a_question_of_the_next_month_is_after_it() -> None:
    assert rows(chain(day=20261201))[0].place == 1
    assert rows(chain(day=20261031))[0].place == -1


def test_a_question_knows_its_replies_ids_and_their_receipts() -> None:
    replies = (
        reply(id=7, message_id="0x00A1"),
        reply(id=8, ordinal=1, message_id=None, state=ReplyState.QUEUED, done_us=None),
        reply(id=9, ordinal=RECEIPT_ORDINAL, message_id="zz"),
    )
    [mine] = rows(chain(replies=replies))
    assert mine.reply_refs == "a1"
    assert mine.receipts_us == str(AT_US + 900_000)
    assert mine.refs == ""


def test_a_reply_is_one_message_of_as_many_parts_as_it_has_segments() -> None:
    replies = (
        reply(id=8, seg=2, segs=2, message_id="B2"),
        reply(id=7, seg=1, segs=2, message_id="B1"),
        reply(id=9, ordinal=1, message_id="C1"),
    )
    asked = chain(replies=replies, entries=open_chain(question(), MO, "status", AT_US))
    mo, first, second = rows(asked, BOTH)
    assert (mo.record, first.record, second.record) == ("mo", "mt", "mt")
    assert (first.record_id, first.parts, first.refs) == (7, 2, "b1 b2")
    assert (second.record_id, second.parts, second.refs) == (9, 1, "c1")
    assert first.at_us == AT_US + 5_000
    assert first.gross_tiyn == second.gross_tiyn == 0


def test_a_charge_on_the_reply_stands_with_the_first_of_them() -> None:
    rated = open_chain(question(), MT, "status", AT_US)[0]
    entries = (rated, settle(rated, EntryKind.CHARGED, AT_US))
    replies = (reply(id=7), reply(id=8, ordinal=1))
    mt = rows(chain(channel="copy", replies=replies, entries=entries), BOTH)
    assert [each.gross_tiyn for each in mt] == [1500, 0]


def test_a_reply_counts_once_the_operator_has_taken_it() -> None:
    told = {
        state: [each.counted for each in rows(chain(replies=(reply(state=state),)), BOTH)[1:]]
        for state in ReplyState
    }
    assert told == {
        ReplyState.QUEUED: [],
        ReplyState.SUBMITTING: [False],
        ReplyState.SUBMITTED: [True],
        ReplyState.FAILED: [],
        ReplyState.UNKNOWN: [False],
        ReplyState.DELIVERED: [True],
        ReplyState.UNDELIVERED: [True],
        ReplyState.EXPIRED: [False],
    }
