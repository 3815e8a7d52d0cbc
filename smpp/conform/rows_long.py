"""Rows L: messages of several parts, however they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.dialler import Dialler
from smpp.conform.plays import SMSC, Play
from smpp.conform.shaping import (
    FORMATTING,
    PORTS,
    UDHI,
    concatenation,
    cut,
    part,
    payload,
    sar,
    with_header,
)
from smpp.conform.verdicts import FailedError

UCS2: Final = 8
MANY: Final = 11


async def both_widths(bench: Bench) -> str:
    seen = ""
    for width in (8, 16):
        msisdn, reference = bench.subscriber(replies_max=1), bench.reference()
        seen = await _parts(bench, msisdn, _cut(bench, reference, 2, width))
    return seen


async def several_elements(bench: Bench) -> str:
    seen = ""
    for front in (True, False):
        msisdn, reference = bench.subscriber(replies_max=1), bench.reference()
        parts = []
        for number, text in enumerate(cut(bench.text, 2), 1):
            place = concatenation(reference, 2, number)
            elements = (FORMATTING, place) if front else (place, FORMATTING)
            parts.append(with_header(*elements, text=text))
        seen = await _parts(bench, msisdn, parts)
    place = concatenation(bench.reference(), 2, 1)
    await bench.takes(with_header(PORTS, place, text=b"x"), esm_class=UDHI)
    return seen


async def other_bits(bench: Bench) -> str:
    for esm_class in (0x44, 0x48):
        octets = part(bench.reference(), 2, 1, b"x")
        await bench.takes(octets, msisdn=bench.subscriber(replies_max=0), esm_class=esm_class)
    seen = ""
    for esm_class in (0x41, 0x43, 0xC0):
        msisdn, reference = bench.subscriber(replies_max=1), bench.reference()
        seen = await _parts(bench, msisdn, _cut(bench, reference, 2), esm_class)
    return seen


async def header_beyond_the_text(bench: Bench) -> str:
    for octets in (b"", b"\x50abc", b"\x05"):
        await bench.takes(octets, esm_class=UDHI)
    return ""


async def header_in_the_payload(bench: Bench) -> str:
    msisdn, reference = bench.subscriber(replies_max=1), bench.reference()
    for octets in _cut(bench, reference, 2):
        await bench.takes(b"", msisdn=msisdn, esm_class=UDHI, tail=payload(octets))
    return await bench.answered_alike(msisdn)


async def sar_parameters(bench: Bench) -> str:
    first, second = cut(bench.text, 2)
    msisdn, reference = bench.subscriber(replies_max=1), bench.reference()
    await bench.takes(first, msisdn=msisdn, tail=sar(reference, 2, 1))
    await bench.takes(second, msisdn=msisdn, tail=sar(reference, 2, 2))
    await bench.answered_alike(msisdn)
    msisdn = bench.subscriber(replies_max=1)
    await bench.takes(bench.text, msisdn=msisdn, tail=sar(reference, 2, 1)[:6])
    await bench.answered_alike(msisdn)
    msisdn = bench.subscriber(replies_max=1)
    for octets in _cut(bench, reference, 2):  # the header is right, the parameters are not
        await bench.takes(octets, msisdn=msisdn, esm_class=UDHI, tail=sar(reference, 7, 7))
    return await bench.answered_alike(msisdn)


async def two_texts(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    await bench.takes(b"x", msisdn=msisdn, tail=payload(bench.text))
    return await bench.answered_alike(msisdn)


async def out_of_order(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    first, second, third = _cut(bench, bench.reference(), 3)
    return await _parts(bench, msisdn, [third, first, second])


async def duplicates(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    first, second = _cut(bench, bench.reference(), 2)
    return await _parts(bench, msisdn, [first, first, second, second])


async def one_reference_of_two(bench: Bench) -> str:
    reference = bench.reference()
    both = [bench.subscriber(replies_max=1) for _ in range(2)]
    for octets in _cut(bench, reference, 2):
        for msisdn in both:
            await bench.takes(octets, msisdn=msisdn, esm_class=UDHI)
    seen = ""
    for msisdn in both:
        seen = await bench.answered_alike(msisdn)
    return seen


async def reference_again(bench: Bench) -> str:
    msisdn, reference = bench.subscriber(replies_max=2), bench.reference()
    text, edge = bench.text, len(bench.text) // 2
    await _parts(bench, msisdn, _cut(bench, reference, 2))
    for number, piece in enumerate((text[: edge + 1], text[edge + 1 :]), 1):
        octets = part(reference, 2, number, piece)
        await bench.takes(octets, msisdn=msisdn, esm_class=UDHI)
    if not bench.options.question:
        return "acknowledged"
    again = await bench.changes.until(
        lambda: bench.replies_to(msisdn) > 1 or None, bench.options.reply_s
    )
    if again is None:
        raise FailedError("the second message under a reference was not answered")
    return "answered twice"


async def more_than_nine(bench: Bench) -> str:
    msisdn, text = bench.subscriber(replies_max=1), bench.text.ljust(MANY)
    reference = bench.reference()
    parts = [
        part(reference, MANY, number, piece) for number, piece in enumerate(cut(text, MANY), 1)
    ]
    order = (9, 1, 10, 0, 8, 2, 7, 3, 6, 4, 5)
    return await _parts(bench, msisdn, [parts[at] for at in order])


async def over_two_binds(bench: Dialler) -> str:
    msisdn = bench.subscriber(replies_max=1)
    parts = _cut(bench, bench.reference(), 2)
    await bench.takes(parts[0], msisdn=msisdn, esm_class=UDHI)
    await bench.leave()
    await bench.takes(parts[1], msisdn=msisdn, esm_class=UDHI)
    return await bench.answered_alike(msisdn)


async def no_place_at_all(bench: Bench) -> str:
    seen = ""
    for total, number in ((2, 0), (2, 3), (0, 0), (1, 1)):
        msisdn = bench.subscriber(replies_max=1)
        octets = part(bench.reference(), total, number, bench.text)
        seen = await _parts(bench, msisdn, [octets])
    return seen


async def cut_characters(bench: Bench) -> str:
    wide = bench.options.text.encode("utf-16-be")
    reference = bench.reference()
    for coding, first, second in (
        (0, bench.text + b" \x1b", b"\x65"),
        (UCS2, wide + b"\0 \xd8\x3d", b"\xde\x00"),
    ):
        msisdn = bench.subscriber(replies_max=1)
        for number, piece in enumerate((first, second), 1):
            octets = part(reference, 2, number, piece)
            await bench.takes(octets, msisdn=msisdn, esm_class=UDHI, data_coding=coding)
        await bench.answered(msisdn)
    return ""


async def ports_alone(bench: Bench) -> str:
    octets = with_header(PORTS, text=bench.text)
    await bench.takes(octets, msisdn=bench.subscriber(replies_max=0), esm_class=UDHI)
    return ""


def _cut(bench: Bench, reference: int, pieces: int, width: int = 8) -> list[bytes]:
    """The question in parts."""
    return [
        part(reference, pieces, number, text, width)
        for number, text in enumerate(cut(bench.text, pieces), 1)
    ]


async def _parts(bench: Bench, msisdn: str, parts: Sequence[bytes], esm_class: int = UDHI) -> str:
    """Each is acknowledged; together they are the question."""
    for octets in parts:
        await bench.takes(octets, msisdn=msisdn, esm_class=esm_class)
    return await bench.answered_alike(msisdn)


PLAYS: Final = (
    Play("L1", both_widths),
    Play("L2", several_elements),
    Play("L3", other_bits),
    Play("L4", header_beyond_the_text),
    Play("L5", header_in_the_payload),
    Play("L6", sar_parameters),
    Play("L7", two_texts),
    Play("L8", out_of_order),
    Play("L9", duplicates),
    Play("L11", one_reference_of_two),
    Play("L12", reference_again),
    Play("L13", more_than_nine),
    Play("L14", over_two_binds, SMSC),
    Play("L15", no_place_at_all),
    Play("L16", cut_characters),
    Play("L18", ports_alone),
)
