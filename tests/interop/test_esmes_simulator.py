"""Foreign ESMEs bound to the simulated SMSC, in our place: a judge of what other tests lean on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from smpp.simulator import IdForm, ReceiptPolicy, ReceiptTime, Smsc, SplitForm
from tests.support.foreign.esmes import KINDS
from tests.support.foreign.scripts import Script, script

SECRET = "s3cret"
PHONE = "77010000001"
KAZAKH = "Сәлеметсіз бе, 061200000012345678 өтінішім қайда?"
GSM, UCS2 = 0, 8
each_kind = pytest.mark.parametrize("name", KINDS)


@asynccontextmanager
async def bound(name: str, **smsc: object) -> AsyncIterator[tuple[Smsc, Script]]:
    options = {"system_id": "peer", "password": SECRET, **smsc}
    async with (
        Smsc(**options) as peer,  # type: ignore[arg-type]  # a test names them at will
        script(KINDS[name].script, str(peer.port), "peer", SECRET, "bind_transceiver") as esme,
    ):
        assert (await esme.event("bind_answered"))["status"] == 0
        yield peer, esme


@each_kind
@pytest.mark.parametrize("text", ["ticket 061200000012345678?", KAZAKH])
async def test_what_a_simulated_phone_wrote_is_read(name: str, text: str) -> None:
    async with bound(name) as (smsc, esme):
        assert (await smsc.send_mo(PHONE, text)).ok
        mo = await esme.event("deliver")
        assert (mo["source"], mo["destination"], mo["text"]) == (PHONE, "1012", text)


@each_kind
@pytest.mark.parametrize("form", [SplitForm.UDH8, SplitForm.PAYLOAD])
async def test_a_long_text_of_a_simulated_phone_is_read(name: str, form: SplitForm) -> None:
    text = KAZAKH * 2
    async with bound(name, form=form) as (smsc, esme):
        result = await smsc.send_mo(PHONE, text)
        assert result.ok
        # aiosmpplib joins parts by itself; the others leave that to who uses them
        count = 1 if name == "aiosmpplib" else result.attempts
        texts = {(await esme.event("deliver"))["text"] for _ in range(count)}
        assert sorted("".join(texts)) == sorted(text), "smpp34 gives parts in any order"


@each_kind
@pytest.mark.parametrize(("text", "coding"), [("*5678: in work", GSM), (KAZAKH, UCS2)])
async def test_an_answer_reaches_the_simulated_phone(name: str, text: str, coding: int) -> None:
    async with bound(name) as (smsc, esme):
        esme.tell("submit", source="1012", to=PHONE, text=text, data_coding=coding, mark="a")
        message_id = (await esme.event("submit_answered", status=0))["message_id"]
        mt = await smsc.next_mt(PHONE)
        assert (mt.source, mt.text, mt.message_id) == ("1012", text, message_id)


@each_kind
async def test_the_simulated_receipt_names_the_id_of_the_response(name: str) -> None:
    # aiosmpplib knows a message_id only once it has handled the response
    policy = ReceiptPolicy(when=ReceiptTime.DELAYED, delay_ms=50)
    async with bound(name, receipts=policy, ids=IdForm.UUID) as (_, esme):
        esme.tell(
            "submit", source="1012", to=PHONE, text="answer", data_coding=GSM, mark="a",
            registered_delivery=1,
        )  # fmt: skip
        message_id = (await esme.event("submit_answered", status=0))["message_id"]
        receipt = await esme.event("deliver")
        assert receipt["text"].startswith(f"id:{message_id} ")
        assert receipt.get("correlated", "a") == "a"


@each_kind
async def test_a_wrong_password_is_refused_by_the_simulator(name: str) -> None:
    async with Smsc(system_id="peer", password=SECRET) as smsc:
        words = (str(smsc.port), "peer", "wrong", "bind_transceiver")
        async with script(KINDS[name].script, *words) as esme:
            if KINDS[name].tells_refusal:
                assert (await esme.event("bind_answered"))["status"] != 0
            else:
                await esme.event("bind_answered", status=None)
