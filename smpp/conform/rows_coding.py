"""Rows D: what a subscriber wrote is taken, in whatever coding it says it is."""

from __future__ import annotations

from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.plays import Play
from smpp.conform.shaping import UDHI, with_header
from smpp.conform.verdicts import FailedError

UCS2: Final = 8
KAZAKH: Final = "\u04d8\u0492\u049a\u04a2\u04e8\u04b0\u04ae\u04ba\u0406 "
FULL_WIDTH: Final = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x30, 0x3A)})
NATIONAL_SHIFTS: Final = (bytes((0x24, 1, 0x7E)), bytes((0x25, 1, 0x7E)))  # of no known language
ESCAPES: Final = (b" \x1b\x65", b" \x1b\x3c", b" \x1bA", b" \x1b", b" \x1b\x1b ")


async def octets_beyond_seven_bits(bench: Bench) -> str:
    await bench.takes(bench.text + b" caf\xe9")
    return ""


async def ia5_and_latin1(bench: Bench) -> str:
    return await _alike(bench, *((coding, bench.text) for coding in (1, 3)))


async def binary(bench: Bench) -> str:
    for coding in (2, 4):
        await bench.takes(bytes(range(0x80, 0x90)), data_coding=coding)
    return ""


async def iso_8859_5(bench: Bench) -> str:
    return await _alike(bench, (6, bench.text))


async def ucs2(bench: Bench) -> str:
    plain = bench.options.text
    big, little = plain.encode("utf-16-be"), plain.encode("utf-16-le")
    forms = (big, big + b"\x04", b"\xfe\xff" + big, b"\xff\xfe" + little)
    return await _alike(bench, *((UCS2, octets) for octets in forms))


async def classes(bench: Bench) -> str:
    for coding in (0xF4, 0xF5):
        await bench.takes(bytes(range(0x80, 0x90)), data_coding=coding)
    wide = bench.options.text.encode("utf-16-be")
    return await _alike(
        bench, *((coding, bench.text) for coding in (0xF0, 0xF1, 0x10, 0x1F)), (0x18, wide)
    )


async def message_waiting(bench: Bench) -> str:
    wide = bench.options.text.encode("utf-16-be")
    return await _alike(bench, (0xC0, bench.text), (0xD0, bench.text), (0xE0, wide))


async def reserved(bench: Bench) -> str:
    return await _alike(bench, *((coding, bench.text) for coding in range(9, 16)))


async def escapes(bench: Bench) -> str:
    for octets in ESCAPES:
        await bench.takes(bench.text + octets)
    return ""


async def kazakh(bench: Bench) -> str:
    msisdn = bench.subscriber(replies_max=1)
    words = (KAZAKH + bench.options.text).encode("utf-16-be")
    await bench.takes(words, msisdn=msisdn, data_coding=UCS2)
    found = await bench.answered(msisdn)
    if "\ufffd" in found:
        raise FailedError(f"the reply cannot be read: {found!r}")
    return "answered" if found else "acknowledged"


async def surrogates(bench: Bench) -> str:
    wide = bench.options.text.encode("utf-16-be")
    for octets in (b"\xd8\x3d\xde\x00", b"\xd8\x3d", b"\xde\x00", b"\xde\x00\xd8\x3d"):
        await bench.takes(octets + wide, data_coding=UCS2)
    return ""


async def look_alikes(bench: Bench) -> str:
    plain = bench.options.text
    forms = (f"\u00a0{plain}\u200b", plain.translate(FULL_WIDTH))
    return await _alike(bench, *((UCS2, form.encode("utf-16-be")) for form in forms))


async def empty(bench: Bench) -> str:
    for octets in (b"", b" "):
        await bench.takes(octets)
    return ""


async def national_shift(bench: Bench) -> str:
    seen = ""
    for element in NATIONAL_SHIFTS:
        msisdn = bench.subscriber(replies_max=1)
        octets = with_header(element, text=bench.text)
        await bench.takes(octets, msisdn=msisdn, esm_class=UDHI)
        seen = await bench.answered_alike(msisdn)
    return seen


async def _alike(bench: Bench, *forms: tuple[int, bytes]) -> str:
    """The question in each of these codings, from a subscriber each."""
    seen = ""
    for coding, octets in forms:
        msisdn = bench.subscriber(replies_max=1)
        try:
            await bench.takes(octets, msisdn=msisdn, data_coding=coding)
            seen = await bench.answered_alike(msisdn)
        except FailedError as problem:
            raise FailedError(f"data_coding 0x{coding:02X}: {problem}") from None
    return seen


PLAYS: Final = (
    Play("D2", octets_beyond_seven_bits),
    Play("D3", ia5_and_latin1),
    Play("D4", binary),
    Play("D5", iso_8859_5),
    Play("D6", ucs2),
    Play("D7", classes),
    Play("D8", message_waiting),
    Play("D9", reserved),
    Play("D11", escapes),
    Play("D12", kazakh),
    Play("D13", surrogates),
    Play("D14", look_alikes),
    Play("D15", empty),
    Play("D16", national_shift),
)
