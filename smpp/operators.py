"""The operator profile: every choice in which operators differ, as data. Pure.

Each field's default is the standard's value, or the mildest where the standard has none; a quirk
of an operator is a field here, a line in config/operators/<name>.toml and one use in a pure
function, never an `if` on its name.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType

from smpp.status import Action


class Alphabet(StrEnum):
    """What data_coding 0 means at this operator (5.2.19: "SMSC default alphabet")."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    ASCII = "ascii"
    UTF16 = "utf16"


class MessageIdForm(StrEnum):
    """How the id in a receipt relates to the id in the submit_sm_resp."""

    LEARN = "learn"  # any of the following: whichever joins receipts to messages
    AS_IS = "as_is"
    HEX_TO_DEC = "hex_to_dec"  # the response says it in hexadecimal, the receipt in decimal
    DEC_TO_HEX = "dec_to_hex"  # the other way round


class SplitForm(StrEnum):
    """How a text of several segments travels (23.040 9.2.3.24; SMPP 3.4 5.3.2.22-24, .32)."""

    UDH8 = "udh8"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"  # whole, in message_payload: the SMSC splits it


class BindForm(StrEnum):
    TRANSCEIVER = "transceiver"
    PAIR = "pair"  # a transmitter and a receiver that make one link


class ValidityForm(StrEnum):
    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    NONE = "none"  # the operator rejects a validity_period


class ReplyCommand(StrEnum):
    """What carries our replies to a peer that bound to us."""

    DELIVER_SM = "deliver_sm"
    SUBMIT_SM = "submit_sm"


class UnknownPolicy(StrEnum):
    """What becomes of a submit without a response."""

    RESEND = "resend"
    HOLD = "hold"


class ProfileError(ValueError):
    """A profile's table is wrong; the message names profile, key and remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorProfile:
    """One operator's settings. Times in seconds, statuses and TLV tags as numbers."""

    name: str = "default"
    # text
    default_alphabet: Alphabet = Alphabet.GSM7
    packed: bool = False  # GSM text travels as packed septets, not one septet an octet
    split_form: SplitForm = SplitForm.UDH8
    # addresses: of our short code as source, of subscribers as destination
    source_ton: int = 0
    source_npi: int = 1
    dest_ton: int = 1
    dest_npi: int = 1
    # other spellings of a short code -> the short code
    aliases: Mapping[str, str] = field(default_factory=dict)
    # submit_sm
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    registered_delivery: int = 1  # sent where a receipt is wanted; 0 where not
    validity_form: ValidityForm = ValidityForm.RELATIVE
    user_message_reference: bool = False  # the operator echoes it in receipts
    # responses and receipts
    message_id_form: MessageIdForm = MessageIdForm.LEARN
    vendor_id_tlv: int | None = None  # TLV of deliver_sm that alone identifies the message
    busy_status: int = 0x64  # RX_T_APPN: what makes this SMSC deliver again later
    unusable_status: int = 0  # answers what no reply can answer (binary); 0: ROK, to the owner
    status_map: Mapping[int, Action] = field(default_factory=dict)  # goes before smpp.status
    unknown_policy: UnknownPolicy = UnknownPolicy.RESEND
    # bind
    bind: BindForm = BindForm.TRANSCEIVER
    binds: int = 1
    system_type: str = ""
    interface_version: int = 0x34
    peer_version_assumed: int = 0x33  # of a peer whose bind_resp says none: no TLVs to it
    address_ton: int = 0
    address_npi: int = 0
    address_range: str = ""
    # server role: what a peer that bound to us is sent
    reply_command: ReplyCommand = ReplyCommand.DELIVER_SM
    # flow
    window: int = 10  # submits without a response, per bind
    tps_max: int = 100  # submit_sm a second over all binds; 0 is unlimited
    # timers (SMPP 3.4 7.2, then ours)
    session_init_timer_s: float = 10.0
    enquire_link_timer_s: float = 20.0
    inactivity_timer_s: float = 0.0  # 0: off, as enquire_link already finds a dead peer
    response_timer_s: float = 10.0
    pdu_read_timer_s: float = 10.0  # a header, then silence
    parts_wait_s: int = 120
    # made from the above, so that no submit builds them again
    source_head: bytes = field(init=False, repr=False, compare=False)
    dest_head: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        source = b"%b\0%c%c" % (self.service_type.encode("ascii"), self.source_ton, self.source_npi)
        object.__setattr__(self, "source_head", source)
        object.__setattr__(self, "dest_head", b"\0%c%c" % (self.dest_ton, self.dest_npi))


DEFAULT = OperatorProfile()

_RANGES: dict[str, tuple[int, int]] = {
    "source_ton": (0, 255),
    "source_npi": (0, 255),
    "dest_ton": (0, 255),
    "dest_npi": (0, 255),
    "protocol_id": (0, 255),
    "priority": (0, 255),
    "registered_delivery": (0, 255),
    "vendor_id_tlv": (0, 0xFFFF),
    "busy_status": (1, 0xFFFFFFFF),
    "unusable_status": (0, 0xFFFFFFFF),
    "binds": (1, 16),
    "interface_version": (0x33, 0x50),
    "peer_version_assumed": (0, 0xFF),
    "address_ton": (0, 255),
    "address_npi": (0, 255),
    "window": (1, 1000),
    "tps_max": (0, 100_000),
    "session_init_timer_s": (1, 600),
    "enquire_link_timer_s": (1, 3600),
    "inactivity_timer_s": (0, 86_400),
    "response_timer_s": (1, 600),
    "pdu_read_timer_s": (1, 600),
    "parts_wait_s": (1, 3600),
}
_TEXT_MAX = {"service_type": 5, "system_type": 12, "address_range": 40, "name": 64}
_CHOICES: dict[str, type[StrEnum]] = {
    "default_alphabet": Alphabet,
    "split_form": SplitForm,
    "validity_form": ValidityForm,
    "message_id_form": MessageIdForm,
    "unknown_policy": UnknownPolicy,
    "bind": BindForm,
    "reply_command": ReplyCommand,
}
_KEYS = tuple(each.name for each in fields(OperatorProfile) if each.init)
_FLAGS = frozenset({"packed", "user_message_reference"})


def _fail(name: str, key: str, what: str) -> ProfileError:
    return ProfileError(f"operator profile {name!r}: {key}: {what}")


def _nearest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    return f"did you mean {close[0]!r}?" if close else "known: " + ", ".join(known)


def _number(name: str, key: str, value: object) -> int | float:
    low, high = _RANGES[key]
    wanted = int | float if key.endswith("timer_s") else int
    if isinstance(value, bool) or not isinstance(value, wanted) or not low <= value <= high:
        kind = "a number" if wanted is not int else "an integer"
        raise _fail(name, key, f"{value!r} must be {kind} from {low} to {high}")
    return float(value) if wanted is not int else value


def _text(name: str, key: str, value: object) -> str:
    longest = _TEXT_MAX[key]
    if not isinstance(value, str) or not value.isascii() or len(value) > longest or "\0" in value:
        raise _fail(name, key, f"{value!r} must be a text of at most {longest} ASCII characters")
    return value


def _choice(name: str, key: str, value: object, kind: type[StrEnum]) -> StrEnum:
    words = tuple(each.value for each in kind)
    if value not in words:
        raise _fail(name, key, f"{value!r} is not one of {', '.join(words)}")
    return kind(value)


def _aliases(name: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise _fail(name, "aliases", 'must be a table such as {"71012" = "1012"}')
    for alias, code in value.items():
        if not isinstance(code, str) or not code:
            raise _fail(name, "aliases", f"{alias!r} must point to a short code, got {code!r}")
    return MappingProxyType(dict(value))


def _status_map(name: str, value: object) -> Mapping[int, Action]:
    if not isinstance(value, Mapping):
        raise _fail(name, "status_map", 'must be a table such as {"0x520" = "throttle"}')
    statuses: dict[int, Action] = {}
    for key, word in value.items():
        try:
            status = int(key, 0) if isinstance(key, str) else int(key)
        except (ValueError, TypeError):
            raise _fail(name, "status_map", f"{key!r} is not a number such as 0x520") from None
        statuses[status] = Action(_choice(name, f"status_map.{key}", word, Action))
    return MappingProxyType(statuses)


def _field(name: str, key: str, value: object) -> object:
    if key in _RANGES:
        return _number(name, key, value)
    if key in _TEXT_MAX:
        return _text(name, key, value)
    if key in _CHOICES:
        return _choice(name, key, value, _CHOICES[key])
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise _fail(name, key, f"{value!r} must be true or false")
        return value
    return _aliases(name, value) if key == "aliases" else _status_map(name, value)


def from_table(table: Mapping[str, object]) -> OperatorProfile:
    """A profile from a parsed TOML table; what is absent keeps the standard's value.

    Raises ProfileError for an unknown key (it names the nearest known one) or a wrong value.
    """
    name = str(table.get("name", DEFAULT.name))
    settings: dict[str, object] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise _fail(name, key, f"unknown key, {_nearest(key, _KEYS)}")
        settings[key] = _field(name, key, value)
    return OperatorProfile(**settings)  # type: ignore[arg-type]  # _field checked each by its key
