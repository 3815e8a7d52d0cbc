"""Rows R: receipts as operators write them are acknowledged and never taken for a question."""

from __future__ import annotations

from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, Play, When
from smpp.conform.shaping import RECEIPT, body_of, payload, receipt_text, tlv
from smpp.conform.verdicts import UntestableError
from smpp.simulator import wire

UNHEARD_OF: Final = "conform-unheard-of"
INTERMEDIATE: Final = 0x20
PHONES: Final = (0x08, 0x10)  # acknowledgements of a phone and of its owner
LONG_IDS: Final = ("4fd5bb12-7a86-4b6a-9d57-9a5f1f2e3d4c", "x" * 36, "7" * 65)
DATES: Final = ("2601011201", "260101120159", "20260101120159", "0000000000", "", "never")
ERRORS: Final = ("0000", "21b", "", "123456")
STATES: Final = ("FAILED", "BUFFRED", "ACKED", "delivrd", "WONDER", "")
ORDERS: Final = (
    "id:{id} stat:DELIVRD",
    "id:{id} sub:n/a dlvrd:n/a submit date:n/a done date:n/a stat:DELIVRD err:n/a text:n/a",
    "stat:DELIVRD err:000 id:{id} done date:2601011201",
    "id:{id} submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 Text:id:9",
)


async def flagged(bench: Listener) -> str:
    for esm_class in (RECEIPT, RECEIPT | 0x40):
        octets = receipt_text(UNHEARD_OF).encode("ascii")
        octets = b"\0" + octets if esm_class & 0x40 else octets  # an empty header before it
        await _receipt(bench, octets, esm_class=esm_class)
    return ""


async def intermediate(bench: Listener) -> str:
    message_id, note = await _given(bench)
    await _words(bench, receipt_text(message_id, "ENROUTE"), esm_class=INTERMEDIATE)
    return note


async def of_phones(bench: Listener) -> str:
    for esm_class in PHONES:
        await _receipt(bench, bench.text, esm_class=esm_class)
    return ""


async def unflagged(bench: Listener) -> str:
    message_id, note = await _given(bench)
    if note:
        raise UntestableError(f"whether it knows an id needs one that it was given; {note}")
    msisdn = next(who for who, given in bench.ids.items() if given == message_id)
    bench.replies_max[msisdn] = (bench.playing, 1)
    await bench.takes(receipt_text(message_id).encode("ascii"), msisdn=msisdn)
    return ""


async def other_base(bench: Listener) -> str:
    return await _pair(bench, "1a2b3c", str(0x1A2B3C))


async def zeros_and_case(bench: Listener) -> str:
    return await _pair(bench, "000abc9", "ABC9")


async def long_ids(bench: Listener) -> str:
    note = ""
    for message_id in LONG_IDS:
        note = await _pair(bench, message_id, message_id)
    return note


async def tlvs_alone(bench: Listener) -> str:
    message_id, note = await _given(bench)
    tlvs = tlv(wire.TAG_RECEIPTED_MESSAGE_ID, message_id.encode("ascii") + b"\0")
    tlvs += tlv(wire.TAG_MESSAGE_STATE, b"\2")
    await _receipt(bench, b"", tail=tlvs)
    return note


async def other_places(bench: Listener) -> str:
    message_id, note = await _given(bench)
    words = receipt_text(message_id)
    plain = words.encode("ascii")
    await _receipt(bench, b"", tail=payload(plain))
    await _receipt(bench, words.encode("utf-16-be"), data_coding=8)
    await _receipt(bench, plain, data_coding=8)
    receipt = bench.message(msisdn=bench.subscriber(replies_max=0), esm_class=RECEIPT)
    body = wire.encode_data(receipt) + payload(plain)
    await bench.accepted(await bench.session(), body, wire.DATA_SM)
    return note


async def fields_missing(bench: Listener) -> str:
    message_id, note = await _given(bench)
    for form in ORDERS:
        await _words(bench, form.format(id=message_id))
    return note


async def dates(bench: Listener) -> str:
    message_id, note = await _given(bench)
    for date in DATES:
        await _words(
            bench,
            f"id:{message_id} sub:001 dlvrd:001 submit date:{date} done date:{date} "
            "stat:DELIVRD err:000 text:",
        )
    return note


async def error_codes(bench: Listener) -> str:
    message_id, note = await _given(bench)
    for err in ERRORS:
        await _words(bench, receipt_text(message_id, "UNDELIV", err))
    return note


async def states(bench: Listener) -> str:
    message_id, note = await _given(bench)
    for stat in STATES:
        await _words(bench, receipt_text(message_id, stat))
    return note


async def before_the_response(bench: Listener) -> str:
    held = await bench.one_held()
    message_id = "conform-early-1"
    await _words(bench, receipt_text(message_id))
    bench.release(held, message_id.encode("ascii") + b"\0")
    await bench.alive(held.connection)
    return ""


async def two_receipts(bench: Listener) -> str:
    message_id, note = await _given(bench)
    for stat in ("DELIVRD", "ENROUTE"):
        await _words(bench, receipt_text(message_id, stat))
    return note


async def on_another_bind(bench: Listener) -> str:
    message_id, note = await _given(bench)
    (await bench.fresh()).finish()
    await bench.back()
    await _words(bench, receipt_text(message_id))
    return note


async def of_nothing(bench: Listener) -> str:
    await _words(bench, receipt_text(UNHEARD_OF))
    return ""


async def _pair(bench: Listener, given: str, told: str) -> str:
    """The id of a submit_sm_resp, and how its receipt tells it."""
    bench.next_ids.append(given)
    msisdn = bench.subscriber(replies_max=1)
    await bench.ask(msisdn)
    came = await bench.changes.until(
        lambda: bench.ids.get(msisdn), bench.options.reply_s if bench.options.question else 0.0
    )
    bench.next_ids.clear()
    await _words(bench, receipt_text(told))
    return "" if came == given else "of an id that it was not given: it submits nothing"


async def _given(bench: Listener) -> tuple[str, str]:
    """An id that the peer was given, and no note; or a made-up one, and a note on that."""
    if not bench.ids and bench.options.question:
        msisdn = bench.subscriber()
        await bench.ask(msisdn)
        await bench.changes.until(lambda: bench.ids or None, bench.options.reply_s)
    if bench.ids:
        return next(iter(bench.ids.values())), ""
    return UNHEARD_OF, "of an id that it was not given: it submits nothing"


async def _words(bench: Listener, words: str, esm_class: int = RECEIPT) -> None:
    await _receipt(bench, words.encode("ascii"), esm_class=esm_class)


async def _receipt(bench: Bench, octets: bytes, *, tail: bytes = b"", **fields: int) -> None:
    """Acknowledged, and never answered."""
    fields.setdefault("esm_class", RECEIPT)
    connection, msisdn = await bench.session(), bench.subscriber(replies_max=0)
    message = bench.message(octets, msisdn=msisdn, **fields)
    await bench.accepted(connection, body_of(message, tail))
    await bench.alive(connection)


PLAYS: Final = (
    Play("R1", flagged, ESME),
    Play("R2", intermediate, ESME),
    Play("R3", of_phones, ESME),
    Play("R4", unflagged, ESME),
    Play("R5", other_base, ESME),
    Play("R6", zeros_and_case, ESME),
    Play("R7", long_ids, ESME),
    Play("R8", tlvs_alone, ESME),
    Play("R9", other_places, ESME),
    Play("R10", fields_missing, ESME),
    Play("R11", dates, ESME),
    Play("R12", error_codes, ESME),
    Play("R13", states, ESME),
    Play("R14", before_the_response, ESME),
    Play("R15", two_receipts, ESME),
    Play("R16", on_another_bind, ESME, When.LATE),
    Play("R17", of_nothing, ESME),
)
