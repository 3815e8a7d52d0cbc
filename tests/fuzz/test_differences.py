"""Our codec beside two others: smpp34 (Rust) reads and writes, aiosmpplib writes.

Where they differ from ours, the difference has a name here and a reason in
docs/reference/smpp-differences.md. One without a name fails.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiosmpplib
import pytest
import smpp34
from hypothesis import given, settings
from hypothesis import strategies as st

from smpp import library, pdu
from smpp.messages import Part, Submit
from smpp.operators import OperatorProfile, ValidityForm
from smpp.pdu import Broken, Frame, Framer, Malformed, ShortMessage
from smpp.submit import encode_submit, relative_time
from tests.fuzz.judge import framing
from tests.fuzz.mutation import MODELS, mutated
from tests.support.peer import deliver_sm, tlv

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "smpp-differences.md"
CASES = 20_000
DECODED = frozenset({pdu.DELIVER_SM, pdu.SUBMIT_SM})  # by smpp34 too; the rest it leaves raw
RINVPARLEN = "0x000000C2"

# Reading: ours is the first, smpp34's the second.
READING = {
    "size_cap": "a PDU above 70,000 octets ends the session; smpp34's decode takes any size",
    "malformed_status": "mandatory fields beyond the PDU: RINVMSGLEN (5.2.21); RINVPARLEN",
    "octets_not_text": "addresses and times: octets as sent; UTF-8 with U+FFFD for the rest",
    "payload": "message_payload is the text, short_message kept aside; both left to the caller",
    "repeated_tlv": "of a repeated tag the first; all of them in order",
    "stray_nul": "a NUL before the TLVs is passed over; read as part of the first tag",
}
# Writing.
WRITING = {
    "latin1_addresses": "a letter outside ASCII: Latin-1; UTF-8 (smpp34), refused (aiosmpplib)",
    "long_text": "more than 254 octets: in message_payload; refused (smpp34)",
    "tlv_order": "message_payload behind the other TLVs; before them (aiosmpplib)",
    "month_of_validity": "30 days as 30 days; as one month (aiosmpplib)",
    "zone_of_validity": "quarter-hours west of UTC, `20-`; 76 (aiosmpplib)",
    "long_credentials": "sent as configured, with a warning; refused (aiosmpplib)",
}


def fields_differ(ours: ShortMessage, theirs: Any) -> set[str]:
    """The names of the differences between two readings of one body."""
    found = set()
    texts = (
        (ours.service_type, theirs.service_type),
        (ours.source, theirs.source_addr),
        (ours.dest, theirs.destination_addr),
        (ours.schedule, theirs.schedule_delivery_time),
        (ours.validity, theirs.validity_period),
    )
    for octets, text in texts:
        if octets.decode("latin-1") != text:
            same = octets.decode("utf-8", "replace") == text
            found.add("octets_not_text" if same else f"text: {octets!r}, {text!r}")
    numbers = (
        (ours.source_ton, theirs.source_addr_ton),
        (ours.source_npi, theirs.source_addr_npi),
        (ours.dest_ton, theirs.dest_addr_ton),
        (ours.dest_npi, theirs.dest_addr_npi),
        (ours.esm_class, theirs.esm_class),
        (ours.protocol_id, theirs.protocol_id),
        (ours.priority, theirs.priority_flag),
        (ours.registered_delivery, theirs.registered_delivery),
        (ours.replace, theirs.replace_if_present_flag),
        (ours.data_coding, theirs.data_coding),
    )
    found |= {f"number: {one} and {other}" for one, other in numbers if one != other}
    return found | text_differs(ours, theirs) | tlvs_differ(ours, theirs)


def text_differs(ours: ShortMessage, theirs: Any) -> set[str]:
    payload = ours.tlvs.get(0x0424)
    if not payload:
        same = (ours.octets, ours.hidden) == (theirs.short_message, b"")
        return set() if same else {"short_message"}
    same = (ours.octets, ours.hidden) == (payload, theirs.short_message)
    return {"payload"} if same else {"short_message beside message_payload"}


def tlvs_differ(ours: ShortMessage, theirs: Any) -> set[str]:
    found = [(each.tag, each.value) for each in theirs.tlvs]
    first = dict(reversed(found))
    if ours.tlvs == first:
        return {"repeated_tlv"} if len(found) > len(first) else set()
    if "stray NUL before the optional parameters" in ours.warnings:
        return {"stray_nul"}
    return {f"TLVs: {ours.tlvs}, {found}"}


def readings_differ(octets: bytes) -> set[str]:
    """The names of the differences between our reading of one PDU and smpp34's."""
    refused = ""
    theirs: Any = None
    try:
        theirs = smpp34.decode(octets)
    except smpp34.SmppError as error:
        refused = str(error)
    stream = framing(octets)
    (ours,) = Framer().feed(octets) or (None,)
    if isinstance(ours, Broken):
        capped = int.from_bytes(octets[:4], "big") > pdu.PDU_SIZE_MAX
        return set() if refused else {"size_cap" if capped else "a broken length is taken"}
    if ours is None or stream.held:
        return set() if refused else {"an unfinished PDU is taken"}
    if ours.command_id in DECODED:
        return bodies_differ(ours, theirs, refused)
    if refused:
        return {f"refused: {refused}"}
    head = (theirs.command_id, theirs.command_status, theirs.sequence_number)
    if head != ours[:3]:
        return {"header"}
    return set() if theirs.body == ours.body else {"body"}


def bodies_differ(ours: Frame, theirs: Any, refused: str) -> set[str]:
    message = pdu.decode_short_message(ours.command_id, ours.body)
    if isinstance(message, Malformed):
        if not refused:
            return {"we alone refuse"}
        return {"malformed_status" if RINVPARLEN in refused else f"refused: {refused}"}
    if refused:
        return {f"smpp34 alone refuses: {refused}"}
    if theirs.sequence_number != ours.sequence:
        return {"sequence number"}
    return fields_differ(message, theirs)


def one_pdu(chance: random.Random) -> bytes:
    """A damaged PDU, alone: smpp34's decode wants exactly one."""
    while True:
        octets = mutated(chance)
        stream = framing(octets)
        if len(stream.pdus) + bool(stream.held) <= 1 and not (stream.broken and stream.pdus):
            return octets


@pytest.mark.parametrize("model", MODELS, ids=lambda octets: f"{octets[4:8].hex()}-{octets[15]}")
def test_whole_pdus_of_every_kind_are_read_alike(model: bytes) -> None:
    assert readings_differ(model) <= {"payload"}


@pytest.mark.parametrize("seed", range(4))
def test_damaged_pdus_are_read_alike_or_differ_for_a_reason(seed: int) -> None:
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(CASES // 4):
        octets = one_pdu(chance)
        names = readings_differ(octets)
        unexplained = names - READING.keys()
        assert not unexplained, f"{sorted(unexplained)}: {octets.hex()}"
        seen.update(names)
    assert seen.total() < CASES // 4, "most of them are no difference at all"


EXAMPLES = {
    "size_cap": pdu.response(pdu.ENQUIRE_LINK, 0, 1, bytes(70_001)),
    "malformed_status": deliver_sm(1, b"x", sm_length=9),
    "octets_not_text": deliver_sm(1, b"x", source=b"\xff1"),
    "payload": deliver_sm(1, b"short", tail=tlv(0x0424, b"long")),
    "repeated_tlv": deliver_sm(1, b"x", tail=tlv(0x0204, b"\0\1") + tlv(0x0204, b"\0\2")),
    "stray_nul": deliver_sm(1, b"x", tail=b"\0" + tlv(0x0204, b"\0\1")),
}


@pytest.mark.parametrize("name", READING)
def test_each_named_difference_is_there(name: str) -> None:
    """One that is there no more is to be taken off the list."""
    assert readings_differ(EXAMPLES[name]) == {name}


# Writing --------------------------------------------------------------------------------------

DIGITS = st.text("0123456789", min_size=1, max_size=20)
OCTET = st.integers(0, 255)
SEQUENCE = st.integers(1, 0x7FFFFFFF)
TONS, NPIS = [int(each) for each in aiosmpplib.TON], [int(each) for each in aiosmpplib.NPI]
KYZYLORDA, LIMA = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))


@st.composite
def profiles(draw: st.DrawFn, tons: list[int], npis: list[int]) -> OperatorProfile:
    return OperatorProfile(
        source_ton=draw(st.sampled_from(tons)),
        source_npi=draw(st.sampled_from(npis)),
        dest_ton=draw(st.sampled_from(tons)),
        dest_npi=draw(st.sampled_from(npis)),
        service_type=draw(st.sampled_from(["", "CMT", "VMN"])),
        protocol_id=draw(OCTET),
        priority=draw(st.integers(0, 3)),
        registered_delivery=draw(OCTET),
        user_message_reference=draw(st.booleans()),
    )


@st.composite
def submits(draw: st.DrawFn) -> Submit:
    places = st.integers(1, 255).flatmap(
        lambda total: st.builds(
            Part, st.integers(0, 0xFFFF), st.just(total), st.integers(1, total), st.just(0)
        )
    )
    udhi = draw(st.booleans())
    return Submit(
        reply_id=draw(st.integers(0, 2**63 - 1)),
        source=draw(DIGITS),
        destination=draw(DIGITS),
        data_coding=draw(st.sampled_from([0, 8])),
        octets=draw(st.binary(min_size=1, max_size=254)),
        udhi=udhi,
        receipt=draw(st.booleans()),
        validity_s=draw(st.none() | st.integers(1, 30 * 86_400 - 1)),
        sar=None if udhi else draw(st.none() | places),
    )


def tlvs_of(submit: Submit, profile: OperatorProfile) -> list[tuple[int, bytes]]:
    """What belongs behind the text, in the order in which we send it."""
    found = []
    if profile.user_message_reference:
        found.append((0x0204, (submit.reply_id & 0xFFFF).to_bytes(2, "big")))
    if submit.sar is not None:
        found += [
            (0x020C, submit.sar.reference.to_bytes(2, "big")),
            (0x020E, bytes((submit.sar.total,))),
            (0x020F, bytes((submit.sar.number,))),
        ]
    return found


def of_smpp34(sequence: int, submit: Submit, profile: OperatorProfile, **changes: Any) -> bytes:
    validity = "" if submit.validity_s is None else relative_time(submit.validity_s).decode()
    given: dict[str, Any] = {
        "service_type": profile.service_type,
        "source_addr_ton": profile.source_ton,
        "source_addr_npi": profile.source_npi,
        "dest_addr_ton": profile.dest_ton,
        "dest_addr_npi": profile.dest_npi,
        "esm_class": 0x40 if submit.udhi else 0,
        "protocol_id": profile.protocol_id,
        "priority_flag": profile.priority,
        "validity_period": validity,
        "registered_delivery": profile.registered_delivery if submit.receipt else 0,
        "data_coding": submit.data_coding,
        "tlvs": [smpp34.Tlv(tag, value) for tag, value in tlvs_of(submit, profile)],
        "sequence_number": sequence,
    }
    texts = (submit.source, submit.destination, submit.octets)
    return bytes(smpp34.SubmitSm(*texts, **given | changes).encode())


def of_aiosmpplib(sequence: int, submit: Submit, profile: OperatorProfile, **changes: Any) -> bytes:
    def phone(number: str, ton: int, npi: int) -> aiosmpplib.PhoneNumber:
        return aiosmpplib.PhoneNumber(number, aiosmpplib.TON(ton), aiosmpplib.NPI(npi))

    validity = None if submit.validity_s is None else timedelta(seconds=submit.validity_s)
    given: dict[str, Any] = {
        "sequence_num": sequence,
        "short_message": "" if changes else "in place of the octets",
        "source": phone(submit.source, profile.source_ton, profile.source_npi),
        "destination": phone(submit.destination, profile.dest_ton, profile.dest_npi),
        "service_type": profile.service_type,
        "esm_class": 0x40 if submit.udhi else 0,
        "protocol_id": profile.protocol_id,
        "priority_flag": profile.priority,
        "validity_period": validity,
        "registered_delivery": profile.registered_delivery if submit.receipt else 0,
        "encoding": "ucs2" if submit.data_coding == 8 else None,
        "optional_params": [
            aiosmpplib.OptionalParam(tag, int.from_bytes(value, "big"))
            for tag, value in tlvs_of(submit, profile)
        ],
    }
    message = aiosmpplib.SubmitSm(**given | changes)
    if not changes:
        message.set_encoded_message(submit.octets)
    return bytes(message.pdu())


@settings(max_examples=400, deadline=None)
@given(SEQUENCE, submits(), profiles(list(range(256)), list(range(256))))
def test_a_submit_is_written_as_smpp34_writes_it(
    sequence: int, submit: Submit, profile: OperatorProfile
) -> None:
    ours = encode_submit(sequence, submit, profile, 0x34)
    assert ours == of_smpp34(sequence, submit, profile)
    assert readings_differ(ours) == set()


@settings(max_examples=400, deadline=None)
@given(SEQUENCE, submits(), profiles(TONS, NPIS))
def test_a_submit_is_written_as_aiosmpplib_writes_it(
    sequence: int, submit: Submit, profile: OperatorProfile
) -> None:
    ours = encode_submit(sequence, submit, profile, 0x34)
    assert ours == of_aiosmpplib(sequence, submit, profile)


PLAIN = Submit(1, "1012", "77011234567", 0, b"text")
PROFILE = OperatorProfile()


def latin1_addresses() -> bool:
    ours = encode_submit(1, PLAIN._replace(source="Ö"), PROFILE, 0x34)
    theirs = of_smpp34(1, PLAIN._replace(source="Ö"), PROFILE)
    with pytest.raises(UnicodeEncodeError):
        of_aiosmpplib(1, PLAIN._replace(source="Ö"), PROFILE)
    return b"\xd6\0" in ours and "Ö\0".encode() in theirs


def long_text() -> bool:
    long = PLAIN._replace(octets=b"x" * 255)
    with pytest.raises(ValueError, match="254"):
        of_smpp34(1, long, PROFILE)
    return encode_submit(1, long, PROFILE, 0x34).endswith(tlv(0x0424, long.octets))


def tlv_order() -> bool:
    long = PLAIN._replace(octets=b"x" * 300)
    profile = OperatorProfile(user_message_reference=True)
    ours = encode_submit(1, long, profile, 0x34)
    theirs = of_aiosmpplib(1, long, profile, message_payload="x" * 300)
    payload, reference = tlv(0x0424, long.octets), tlv(0x0204, b"\0\1")
    return ours.endswith(reference + payload) and theirs.endswith(payload + reference)


def month_of_validity() -> bool:
    month = PLAIN._replace(validity_s=30 * 86_400)
    return b"000030000000000R" in encode_submit(
        1, month, PROFILE, 0x34
    ) and b"000100000000000R" in of_aiosmpplib(1, month, PROFILE)


def zone_of_validity() -> bool:
    profile = OperatorProfile(validity_form=ValidityForm.ABSOLUTE)
    hour = PLAIN._replace(validity_s=3_600)
    seen = []
    for zone in (KYZYLORDA, LIMA):
        now = datetime(2026, 11, 20, 10, tzinfo=zone)
        theirs = aiosmpplib.SubmitSm.datetime_to_smpp_time(now + timedelta(hours=1))
        seen.append((encode_submit(1, hour, profile, 0x34, now), theirs))
    (east, their_east), (west, their_west) = seen
    assert b"261120110000020+" in east
    assert their_east == "261120110000020+"
    return b"261120110000020-" in west and their_west != "261120110000020-"


def long_credentials() -> bool:
    password = "nine sign"
    with pytest.raises(ValueError, match="password"):
        aiosmpplib.BindTransceiver(1, password=password).pdu()
    return b"nine sign\0" in library.bind(pdu.BIND_TRANSCEIVER, 1, "1012", password, PROFILE)


@pytest.mark.parametrize("name", WRITING)
def test_each_named_difference_of_writing_is_there(name: str) -> None:
    assert globals()[name]()


STATUSES = [int(each) for each in aiosmpplib.SmppCommandStatus]


@pytest.mark.parametrize("status", STATUSES)
def test_responses_are_those_of_aiosmpplib(status: int) -> None:
    theirs = {
        pdu.DELIVER_SM: aiosmpplib.DeliverSmResp,
        pdu.SUBMIT_SM: aiosmpplib.SubmitSmResp,
        pdu.ENQUIRE_LINK: aiosmpplib.EnquireLinkResp,
        pdu.UNBIND: aiosmpplib.UnbindResp,
    }
    told = aiosmpplib.SmppCommandStatus(status)
    for command, kind in theirs.items():
        assert pdu.response(command, status, 7) == kind(7, told).pdu()
    assert pdu.generic_nack(status, 7) == aiosmpplib.GenericNack(7, told).pdu()


def test_a_response_with_an_id_is_that_of_aiosmpplib() -> None:
    theirs = aiosmpplib.SubmitSmResp(7, message_id="abc")
    assert pdu.response(pdu.SUBMIT_SM, 0, 7, b"abc\0") == theirs.pdu()


@given(
    st.sampled_from([pdu.BIND_RECEIVER, pdu.BIND_TRANSMITTER, pdu.BIND_TRANSCEIVER]),
    SEQUENCE,
    st.text("abcdefgh0123456789", max_size=15),
    st.text("abcdefgh0123456789", max_size=8),
)
def test_a_bind_of_ours_is_that_of_aiosmpplib(
    command: int, sequence: int, system_id: str, password: str
) -> None:
    """The one we write ourselves where aiosmpplib refuses."""
    profile = OperatorProfile(system_type="SMS", address_ton=1, address_npi=1, address_range="1012")
    theirs = library.bind(command, sequence, system_id, password, profile)
    assert library._long_bind(command, sequence, system_id, password, profile) == theirs


def test_the_page_explains_each_of_them() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [*READING, *WRITING]
