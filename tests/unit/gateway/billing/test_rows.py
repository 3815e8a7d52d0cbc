from __future__ import annotations

import pytest

from gateway.billing.rows import Money, Row, money_of, rows_of
from gateway.core.ledger import ChainState, open_chain
from gateway.core.records import Chain, ReplyState
from tests.support.chains import AT_US, FREE, MO, MO_CREDITED, MT, chain, question, reply


def rows(given: Chain) -> list[Row]:
    return list(rows_of(given, money_of(given.entries)))


def test_money_is_summed_by_kind_of_entry() -> None:
    back = money_of(open_chain(question(), MO_CREDITED, "not_found", AT_US))
    assert back == Money(ChainState.CHARGED, 1500, 1500, -1500, 0, "KZT", 1600)
    assert back.kept_tiyn == 0
    assert money_of(open_chain(question(), MO, "status", AT_US)).kept_tiyn == 1500
    assert money_of(open_chain(question(), MT, "status", AT_US)).state is ChainState.RATED
    assert money_of(open_chain(question(), FREE, "status", AT_US)).state is ChainState.FREE
    assert money_of(()) == Money(ChainState.NEW, 0, 0, 0, 0, None, 0)


@pytest.mark.parametrize(
    ("channel", "record_type"),
    [("sms", "mo"), ("ivr", "call_question"), ("copy", "copy"), ("web", "web")],
)
def test_a_question_is_a_record_of_its_channel(channel: str, record_type: str) -> None:
    assert rows(chain(channel=channel))[0].record_type == record_type


@pytest.mark.parametrize(
    ("state", "maybe_sent", "outcome"),
    [
        (ReplyState.QUEUED, False, "waiting"),
        (ReplyState.SUBMITTING, True, "waiting"),
        (ReplyState.SUBMITTED, False, "submitted"),
        (ReplyState.SUBMITTED, True, "submitted-after-resend"),
        (ReplyState.DELIVERED, True, "delivered"),
        (ReplyState.UNDELIVERED, False, "undelivered"),
        (ReplyState.UNKNOWN, False, "unknown"),
        (ReplyState.EXPIRED, False, "expired"),
        (ReplyState.FAILED, False, "failed"),
    ],
)
def test_an_outcome_says_what_is_known(state: ReplyState, maybe_sent: bool, outcome: str) -> None:
    sent = rows(chain(replies=(reply(state=state, maybe_sent=maybe_sent),)))
    assert sent[1].outcome == outcome


def test_a_reply_not_sent_yet_has_no_times() -> None:
    waiting = reply(state=ReplyState.QUEUED, submitted_us=None, done_us=None, receipt=False)
    row = rows(chain(replies=(waiting,)))[1]
    assert (row.received_at, row.submitted_at, row.done_at) == (None, None, None)
    assert row.receipt_requested == 0


def test_vat_is_never_taken_out_of_a_row() -> None:
    paid = chain(entries=open_chain(question(), MO, "status", AT_US), replies=(reply(),))
    assert {row.vat_tiyn for row in rows(paid)} == {None}
    assert {row.seq for row in rows(paid)} == {0}
