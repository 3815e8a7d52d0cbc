"""Writes submit_sm (SMPP 3.4 4.4.1) as the operator's profile wants it, and the deliver_sm (4.6.1)
that takes its place to a peer that bound to us: hot path of MT. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from struct import Struct

from smpp import tlv
from smpp.messages import Part, Submit
from smpp.operators import OperatorProfile, ValidityForm
from smpp.pdu import ESM_UDHI, HEADER_OCTETS, SUBMIT_SM

SHORT_MESSAGE_OCTETS_MAX = 254  # sm_length (5.2.21); more travels in message_payload
TLV_INTERFACE_VERSION_MIN = 0x34  # no TLVs to older peers (3.4.2)
VALIDITY_S_MAX = 30 * 86_400  # what the day field of a relative time holds

ESM_RECEIPT = 0x04  # the short message is a delivery receipt (5.2.12)

_MESSAGE_STATES = {  # 5.2.28, by the words of Appendix B
    b"DELIVRD": 2,
    b"EXPIRED": 3,
    b"DELETED": 4,
    b"UNDELIV": 5,
    b"ACCEPTD": 6,
    b"UNKNOWN": 7,
    b"REJECTD": 8,
}
_REPORT = re.compile(rb"id:(\S+) .*?stat:(\S+)")  # as smpp.reports writes it
_HEADER = Struct(">4I")
_CONCATENATION_8 = bytes((5, 0, 3))  # UDHL, IE 00, its length (23.040 9.2.3.24.1)
_CONCATENATION_16 = bytes((6, 8, 4))  # UDHL, IE 08, its length (23.040 9.2.3.24.8)


def encode_submit(
    sequence: int,
    submit: Submit,
    profile: OperatorProfile,
    interface_version: int | None,
    now: datetime | None = None,
    command_id: int = SUBMIT_SM,
) -> bytes:
    """The whole PDU. Never raises on a Submit whose source and destination are texts.

    `interface_version` is the peer's, None where its bind_resp said none. `now`, aware, serves
    ValidityForm.ABSOLUTE alone; without it that form sends no validity. In a deliver_sm
    (`command_id`) times and the wish for a receipt mean nothing, and stay empty.
    user_message_reference is the lower 16 bits of `reply_id`.
    """
    octets = submit.octets
    esm_class = ESM_UDHI if submit.udhi else 0
    tlvs = b""
    if (
        submit.sar is not None
        or submit.payload
        or len(octets) > SHORT_MESSAGE_OCTETS_MAX
        or profile.user_message_reference
        or submit.report
    ):
        esm_class, octets, tlvs = _with_tlvs(submit, profile, interface_version, esm_class)
    validity, registered = b"", 0
    if command_id == SUBMIT_SM:
        if submit.validity_s is not None and profile.validity_form is not ValidityForm.NONE:
            validity = _validity(submit.validity_s, profile, now)
        if submit.receipt:
            registered = profile.registered_delivery
    body = b"".join(
        (
            profile.source_head,
            submit.source.encode("latin-1", "replace"),
            profile.dest_head,
            submit.destination.encode("latin-1", "replace"),
            # schedule_delivery_time is empty: its NUL stands before the validity_period
            bytes((0, esm_class, profile.protocol_id, profile.priority, 0)),
            validity,
            bytes(
                (
                    0,
                    registered,
                    0,  # replace_if_present_flag
                    submit.data_coding,
                    0,  # sm_default_msg_id
                    len(octets),
                )
            ),
            octets,
            tlvs,
        )
    )
    return _HEADER.pack(HEADER_OCTETS + len(body), command_id, 0, sequence) + body


def _with_tlvs(
    submit: Submit, profile: OperatorProfile, interface_version: int | None, esm_class: int
) -> tuple[int, bytes, bytes]:
    """esm_class, short_message and TLVs of a submit that may want TLVs.

    A peer that takes no TLVs gets SAR as a UDH and a payload as short_message; only what does not
    fit there travels in message_payload all the same, as nothing else is left.
    """
    if interface_version is None:
        interface_version = profile.peer_version_assumed
    allowed = interface_version >= TLV_INTERFACE_VERSION_MIN
    octets, tlvs = submit.octets, b""
    if submit.report:
        return esm_class | ESM_RECEIPT, octets, _report(octets) if allowed else b""
    if allowed and profile.user_message_reference:
        reference = (submit.reply_id & 0xFFFF).to_bytes(2, "big")
        tlvs += tlv.write_tlv(tlv.USER_MESSAGE_REFERENCE, reference)
    if submit.sar is not None:
        if allowed:
            tlvs += _sar(submit.sar)
        elif not esm_class & ESM_UDHI:
            esm_class |= ESM_UDHI
            octets = user_data_header(submit.sar._replace(width=16)) + octets
    if (submit.payload and allowed) or len(octets) > SHORT_MESSAGE_OCTETS_MAX:
        tlvs += tlv.write_tlv(tlv.MESSAGE_PAYLOAD, octets)
        octets = b""
    return esm_class, octets, tlvs


def _report(text: bytes) -> bytes:
    """What the text of a receipt says, again as TLVs (5.3.2.12, 5.3.2.35)."""
    found = _REPORT.match(text)
    if found is None:
        return b""
    message_id, stat = found.groups()
    tlvs = tlv.write_tlv(tlv.RECEIPTED_MESSAGE_ID, message_id + b"\0")
    state = _MESSAGE_STATES.get(stat)
    return tlvs if state is None else tlvs + tlv.write_tlv(tlv.MESSAGE_STATE, bytes((state,)))


def _sar(part: Part) -> bytes:
    return (
        tlv.write_tlv(tlv.SAR_MSG_REF_NUM, (part.reference & 0xFFFF).to_bytes(2, "big"))
        + tlv.write_tlv(tlv.SAR_TOTAL_SEGMENTS, bytes((part.total,)))
        + tlv.write_tlv(tlv.SAR_SEGMENT_SEQNUM, bytes((part.number,)))
    )


def user_data_header(part: Part) -> bytes:
    """The UDH of one segment, UDHL included: 6 octets, or 7 with a 16-bit reference."""
    place = bytes((part.total, part.number))
    if part.width == 8:
        return _CONCATENATION_8 + bytes((part.reference & 0xFF,)) + place
    return _CONCATENATION_16 + (part.reference & 0xFFFF).to_bytes(2, "big") + place


def _validity(validity_s: int, profile: OperatorProfile, now: datetime | None) -> bytes:
    if profile.validity_form is ValidityForm.RELATIVE:
        return relative_time(validity_s)
    return b"" if now is None else absolute_time(now + timedelta(seconds=validity_s))


@lru_cache(maxsize=256)
def relative_time(seconds: int) -> bytes:
    """`YYMMDDhhmmsstnnR` (7.1.1.2), 1 s to 30 days: an hour is 000000010000000R."""
    seconds = min(max(seconds, 1), VALIDITY_S_MAX)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)


def absolute_time(moment: datetime) -> bytes:
    """`YYMMDDhhmmsstnnp` (7.1.1.1) of an aware time; nn counts quarter-hours: 20+ is UTC+05:00."""
    offset = moment.utcoffset() or timedelta()
    quarters = round(offset / timedelta(minutes=15))
    sign = "-" if quarters < 0 else "+"
    stamp = f"{moment:%y%m%d%H%M%S}{moment.microsecond // 100_000}{abs(quarters):02d}{sign}"
    return stamp.encode("ascii")
