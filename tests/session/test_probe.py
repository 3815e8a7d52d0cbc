"""The probe against operators of many habits: what it proposes is the operator's personality."""

from __future__ import annotations

import asyncio
import ssl
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smpp.operators import (
    Alphabet,
    BindForm,
    MessageIdForm,
    OperatorProfile,
    SplitForm,
    ValidityForm,
    from_table,
)
from smpp.probe.findings import find
from smpp.probe.probing import Probe, ProbeOptions
from smpp.probe.profile import propose
from smpp.probe.rows import Findings
from smpp.probe.seen import Seen
from smpp.probe.wire import Target
from smpp.simulator import IdForm, ReceiptForm, ReceiptPolicy, ReceiptTime, RetrySchedule, Smsc
from tests.support import peer
from tests.support.peer import Wire, listening

PHONE = "77019999999"
CITIZEN = "77010000001"
TEMPLATE = Path(__file__).parents[2] / "config" / "operators" / "default.toml"
TLS = Path(__file__).parents[1] / "support" / "tls"
PAIR = ("transmitter", "receiver")
SOON = RetrySchedule(after_s=(0.05,) * 100)
LONG = "Where is my appeal 061200000012345678, please? " * 6


def options(**changes: object) -> ProbeOptions:
    plain = ProbeOptions(
        system_id="1012", password="secret", short_code="1012", to=PHONE, wait_s=0.3
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # tests name fields at will


async def look(
    port: int, profile: OperatorProfile, given: ProbeOptions, tls: ssl.SSLContext | None = None
) -> Seen:
    probe = Probe(
        lambda: Target("127.0.0.1", port, tls, "smsc.test"), profile, given,
        reference=0xBEEF, now=lambda: datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip
    return await probe.run()


def proposed(profile: OperatorProfile, findings: Findings) -> OperatorProfile:
    """What the file that is proposed makes."""
    written = propose(TEMPLATE.read_text("utf-8"), profile.name, profile, findings.proposals)
    return from_table(tomllib.loads(written))


PLAIN = OperatorProfile(message_id_form=MessageIdForm.AS_IS)
HABITS: list[tuple[str, dict[str, object], dict[str, object], OperatorProfile]] = [
    ("as the standard has it", {}, {}, PLAIN),
    ("a pair alone", {"modes": PAIR}, {}, replace(PLAIN, bind=BindForm.PAIR)),
    (
        "ids in hex, receipts in decimal",
        {"ids": IdForm.HEX, "receipts": ReceiptPolicy(form=ReceiptForm.HEX_ID)},
        {},
        replace(PLAIN, message_id_form=MessageIdForm.HEX_TO_DEC),
    ),
    (
        "ids in decimal, receipts in hex, before the response",
        {"receipts": ReceiptPolicy(ReceiptTime.BEFORE, ReceiptForm.HEX_ID, lead_ms=5)},
        {},
        replace(PLAIN, message_id_form=MessageIdForm.DEC_TO_HEX),
    ),
    (
        "ids of text, receipts of TLVs alone",
        {"ids": IdForm.UUID, "receipts": ReceiptPolicy(form=ReceiptForm.TLV_ONLY)},
        {},
        PLAIN,
    ),
    (
        "receipts in UCS-2, one bind",
        {"receipts": ReceiptPolicy(form=ReceiptForm.UCS2), "binds_max": 1},
        {"binds": 2},
        PLAIN,
    ),
    (
        "Latin-1 and SAR",
        {"dc0": "latin1", "form": "sar"},
        {},
        replace(PLAIN, default_alphabet=Alphabet.LATIN1, split_form=SplitForm.SAR),
    ),
    (
        "wide references, configured as Latin-1",
        {"form": "udh16"},
        {"default_alphabet": Alphabet.LATIN1},
        replace(PLAIN, split_form=SplitForm.UDH16),
    ),
    ("whole texts", {"form": "payload"}, {}, replace(PLAIN, split_form=SplitForm.PAYLOAD)),
    ("ids of messages", {"mo_id_tag": 0x1403}, {}, replace(PLAIN, vendor_id_tlv=0x1403)),
    (
        "no version said, yet TLVs taken",
        {"interface_version": None},
        {},
        replace(PLAIN, peer_version_assumed=0x34),
    ),
]


@pytest.mark.parametrize(
    ("smsc_habits", "configured", "wanted"),
    [each[1:] for each in HABITS],
    ids=[each[0] for each in HABITS],
)
async def test_the_proposed_profile_is_the_operators(
    smsc_habits: dict[str, object], configured: dict[str, object], wanted: OperatorProfile
) -> None:
    profile = OperatorProfile(**configured)  # type: ignore[arg-type]  # as above
    async with Smsc(retry=SOON, password="secret", **smsc_habits) as smsc:  # type: ignore[arg-type]
        for words in ("Größe @ 061200000012345678", "қайда?"):  # the alphabets differ in these
            smsc.post(smsc.compose(CITIZEN, words), lambda result: None)
        if "form" in smsc_habits:
            smsc.post(smsc.compose(CITIZEN, LONG), lambda result: None)
        seen = await look(smsc.port, profile, options(second=True))
        assert len(smsc.inbox(PHONE)) == 1, "one SMS, to the phone that was named"
        assert smsc.inbox(CITIZEN) == []
    assert proposed(profile, find(seen, profile, ["1012"])) == wanted


async def test_what_is_as_configured_is_not_wrong() -> None:
    async with Smsc(ids=IdForm.HEX) as smsc:
        seen = await look(smsc.port, OperatorProfile(), options())
    assert not find(seen, OperatorProfile(), ["1012"]).wrong


async def test_what_citizens_send_is_kept_by_the_operator() -> None:
    async with Smsc(retry=SOON) as smsc:
        answered = asyncio.Event()
        smsc.post(smsc.compose(CITIZEN, "061200000012345678"), lambda result: answered.set())
        seen = await look(smsc.port, OperatorProfile(), options(to=""))
        assert len(seen.messages) >= 2, "refused, and delivered again"
        assert not answered.is_set(), "it still owes an answer"
        assert smsc.counters["submits"] == 0
        rows = {row.check: row.seen for row in find(seen, OperatorProfile(), ["1012"]).rows}
        assert rows["delivered again after busy_status"].startswith("after ")


async def test_no_text_and_no_whole_number_is_in_what_it_tells() -> None:
    async with Smsc(retry=SOON, form="udh16") as smsc:
        for words in ("061200000012345678 Größe @", LONG):
            smsc.post(smsc.compose(CITIZEN, words), lambda result: None)
        seen = await look(smsc.port, OperatorProfile(), options())
    told = repr(find(seen, OperatorProfile(), ["1012"]))
    for canary in (CITIZEN, PHONE, "06120000", "appeal", "Größe", "secret"):
        assert canary not in told


async def scripted(
    script: Callable[[Wire], Awaitable[None]],
    profile: OperatorProfile = PLAIN,
    **changes: object,
) -> Findings:
    """A probe of an SMSC that does what the script says on its first connection."""
    async with listening() as smsc:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(look(smsc.port, profile, options(**changes)))
            await script(await smsc.accept())
        return find(looking.result(), profile, ["1012"], hex)


async def serve(
    wire: Wire, on_submit: Callable[[peer.Pdu], bytes] = lambda sent: b"", *, tail: bytes = b""
) -> None:
    """Bind, then answer everything until unbind."""
    await wire.accept_bind(tail)
    while (sent := await wire.read()).command != peer.UNBIND:
        if sent.command == peer.SUBMIT_SM:
            wire.send(on_submit(sent))
        elif sent.command == peer.ENQUIRE_LINK:
            wire.send(peer.pdu(0x80000015, sent.sequence))
    wire.send(peer.pdu(0x80000006, sent.sequence))


def refused(sent: peer.Pdu, status: int) -> bytes:
    return peer.pdu(0x80000004, sent.sequence, b"", status)


async def test_the_source_that_is_accepted_is_proposed() -> None:
    def choosy(sent: peer.Pdu) -> bytes:
        fields = peer.read_submit(sent)
        if (fields.source_ton, fields.source_npi) != (6, 0):
            return refused(sent, 0x48)
        if (fields.dest_ton, fields.dest_npi) != (0, 1):
            return refused(sent, 0x0B)
        if fields.validity:
            return refused(sent, 0x62)
        return peer.pdu(0x80000004, sent.sequence, b"m1\0")

    findings = await scripted(lambda wire: serve(wire, choosy))
    wanted = replace(
        PLAIN, source_ton=6, source_npi=0, dest_ton=0, validity_form=ValidityForm.NONE,
        peer_version_assumed=0x34,
    )  # fmt: skip
    assert proposed(PLAIN, findings) == wanted
    assert findings.wrong


async def test_a_peer_that_refuses_tlvs_is_sent_none() -> None:
    def plain(sent: peer.Pdu) -> bytes:
        return (
            refused(sent, 0xC0)
            if peer.read_submit(sent).tlvs
            else peer.pdu(0x80000004, sent.sequence, b"m1\0")
        )

    profile = replace(PLAIN, peer_version_assumed=0x34)
    findings = await scripted(lambda wire: serve(wire, plain), profile)
    assert proposed(profile, findings) == PLAIN
    assert findings.wrong


async def test_an_old_peer_is_never_shown_a_tlv() -> None:
    tlvs: list[dict[int, bytes]] = []

    def see(sent: peer.Pdu) -> bytes:
        tlvs.append(peer.read_submit(sent).tlvs)
        return peer.pdu(0x80000004, sent.sequence, b"m1\0")

    await scripted(lambda wire: serve(wire, see, tail=peer.tlv(0x0210, b"\x33")))
    assert tlvs == [{}]


async def test_a_reference_that_comes_back_is_proposed() -> None:
    def echo(sent: peer.Pdu) -> bytes:
        reference = peer.tlv(0x0204, peer.read_submit(sent).tlvs[0x0204])
        text = peer.receipt_text(b"another")
        receipt = peer.deliver_sm(1, text, source=PHONE.encode(), esm_class=4, tail=reference)
        return peer.pdu(0x80000004, sent.sequence, b"m1\0") + receipt

    findings = await scripted(lambda wire: serve(wire, echo, tail=peer.tlv(0x0210, b"\x34")))
    assert proposed(PLAIN, findings).user_message_reference
    assert any(row.check == "message id" and row.wrong for row in findings.rows)


async def test_an_unanswered_submit_is_not_sent_again() -> None:
    submits: list[int] = []

    def silent(sent: peer.Pdu) -> bytes:
        submits.append(sent.sequence)
        return b""

    findings = await scripted(lambda wire: serve(wire, silent), answer_s=0.1)
    assert len(submits) == 1
    assert findings.wrong


async def test_a_throttled_submit_is_not_tried_in_other_forms() -> None:
    submits: list[int] = []

    def busy(sent: peer.Pdu) -> bytes:
        submits.append(sent.sequence)
        return refused(sent, 0x58)

    await scripted(lambda wire: serve(wire, busy))
    assert len(submits) == 1


async def test_wrong_credentials_are_tried_once() -> None:
    async with listening() as smsc, asyncio.TaskGroup() as group:
        looking = group.create_task(look(smsc.port, PLAIN, options()))
        await (await smsc.accept()).accept_bind(status=0x0E)
        seen = await looking
        assert smsc.connections == 1
    findings = find(seen, PLAIN, ["1012"])
    assert findings.wrong
    assert findings.proposals == ()


async def test_an_operator_that_is_away_is_told() -> None:
    async with listening() as smsc:
        port = smsc.port
    findings = find(await look(port, PLAIN, options()), PLAIN, ["1012"])
    assert findings.wrong
    assert findings.rows[0].seen.startswith("no connection")


async def test_another_spelling_of_the_short_code_becomes_an_alias() -> None:
    async def script(wire: Wire) -> None:
        await wire.accept_bind()
        wire.send(peer.deliver_sm(7, b"hello", dest=b"71012"))
        while (sent := await wire.read()).command != peer.UNBIND:
            if sent.command == peer.DELIVER_SM | peer.RESPONSE:
                assert sent.status == 0x64
            elif sent.command == peer.ENQUIRE_LINK:
                wire.send(peer.pdu(0x80000015, sent.sequence))
        wire.send(peer.pdu(0x80000006, sent.sequence))

    findings = await scripted(script, to="")
    assert proposed(PLAIN, findings).aliases == {"71012": "1012"}
    assert findings.wrong


@pytest.mark.parametrize("politely", [True, False])
async def test_an_idle_timer_shorter_than_ours_is_seen(politely: bool) -> None:
    async def script(wire: Wire) -> None:
        await wire.accept_bind()
        for _ in range(3):
            asked = await wire.expect(peer.ENQUIRE_LINK)
            wire.send(peer.pdu(0x80000015, asked.sequence))
        if politely:
            wire.send(peer.pdu(peer.UNBIND, 1))
            await wire.expect(0x80000006)
        wire.close()

    findings = await scripted(script, to="", wait_s=60.0)
    assert {each.key for each in findings.proposals} == {"enquire_link_timer_s"}
    assert findings.wrong


@pytest.mark.parametrize(("certificate", "bound"), [("smsc.pem", True), ("self.pem", False)])
async def test_it_looks_over_tls_at_whom_it_trusts_alone(certificate: str, bound: bool) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(TLS / certificate)
    client = ssl.create_default_context(cafile=str(TLS / "ca.pem"))
    async with Smsc(tls=server) as smsc:
        seen = await look(smsc.port, PLAIN, options(to="", wait_s=0.0), client)
    assert (seen.bound is not None) is bound
