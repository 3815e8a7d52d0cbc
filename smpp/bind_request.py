"""bind_* and outbind as an SMSC reads and writes them (SMPP 3.4 4.1). Pure.

The decoders never raise. What follows the password may be missing: it decides nothing here but
the version, and peers that leave it out exist.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from smpp import tlv
from smpp.pdu import HEADER_OCTETS, OUTBIND, RINVCMDLEN, Malformed, response

INTERFACE_VERSION: Final = 0x34  # ours
VERSION_UNSAID: Final = 0x33  # of a peer that says none: no TLVs to it (3.4.2)
CREDENTIAL_OCTETS_MAX: Final = (
    64  # far beyond the standard's 16 and 9: longer ones are no account's
)

_HEADER = Struct(">4I")


class BindRequest(NamedTuple):
    """The fields of a bind request that decide something."""

    system_id: str
    password: str
    system_type: str
    interface_version: int


def decode_bind(body: bytes) -> BindRequest | Malformed:
    """4.1.1, 4.1.3, 4.1.5: the three are alike."""
    found = decode_outbind(body)
    if isinstance(found, Malformed):
        return found
    _, _, rest = body.split(b"\0", 2)
    system_type, _, rest = rest.partition(b"\0")
    version = rest[0] if rest else VERSION_UNSAID
    return BindRequest(*found, system_type.decode("latin-1"), version)


def decode_outbind(body: bytes) -> tuple[str, str] | Malformed:
    """4.1.7: system_id and password."""
    fields = body.split(b"\0", 2)
    if len(fields) < 3:
        return Malformed(RINVCMDLEN, "system_id and password run past the PDU")
    system_id, password, _ = fields
    if max(len(system_id), len(password)) > CREDENTIAL_OCTETS_MAX:
        return Malformed(RINVCMDLEN, f"a credential of more than {CREDENTIAL_OCTETS_MAX} octets")
    return system_id.decode("utf-8", "replace"), password.decode("utf-8", "replace")


def bind_response(command_id: int, sequence: int, system_id: str, peer_version: int) -> bytes:
    """ROK to a bind request. sc_interface_version goes to those that know TLVs."""
    body = system_id.encode("ascii", "replace") + b"\0"
    if peer_version >= INTERFACE_VERSION:
        body += tlv.write_tlv(tlv.SC_INTERFACE_VERSION, bytes((INTERFACE_VERSION,)))
    return response(command_id, 0, sequence, body)


def outbind_pdu(sequence: int, system_id: str, password: str) -> bytes:
    """4.1.7.1: the ESME of this address may bind, we have something for it."""
    body = system_id.encode("utf-8") + b"\0" + password.encode("utf-8") + b"\0"
    return _HEADER.pack(HEADER_OCTETS + len(body), OUTBIND, 0, sequence) + body
