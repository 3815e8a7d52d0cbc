"""What a probe saw of an operator, as values, and which submit to try next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from smpp import tlv
from smpp.inbound import MESSAGE_TYPE, TYPE_INTERMEDIATE, TYPE_RECEIPT
from smpp.message_ids import canonical_id, response_id
from smpp.operators import BindForm, MessageIdForm, OperatorProfile, ValidityForm
from smpp.pdu import ShortMessage
from smpp.receipts import fields_of, read_receipt
from smpp.submit import TLV_INTERFACE_VERSION_MIN

ID_FORMS: Final = (MessageIdForm.AS_IS, MessageIdForm.HEX_TO_DEC, MessageIdForm.DEC_TO_HEX)
ATTEMPTS_MAX: Final = 12  # refused submits before the probe gives up

_FIELD_NAMES = ("id", "sub", "dlvrd", "submit date", "done date", "stat", "err", "text")  # App. B

_SOURCES = ((0, 1), (3, 0), (6, 0), (0, 0), (1, 1), (3, 1), (5, 0))  # TON and NPI of a short code
_DESTINATIONS = ((1, 1), (0, 1), (2, 1), (1, 0), (0, 0))  # of a subscriber
_SOURCE_REFUSED = frozenset({0x0A, 0x48, 0x49})  # RINVSRCADR, RINVSRCTON, RINVSRCNPI
_DEST_REFUSED = frozenset({0x0B, 0x4A, 0x4B, 0x50, 0x51})  # RINVDSTADR and both tables of TON, NPI
_VALIDITY_REFUSED = frozenset({0x61, 0x62})  # RINVSCHED, RINVEXPIRY
_TLV_REFUSED = frozenset({0x01, 0x02, *range(0xC0, 0xC5)})  # lengths, then the TLV errors


class BindSeen(NamedTuple):
    """A bind request and what came of it. `status` None: no response; `problem` says why."""

    form: BindForm
    status: int | None
    took_s: float = 0.0
    version: int | None = None  # sc_interface_version
    problem: str = ""


class Attempt(NamedTuple):
    """The variable part of a submit_sm."""

    source: tuple[int, int]  # TON and NPI
    dest: tuple[int, int]
    validity: ValidityForm
    tlv: bool  # with user_message_reference


class AttemptSeen(NamedTuple):
    """`status` None: no response, so the message may be on its way."""

    attempt: Attempt
    status: int | None
    took_s: float
    message_id: str = ""


class MessageSeen(NamedTuple):
    """A deliver_sm or data_sm: `at_s` counts from the bind."""

    at_s: float
    message: ShortMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything a probe saw. Durations in seconds. It holds texts: show only its findings."""

    binds: tuple[BindSeen, ...] = ()
    second: BindSeen | None = None  # None: not tried
    enquiries_s: tuple[float | None, ...] = ()  # how long each response took; None: none came
    attempts: tuple[AttemptSeen, ...] = ()
    reference: int = 0  # user_message_reference of the attempts
    receipts: tuple[MessageSeen, ...] = ()  # of the probe's own message
    messages: tuple[MessageSeen, ...] = ()  # all others, refused for now
    peer_enquiries_s: tuple[float, ...] = ()  # when the peer asked
    closed_after_s: float | None = None  # of silence the peer closed
    waited_s: float = 0.0

    @property
    def bound(self) -> BindSeen | None:
        return next((each for each in self.binds if each.status == 0), None)

    @property
    def accepted(self) -> AttemptSeen | None:
        return next((each for each in self.attempts if each.status == 0), None)


def first_attempt(profile: OperatorProfile, version: int | None) -> Attempt:
    """As configured; with a TLV unless the peer said that it takes none."""
    return Attempt(
        (profile.source_ton, profile.source_npi),
        (profile.dest_ton, profile.dest_npi),
        profile.validity_form,
        tlv=version is None or version >= TLV_INTERFACE_VERSION_MIN,
    )


def next_attempt(tried: Sequence[AttemptSeen]) -> Attempt | None:
    """What to change after a refusal; None: there is nothing more to learn, or it was accepted."""
    last, status, *_ = tried[-1]
    if not status or len(tried) >= ATTEMPTS_MAX:
        return None
    before = {each.attempt for each in tried}
    for untried in _changed(last, status):
        if untried not in before:
            return untried
    return None


def _changed(last: Attempt, status: int) -> list[Attempt]:
    if status in _SOURCE_REFUSED:
        return [last._replace(source=each) for each in _SOURCES]
    if status in _DEST_REFUSED:
        return [last._replace(dest=each) for each in _DESTINATIONS]
    if status in _VALIDITY_REFUSED:
        return [last._replace(validity=each) for each in ValidityForm]
    if status in _TLV_REFUSED and last.tlv:
        return [last._replace(tlv=False)]
    return []


def with_attempt(profile: OperatorProfile, attempt: Attempt) -> OperatorProfile:
    """The profile that writes this attempt."""
    return replace(
        profile,
        source_ton=attempt.source[0],
        source_npi=attempt.source[1],
        dest_ton=attempt.dest[0],
        dest_npi=attempt.dest[1],
        validity_form=attempt.validity,
        user_message_reference=attempt.tlv,
    )


def is_receipt(message: ShortMessage) -> bool:
    """By the flag, by a TLV that only receipts have, or by the marks in its text."""
    flagged = message.esm_class & MESSAGE_TYPE in (TYPE_RECEIPT, TYPE_INTERMEDIATE)
    if flagged or tlv.RECEIPTED_MESSAGE_ID in message.tlvs:
        return True
    fields = receipt_fields(message)
    return bool(fields.get("id")) and "stat" in fields


def receipt_fields(message: ShortMessage) -> dict[str, str]:
    """Id, stat and err of the text at least, whether in ASCII or in UCS-2."""
    return fields_of(_receipt_words(message))


def receipt_field_names(message: ShortMessage) -> list[str]:
    """All fields of the text, in their order."""
    words = _receipt_words(message).lower()
    found = {words.find(f"{name}:"): name for name in _FIELD_NAMES}
    return [name for at, name in sorted(found.items()) if at >= 0]


def _receipt_words(message: ShortMessage) -> str:
    """A receipt's own words are ASCII in any coding."""
    return message.octets.replace(b"\0", b"").decode("latin-1")


def receipt_id(message: ShortMessage) -> str:
    return read_receipt(message, OperatorProfile()).message_id


def id_form(said: str, receipted: str) -> MessageIdForm | None:
    """The form in which the id of a response and that of its receipt are one; None: in none."""
    if not said or not receipted:
        return None
    for form in ID_FORMS:
        if canonical_id(said) == response_id(canonical_id(receipted), form):
            return form
    return None


def is_own_receipt(message: ShortMessage, seen: AttemptSeen | None, reference: int) -> bool:
    """Whether a delivery is the receipt of the probe's own message."""
    if seen is None or not is_receipt(message):
        return False
    if seen.attempt.tlv and tlv.integer(message.tlvs, tlv.USER_MESSAGE_REFERENCE) == reference:
        return True
    return id_form(seen.message_id, receipt_id(message)) is not None
