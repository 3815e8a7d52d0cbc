"""Every PDU that we write, in both roles, as tshark reads it: no complaint, and every field where
it belongs. A kind of PDU that is not judged here fails."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import pytest_asyncio

from smpp import library, pdu
from tests.support import peer
from tests.support.foreign.commands import COMMANDS, command_of
from tests.support.foreign.esme_pdus import GSM, esme_pdus
from tests.support.foreign.expected import ESME_PDUS, SMSC_PDUS
from tests.support.foreign.smsc_pdus import smsc_pdus
from tests.support.foreign.tshark import Read, Said, read_pdus

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMPP = Path(pdu.__file__).parent
EXPECTED = {"ESME": ESME_PDUS, "SMSC": SMSC_PDUS}
# Commands of smpp/pdu.py that nothing of ours ever writes.
NEVER_WRITTEN = {
    "query_sm": "row P3: it cannot settle an unknown submit",
    "replace_sm": "an answer is not taken back",
    "cancel_sm": "an answer is not taken back",
    "submit_multi": "an answer has one reader",
    "alert_notification": "we have no handset that could come back",
    "data_sm": "an answer fits submit_sm and deliver_sm",
}
# Numbers of smpp/pdu.py that are neither a command nor a status.
NO_COMMANDS = {"ESM_UDHI", "HEADER_OCTETS", "PDU_SIZE_MAX", "RESPONSE_BIT"}
# Where the octets of a PDU are put together, and a PDU that came from there.
WRITERS = {
    "bind_request.py:outbind_pdu": "outbind",
    "library.py:_long_bind": "bind_receiver",
    "library.py:bind": "bind_transceiver",
    "library.py:enquire_link": "enquire_link",
    "library.py:enquire_link_resp": "enquire_link_resp",
    "library.py:unbind": "unbind",
    "library.py:unbind_resp": "unbind_resp",
    "pdu.py:generic_nack": "generic_nack of a length",
    "pdu.py:response": "query_sm_resp",
    "submit.py:encode_submit": "submit_sm gsm",
}
READERS = {"capture/ring.py:_pdus"}  # put together again what was read
APART = {"simulator", "conform"}  # the far side, which tests and operators' peers are


class Judged:
    """What was said and how it was read, by name."""

    def __init__(self, said: dict[str, Said], read: list[Read]) -> None:
        self.said = said
        self.read = dict(zip(said, read, strict=True))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    folder = tmp_path_factory.mktemp("tshark")
    said = {"ESME": await esme_pdus(), "SMSC": await smsc_pdus()}
    return {role: Judged(pdus, read_pdus(folder, pdus.values())) for role, pdus in said.items()}


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, pdus in EXPECTED.items() for name in pdus]
)
async def test_tshark_reads_the_pdu_as_it_was_meant(
    judged: dict[str, Judged], role: str, name: str
) -> None:
    said, read = judged[role].said[name], judged[role].read[name]
    assert read.marks == ()
    assert read.one("smpp.command_id") == f"0x{COMMANDS[command_of(name)]:08x}"
    assert read.one("smpp.command_length") == str(len(said.octets))
    for field, value in EXPECTED[role][name].items():
        wanted = () if value is None else (value,) if isinstance(value, str) else value
        assert read.fields.get(field, ()) == wanted, field


async def test_every_pdu_that_was_said_has_its_expectation(judged: dict[str, Judged]) -> None:
    assert {role: set(each.said) for role, each in judged.items()} == {
        role: set(pdus) for role, pdus in EXPECTED.items()
    }


async def test_every_command_of_ours_is_judged_or_never_written() -> None:
    """A new constant in smpp/pdu.py wants its PDU here, or a word on what it is."""
    statuses = {name.removeprefix("ESME_") for name in library.STATUS_NAMES.values()}
    ours = {
        name.lower(): value
        for name, value in vars(pdu).items()
        if name.isupper() and isinstance(value, int)
        if not name.startswith("_") and name not in statuses | NO_COMMANDS
    }
    assert ours.items() <= COMMANDS.items()
    judged = {command_of(name) for pdus in EXPECTED.values() for name in pdus}
    assert not judged & NEVER_WRITTEN.keys()
    assert ours.keys() - judged == NEVER_WRITTEN.keys()


async def test_every_request_that_we_do_not_serve_is_answered_before_a_judge() -> None:
    """Whatever request a peer may send, our response to it was judged."""
    judged = {command_of(name) for pdus in EXPECTED.values() for name in pdus}
    responses = {name for name in COMMANDS if name.endswith("_resp")}
    assert responses <= judged


def writers() -> set[str]:
    """Functions of smpp that put a header in front of a body, or have the library do it."""
    found = set()
    for path in SMPP.rglob("*.py"):
        if APART & set(path.relative_to(SMPP).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _writes(node):
                found.add(f"{path.relative_to(SMPP)}:{node.name}")
    return found


def _writes(function: ast.AST) -> bool:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(
        isinstance(call.func, ast.Attribute)
        and (
            call.func.attr == "pdu"
            or (call.func.attr == "pack" and "HEADER_OCTETS" in ast.dump(call))
        )
        for call in calls
    )


async def test_every_function_that_writes_a_pdu_is_judged_by_one_of_its_own() -> None:
    assert writers() == WRITERS.keys() | READERS
    assert set(WRITERS.values()) <= {name for pdus in EXPECTED.values() for name in pdus}


@pytest.mark.parametrize(
    "octets",
    [
        peer.pdu(peer.SUBMIT_SM, 1, peer.message_body(GSM)[:-1]),
        peer.pdu(peer.SUBMIT_SM, 1, peer.message_body(GSM, tail=b"\0\0")),
        peer.pdu(peer.SUBMIT_SM, 1, peer.message_body(GSM, tail=peer.tlv(0x1400, b"1", 9))),
        peer.pdu(peer.SUBMIT_SM, 1, peer.message_body(GSM, tail=peer.tlv(0x0424, GSM))),
        peer.pdu(peer.BIND_TRANSCEIVER, 1, b"1012\0secret\0"),
        peer.pdu(peer.SUBMIT_SM | peer.RESPONSE, 1, b"m1"),
    ],
    ids=["short text", "stray octets", "long TLV", "two texts", "half a bind", "id without NUL"],
)
async def test_tshark_does_complain_of_a_wrong_pdu(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes
) -> None:
    """Else a silent judge would approve of anything."""
    (read,) = read_pdus(tmp_path_factory.mktemp("wrong"), [Said(False, octets)])
    assert read.marks
