"""Rows that are judged by what the peer sent in all the others."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import Final

from smpp.conform.bench import Bench
from smpp.conform.carried import Carried
from smpp.conform.listener import Listener
from smpp.conform.plays import ESME, Play, When
from smpp.conform.verdicts import FailedError, UntestableError
from smpp.simulator import text, wire
from smpp.simulator.text import Alphabet

VALIDITY: Final = re.compile(rb"\d{15}R|\d{13}[0-4]\d[+-]")  # 7.1.1
ZONE_QUARTERS_MAX: Final = 48
REGISTERED: Final = frozenset({0x00, 0x01, 0x02, 0x10, 0x11, 0x12})
SHORT_CODE_TYPES: Final = frozenset({(0, 0), (0, 1), (3, 0), (3, 1), (6, 0)})
OCTETS_MAX: Final = 140
SEPTETS_MAX: Final = 160
GROWTH: Final = 1.5  # what the longest wait is of the shortest, at least
WAITS_MIN: Final = 3


async def numbers_of_its_own(bench: Bench) -> str:
    again = bench.reused + [
        f"number {pdu.sequence}" for each in bench.connections for pdu in each.reused
    ]
    if again:
        raise FailedError(f"{len(again)} requests under a number used before: {again[0]}")
    return ""


async def modes(bench: Listener) -> str:
    most = bench.bound_most
    if most.get("receiver") and not most.get("transmitter"):
        raise FailedError("a receiver was bound, and no transmitter beside it")
    return ", ".join(f"{count} {mode}" for mode, count in sorted(most.items()))


async def back_off(bench: Listener) -> str:
    waits_s = bench.waits
    if len(waits_s) < WAITS_MIN:
        raise UntestableError(f"it came back {len(waits_s)} times, the row needs {WAITS_MIN}")
    told = ", ".join(f"{wait_s:.1f}" for wait_s in waits_s)
    if min(waits_s) < bench.options.backoff_min_s:
        raise FailedError(f"comes back at once; waits in seconds: {told}")
    if max(waits_s) < GROWTH * min(waits_s):
        raise FailedError(f"the waits do not grow; in seconds: {told}")
    return f"waits in seconds: {told}"


async def binds_agreed(bench: Listener) -> str:
    agreed = bench.options.binds
    for mode, most in bench.bound_most.items():
        if most > agreed:
            raise FailedError(f"{most} sessions as {mode} at one time, {agreed} were agreed")
    return ""


async def validity(bench: Listener) -> str:
    seen = {each.message.validity for each in _submits(bench)}
    for octets in seen:
        zone = octets[13:15]
        if octets and VALIDITY.fullmatch(octets) is None:
            raise FailedError(f"validity_period {octets!r}")
        if octets and not octets.endswith(b"R") and int(zone) > ZONE_QUARTERS_MAX:
            raise FailedError(f"validity_period {octets!r}: {int(zone)} quarters of an hour")
    shown = sorted(octets.decode("ascii") or "none" for octets in seen)
    return ", ".join(shown[:3])


async def registered(bench: Listener) -> str:
    seen = {each.message.registered_delivery for each in _submits(bench)}
    if seen - REGISTERED:
        raise FailedError(f"registered_delivery 0x{max(seen - REGISTERED):02X}")
    return ", ".join(str(value) for value in sorted(seen))


async def types_of_the_short_code(bench: Listener) -> str:
    replies = [
        each.message for each in _submits(bench) if each.message.source == bench.options.short_code
    ]
    if not replies:
        sources = sorted({each.message.source for each in _submits(bench)})
        raise FailedError(f"submits from {sources[0]}, not from {bench.options.short_code}")
    seen = {(each.source_ton, each.source_npi) for each in replies}
    if seen - SHORT_CODE_TYPES:
        ton, npi = min(seen - SHORT_CODE_TYPES)
        raise FailedError(f"the short code goes out as TON {ton} NPI {npi}")
    return ", ".join(f"TON {ton} NPI {npi}" for ton, npi in sorted(seen))


async def sizes(bench: Listener) -> str:
    if bench.malformed:
        raise FailedError(bench.malformed[0])
    submits = _submits(bench)
    for each in submits:
        problem = _size_problem(each)
        if problem:
            raise FailedError(problem)
    longest = max(len(each.message.octets) for each in submits)
    return f"{len(submits)} submits, {longest} octets the longest"


def _size_problem(each: Carried) -> str:
    octets, message = each.octets, each.message
    header = len(message.octets) - len(octets) if message.esm_class & wire.ESM_UDHI else 0
    if message.tlv(wire.TAG_MESSAGE_PAYLOAD) is not None:
        return ""  # the SMSC splits it
    alphabet = text.alphabet_of(message.data_coding, Alphabet.GSM)
    if alphabet is Alphabet.UCS2:
        if len(octets) % 2:
            return f"UCS-2 of {len(octets)} octets"
        if octets and (octets[0] & 0xFC == 0xDC or octets[-2] & 0xFC == 0xD8):
            return "a surrogate pair is cut between parts"
    elif alphabet is Alphabet.GSM:
        septets = len(octets) + (header * 8 + 6) // 7
        if octets.endswith(bytes((text.ESCAPE,))):
            return "an escape pair is cut between parts"
        return f"{septets} septets in one part" if septets > SEPTETS_MAX else ""
    whole = len(octets) + header
    return f"{whole} octets in one part" if whole > OCTETS_MAX else ""


async def forms_of_parts(bench: Listener) -> str:
    forms = set()
    for each in _submits(bench):
        if each.message.tlv(wire.TAG_MESSAGE_PAYLOAD) is not None:
            forms.add("message_payload")
        elif each.place is not None:
            forms.add({0: "SAR", 8: "UDH of 8 bits", 16: "UDH of 16 bits"}[each.place.width])
    if not forms:
        raise UntestableError("it sent no message of several parts")
    if len(forms) > 1:
        raise FailedError(f"parts in several forms: {', '.join(sorted(forms))}")
    return next(iter(forms))


async def references(bench: Listener) -> str:
    by: dict[str, list[int]] = defaultdict(list)
    for each in _submits(bench):
        if each.place is not None and each.place.number == 1:
            by[each.message.destination].append(each.place.reference)
    often = [those for those in by.values() if len(those) > 1]
    if not often:
        raise UntestableError("nobody was sent two messages of several parts")
    if any(one == other for those in often for one, other in pairwise(those)):
        raise FailedError("two messages to one subscriber have the same reference")
    return ""


def _submits(bench: Listener) -> list[Carried]:
    found = [each for each in bench.carried if each.is_reply]
    if not found:
        raise UntestableError("it submitted nothing; a gateway needs --question")
    return found


PLAYS: Final = (
    Play("S8", numbers_of_its_own, when=When.AFTER),
    Play("B1", modes, ESME, When.AFTER),
    Play("B10", back_off, ESME, When.AFTER),
    Play("B19", binds_agreed, ESME, When.AFTER),
    Play("P8", validity, ESME, When.AFTER),
    Play("P9", registered, ESME, When.AFTER),
    Play("P10", types_of_the_short_code, ESME, When.AFTER),
    Play("L20", sizes, ESME, When.AFTER),
    Play("L21", forms_of_parts, ESME, When.AFTER),
    Play("L22", references, ESME, When.AFTER),
)
