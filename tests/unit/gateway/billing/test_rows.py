from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.billing.rows import Money, Row, iso_time, money_of, rows_of
from gateway.core.cdr import EntryKind
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


def test_a_free_question_tells_what_was_booked_on_it_afterwards() -> None:
    (rated,) = open_chain(question(), FREE, "status", AT_US)
    key = "adjusted:42:reconciled:2026-11"
    adjusted = rated._replace(
        key=key, kind=EntryKind.ADJUSTED, amount_tiyn=1500, reason="act", corrects=rated.key
    )
    (row,) = rows(chain(entries=(rated, adjusted)))
    assert (row.gross_tiyn, row.adjusted_tiyn) == (0, 1500)
    assert (row.credit_reason, row.corrects) == ("act", "rated:42")


def test_the_rows_of_a_question_are_numbered_on() -> None:
    given = chain(replies=(reply(), reply(id=8, ordinal=1)))
    assert [row.seq for row in rows_of(given, money_of(()), 7)] == [7, 8, 9]


@pytest.mark.parametrize(
    ("at_us", "written"),
    [
        (0, "1970-01-01T00:00:00.000000+00:00"),
        (-1, "1969-12-31T23:59:59.999999+00:00"),
        (AT_US + 59_000_001, "2026-11-20T05:00:59.000001+00:00"),
        (951_868_799_999_999, "2000-02-29T23:59:59.999999+00:00"),
    ],
)
def test_a_time_is_written_in_utc_to_the_microsecond(at_us: int, written: str) -> None:
    assert iso_time(at_us) == written
    told = datetime.fromisoformat(written) - datetime(1970, 1, 1, tzinfo=UTC)
    assert told == timedelta(microseconds=at_us)
