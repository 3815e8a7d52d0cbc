"""Rows V about what an SMSC owes its ESME, and how much it takes."""

from __future__ import annotations

import re
from typing import Final

from smpp.conform.carried import Carried
from smpp.conform.dialler import Dialler
from smpp.conform.plays import SMSC, Play, When
from smpp.conform.shaping import TYPE_BITS, body_of, tlv
from smpp.conform.verdicts import FailedError, UntestableError
from smpp.simulator import wire

RTHROTTLED: Final = 0x58
BURST_MAX: Final = 1_000
UNANSWERED: Final = 12
REFILL_S: Final = 1.0  # of a second's allowance
USER_MESSAGE_REFERENCE: Final = 0x0204
APPENDIX_B: Final = re.compile(
    rb"id:(\S+) sub:\S* dlvrd:\S* submit date:\S* done date:\S* stat:\S+ err:\S*", re.IGNORECASE
)


async def unanswered_deliveries(bench: Dialler) -> str:
    """One may be left until the next bind; an ESME that answers none is noticed."""
    subscribers = [bench.subscriber() for _ in range(UNANSWERED)]
    bench.holding.update(subscribers)
    held = await bench.one_held(subscribers[0])
    for msisdn in subscribers[1:]:
        await bench.ask(msisdn)
    patience_s = bench.options.patience_s
    found = await bench.changes.until(
        lambda: _again(bench, held) or held.connection.ended_s, patience_s
    )
    if found is None:
        raise FailedError(
            f"neither sent again nor the session closed within {patience_s:g} s without a response"
        )
    if isinstance(found, Carried):
        return f"sent again after {found.at_s - held.at_s:.1f} s"
    return await _owed(bench, held)


async def while_away(bench: Dialler) -> str:
    held = await bench.one_held(bench.subscriber())
    held.connection.reset()
    await held.connection.ended(bench.options.answer_s)
    await bench.changes.rest(bench.options.settle_s)
    return await _owed(bench, held)


async def _owed(bench: Dialler, held: Carried) -> str:
    """After the next bind it comes again."""
    await bench.session()
    again = await bench.changes.until(lambda: _again(bench, held), bench.options.patience_s)
    if again is None:
        raise FailedError("what was not acknowledged did not come again after the next bind")
    return "sent again after the next bind"


def _again(bench: Dialler, held: Carried) -> Carried | None:
    for each in bench.carried:
        if each.pdu.body == held.pdu.body and each is not held and each.at_s > held.at_s:
            return each
    return None


async def too_fast(bench: Dialler) -> str:
    tps = bench.options.tps
    if not tps:
        raise UntestableError("how many submits a second it allows is not known: --tps")
    connection = await bench.session()
    body = body_of(bench.message(bench.text))
    numbers = [connection.ask(wire.SUBMIT_SM, body) for _ in range(min(3 * tps + 10, BURST_MAX))]
    statuses = [
        (await connection.response(number, bench.options.answer_s)).status for number in numbers
    ]
    await bench.alive(connection)
    throttled = statuses.count(RTHROTTLED)
    await bench.changes.rest(REFILL_S)  # the rows that follow are not to be throttled for this one
    if not throttled:
        raise FailedError(f"none of {len(numbers)} submits at once was throttled at {tps} a second")
    return f"{throttled} of {len(numbers)} throttled, each by its number"


async def resent(bench: Dialler) -> str:
    if not bench.options.question:
        raise UntestableError("whether a submit counts once is seen by the answers: --question")
    msisdn = bench.subscriber(replies_max=1)
    tail = tlv(USER_MESSAGE_REFERENCE, b"\x0c\x0f")
    body = body_of(bench.message(bench.text, msisdn=msisdn), tail)
    first = await bench.accepted(await bench.session(), body)
    (await bench.session()).reset()
    await bench.back()
    again = await bench.accepted(await bench.session(), body)
    await bench.answered(msisdn)
    return "the same id" if first.body == again.body else "another id, answered once"


async def receipts(bench: Dialler) -> str:
    connection = await bench.session()
    asked = bench.message(bench.text, registered_delivery=1)
    response = await bench.accepted(connection, body_of(asked))
    message_id = response.body.partition(b"\0")[0]
    receipt = await bench.changes.until(
        lambda: _receipt_of(bench, message_id), bench.options.patience_s
    )
    if receipt is None:
        raise FailedError(
            f"no receipt of {message_id.decode('latin-1')} within {bench.options.patience_s:g} s"
        )
    _judge_receipt(receipt, message_id)
    plain = await bench.accepted(connection, body_of(bench.message(bench.text)))
    refused = await bench.carry(
        connection, body_of(bench.message(bench.text, registered_delivery=1), sm_length=250)
    )
    await bench.changes.rest(bench.options.settle_s)
    unasked = plain.body.partition(b"\0")[0]
    if unasked and _receipt_of(bench, unasked) is not None:
        raise FailedError("a receipt came that was not asked for")
    refused_id = refused.body.partition(b"\0")[0]
    if refused_id and _receipt_of(bench, refused_id) is not None:
        raise FailedError("a receipt came for a submit that was refused")
    return ""


def _judge_receipt(receipt: Carried, message_id: bytes) -> None:
    found = APPENDIX_B.match(receipt.octets)
    if found is None:
        raise FailedError(f"a receipt that Appendix B does not know: {receipt.octets[:40]!r}")
    if found[1] != message_id:
        raise FailedError(f"the receipt says id {found[1]!r}, the response said {message_id!r}")
    named = receipt.message.tlv(wire.TAG_RECEIPTED_MESSAGE_ID)
    if named is None or receipt.message.tlv(wire.TAG_MESSAGE_STATE) is None:
        raise FailedError("the receipt lacks receipted_message_id or message_state")
    if named.rstrip(b"\0") != message_id:
        raise FailedError(f"receipted_message_id is {named!r}, the response said {message_id!r}")


def _receipt_of(bench: Dialler, message_id: bytes) -> Carried | None:
    for each in bench.carried:
        if not each.message.esm_class & TYPE_BITS:
            continue
        named = each.message.tlv(wire.TAG_RECEIPTED_MESSAGE_ID) or b""
        if named.rstrip(b"\0") == message_id or b"id:" + message_id + b" " in each.octets:
            return each
    return None


PLAYS: Final = (
    Play("V6", unanswered_deliveries, SMSC, When.LATE),
    Play("V7", while_away, SMSC, When.LATE),
    Play("V8", too_fast, SMSC, When.LATE),
    Play("V11", resent, SMSC, When.LATE),
    Play("V12", receipts, SMSC, When.LATE),
)
