"""The one door to aiosmpplib: names, GSM tables, encoders of the session's own PDUs.

aiosmpplib builds what is ordinary and is never shown octets of a peer: its enums raise on a value
they do not list, so names are looked up in plain dicts here, and a bind that its checks refuse (a
password of nine characters, a TON outside its list) is written by us. The pure files hold their
own constants, as importing this module would drag the library into them; `check_tables` compares
the GSM 03.38 tables at start, so that two independent copies vouch for each other.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from importlib.metadata import version

import aiosmpplib
from aiosmpplib.codec import GSM_BASIC_DECODE_MAP, GSM_EXTENDED_DECODE_MAP

from smpp import pdu, text
from smpp.operators import OperatorProfile

VERSION = "0.7.4"  # exact: tables and constructors are read past its documented interface
PASSWORD_CHARACTERS_MAX = 8  # 5.2.2, and what aiosmpplib accepts; operators give out longer ones
SYSTEM_ID_CHARACTERS_MAX = 15  # 5.2.1

GSM_BASIC: Mapping[int, str] = dict(GSM_BASIC_DECODE_MAP)
GSM_EXTENSION: Mapping[int, str] = dict(GSM_EXTENDED_DECODE_MAP)

COMMAND_NAMES: Mapping[int, str] = {int(each): each.name.lower() for each in aiosmpplib.SmppCommand}
STATUS_NAMES: Mapping[int, str] = {int(each): each.name for each in aiosmpplib.SmppCommandStatus}

_BINDS = {
    pdu.BIND_RECEIVER: aiosmpplib.BindReceiver,
    pdu.BIND_TRANSMITTER: aiosmpplib.BindTransmitter,
    pdu.BIND_TRANSCEIVER: aiosmpplib.BindTransceiver,
}
_TONS = {int(each): each for each in aiosmpplib.TON}
_NPIS = {int(each): each for each in aiosmpplib.NPI}
_HEADER = struct.Struct(">4I")


class LibraryError(ImportError):
    """aiosmpplib is not the one this file was written for; the message holds the remedy."""


def check_version(found: str) -> None:
    """Refuse any other release: its internals may have moved. Raises LibraryError."""
    if found != VERSION:
        raise LibraryError(
            f"smpp/library.py needs aiosmpplib {VERSION}, found {found}: "
            f"install the locked requirements (pip install aiosmpplib=={VERSION})"
        )


def check_tables(basic: Mapping[int, str], extension: Mapping[int, str]) -> None:
    """Compare our GSM 03.38 tables with the library's. Raises LibraryError on a difference."""
    for ours, theirs, title in (
        (basic, GSM_BASIC, "basic"),
        (extension, GSM_EXTENSION, "extension"),
    ):
        wrong = {code for code in ours.keys() | theirs.keys() if ours.get(code) != theirs.get(code)}
        if wrong:
            codes = ", ".join(f"0x{code:02X}" for code in sorted(wrong))
            raise LibraryError(
                f"the GSM 03.38 {title} tables of smpp/text.py and aiosmpplib differ at {codes}: "
                "compare both with 3GPP TS 23.038 6.2.1"
            )


def command_name(command_id: int) -> str:
    """`deliver_sm`, or the number in hexadecimal where nobody named it."""
    return COMMAND_NAMES.get(command_id) or f"0x{command_id:08X}"


def status_name(status: int) -> str:
    """`ESME_RTHROTTLED`, or the number in hexadecimal where nobody named it."""
    return STATUS_NAMES.get(status) or f"0x{status:08X}"


def bind(
    command_id: int, sequence: int, system_id: str, password: str, profile: OperatorProfile
) -> bytes:
    """A bind_receiver, bind_transmitter or bind_transceiver request (4.1).

    Longer credentials than the standard allows are sent as configured (`bind_warnings` names
    them). Raises ValueError for a NUL in one, KeyError for a command that is no bind.
    """
    kind = _BINDS[command_id]
    ton, npi = _TONS.get(profile.address_ton), _NPIS.get(profile.address_npi)
    texts = (system_id, password, profile.system_type)
    if ton is None or npi is None or bind_warnings(system_id, password) or not _ascii(*texts):
        return _long_bind(command_id, sequence, system_id, password, profile)
    request = kind(
        sequence_num=sequence,
        system_id=system_id,
        password=password,
        system_type=profile.system_type,
        interface_version=profile.interface_version,
        addr_ton=ton,
        addr_npi=npi,
        address_range=profile.address_range,
    )
    return bytes(request.pdu())


def bind_warnings(system_id: str, password: str) -> tuple[str, ...]:
    """What the configuration holds beyond the standard; operators do give out such accounts."""
    warnings = []
    if len(system_id) > SYSTEM_ID_CHARACTERS_MAX:
        warnings.append(
            f"system_id has {len(system_id)} characters, SMPP 3.4 allows {SYSTEM_ID_CHARACTERS_MAX}"
        )
    if len(password) > PASSWORD_CHARACTERS_MAX:
        warnings.append(
            f"the password has {len(password)} characters, "
            f"SMPP 3.4 allows {PASSWORD_CHARACTERS_MAX}"
        )
    return tuple(warnings)


def _ascii(*texts: str) -> bool:
    return all(each.isascii() and "\0" not in each for each in texts)


def _long_bind(
    command_id: int, sequence: int, system_id: str, password: str, profile: OperatorProfile
) -> bytes:
    for key, value in (("system_id", system_id), ("password", password)):
        if "\0" in value:
            raise ValueError(f"{key} holds a NUL, which would end it on the wire: remove it")
    body = b"%b\0%b\0%b\0%c%c%c%b\0" % (
        system_id.encode("utf-8"),
        password.encode("utf-8"),
        profile.system_type.encode("ascii"),
        profile.interface_version,
        profile.address_ton,
        profile.address_npi,
        profile.address_range.encode("ascii"),
    )
    return _HEADER.pack(pdu.HEADER_OCTETS + len(body), command_id, 0, sequence) + body


def unbind(sequence: int) -> bytes:
    """4.2.1"""
    return bytes(aiosmpplib.Unbind(sequence_num=sequence).pdu())


def unbind_resp(sequence: int) -> bytes:
    """4.2.2"""
    return bytes(aiosmpplib.UnbindResp(sequence_num=sequence).pdu())


def enquire_link(sequence: int) -> bytes:
    """4.11.1"""
    return bytes(aiosmpplib.EnquireLink(sequence_num=sequence).pdu())


def enquire_link_resp(sequence: int) -> bytes:
    """4.11.2"""
    return bytes(aiosmpplib.EnquireLinkResp(sequence_num=sequence).pdu())


check_version(version("aiosmpplib"))
check_tables(
    {code: char for code, char in enumerate(text.GSM_BASIC) if char != text.ESCAPE},
    {text.GSM_BASIC.index(base): char for base, char in text.GSM_EXTENSION.items()},
)
