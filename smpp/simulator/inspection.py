"""What an operator would object to in the PDUs of an ESME. Nothing is refused for it: the names are
counted, and a test asks that the counts are zero. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from smpp.simulator import text, wire
from smpp.simulator.text import Alphabet

# TON and NPI of a short code as operators ask for them: unknown, network specific, abbreviated.
SHORT_CODE_TON_NPI: Final = frozenset({(0, 0), (0, 1), (3, 0), (3, 1), (6, 0)})
INTERNATIONAL_TON_NPI: Final = (1, 1)
MSISDN_DIGITS: Final = range(7, 16)  # E.164: 15 at most
SEQUENCES: Final = range(1, 0x8000_0000)  # 5.1.4
DATA_CODINGS: Final = frozenset({0, 1, 3, 8})  # what a text to a citizen may use
REGISTERED_MAX: Final = 0x1F  # 5.2.17: higher bits are reserved
ESM_CLASSES: Final = frozenset({0x00, 0x01, 0x02, 0x03, 0x40, 0x41, 0x42, 0x43})  # 5.2.12
INTERFACE_34: Final = 0x34
OCTETS_MAX: Final = 140  # user data of one short message, 23.040
SEPTETS_MAX: Final = 160


def submit_defects(
    message: wire.Message, sequence: int, short_codes: Collection[str], dc0: Alphabet, version: int
) -> list[str]:
    """The names of all that is wrong with a submit_sm; `version` is the ESME's."""
    found = list(message.oddities)
    if message.source not in short_codes:
        found.append("wrong_source")
    if (message.source_ton, message.source_npi) not in SHORT_CODE_TON_NPI:
        found.append("source_ton_npi")
    to = message.destination
    if not (to.isascii() and to.isdecimal() and len(to) in MSISDN_DIGITS):
        found.append("wrong_destination")
    if (message.destination_ton, message.destination_npi) != INTERNATIONAL_TON_NPI:
        found.append("destination_ton_npi")
    if message.data_coding not in DATA_CODINGS:
        found.append("data_coding")
    if message.esm_class not in ESM_CLASSES:
        found.append("esm_class")
    if message.registered_delivery > REGISTERED_MAX:
        found.append("registered_delivery")
    if sequence not in SEQUENCES:
        found.append("sequence_number")
    if message.tlvs and version < INTERFACE_34:
        found.append("tlvs_to_old_peer")
    defect = _text_defect(message, dc0)
    if defect:
        found.append(defect)
    return found


def _text_defect(message: wire.Message, dc0: Alphabet) -> str:
    octets = message.octets
    if not octets:
        return "" if message.tlv(wire.TAG_MESSAGE_PAYLOAD) else "empty_text"
    udhi = message.esm_class & wire.ESM_UDHI
    header = octets[0] + 1 if udhi else 0
    if header > len(octets):
        return "udh_too_long"
    alphabet = text.alphabet_of(message.data_coding, dc0)
    if alphabet is Alphabet.UCS2:
        if (len(octets) - header) % 2:
            return "ucs2_odd"
    elif alphabet is Alphabet.GSM:
        if not octets[header:].isascii():
            return "gsm_eighth_bit"
        septets = len(octets) - header + (header * 8 + 6) // 7
        return "text_too_long" if septets > SEPTETS_MAX else ""
    return "text_too_long" if len(octets) > OCTETS_MAX else ""


def response_defect(status: int, body: bytes) -> str:
    """What is wrong with the body of a deliver_sm_resp: one NUL, or none at all with an error."""
    if body == b"\0" or (status and not body):
        return ""
    return "deliver_response_body"
