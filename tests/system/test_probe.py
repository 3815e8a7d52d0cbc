"""`jauap probe` as a program: what it prints, writes and leaves alone."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from smpp.operators import BindForm, MessageIdForm, OperatorProfile, from_table
from smpp.simulator import IdForm, ReceiptForm, ReceiptPolicy, RetrySchedule, Smsc
from tests.support.service import SECRET, Finished, LinkTo, Service, make_folder

CITIZEN = "77010000001"
PHONE = "77019999999"
NUMBER = "061200000012345678"
SOON = RetrySchedule(after_s=(0.05,) * 100)


async def probed(folder: Path, smsc: Smsc, *options: str) -> Finished:
    settings = folder / "jauap.toml"
    if not settings.exists():
        await make_folder(folder, [LinkTo("north", smsc.port)])
    return await Service(settings).command(
        "probe", "north", "-c", str(settings), "--wait-s", "1", *options
    )


async def test_a_contradicted_profile_is_told_and_proposed_anew(tmp_path: Path) -> None:
    async with Smsc(
        password=SECRET, modes=("transmitter", "receiver"), ids=IdForm.HEX, retry=SOON,
        receipts=ReceiptPolicy(form=ReceiptForm.HEX_ID),
    ) as smsc:  # fmt: skip
        smsc.post(smsc.compose(CITIZEN, NUMBER), lambda result: None)
        done = await probed(
            tmp_path, smsc, "--to", PHONE, "--out", "north.toml", "--binds", "--json"
        )
        assert len(smsc.inbox(PHONE)) == 1
        assert smsc.inbox(CITIZEN) == []
    assert done.code == 1, done.err
    told = json.loads(done.out)
    assert told["profile"] == "north.toml"
    assert {each["key"] for each in told["proposals"]} == {"bind", "message_id_form"}
    assert any(row["wrong"] and "transceiver" in row["check"] for row in told["checks"])
    assert from_table(tomllib.loads((tmp_path / "north.toml").read_text("utf-8"))) == (
        OperatorProfile(name="north", bind=BindForm.PAIR, message_id_form=MessageIdForm.HEX_TO_DEC)
    )
    for canary in (CITIZEN, PHONE, NUMBER, SECRET):
        assert canary not in done.out + done.err
    assert not (tmp_path / "journal.db").exists(), "it touches no journal"


async def test_an_operator_as_configured_ends_with_0(tmp_path: Path) -> None:
    async with Smsc(password=SECRET) as smsc:
        settings = await make_folder(tmp_path, [LinkTo("north", smsc.port)])
        done = await probed(tmp_path, smsc)
        assert (done.code, done.err) == (0, "")
        assert "nothing to change in the profile" in done.out
        assert smsc.counters["submits"] == 0
        (tmp_path / "kept.toml").write_text("kept", encoding="utf-8")
        exists = await probed(tmp_path, smsc, "--out", "kept.toml")
        assert (exists.code, "name a new file" in exists.err) == (2, True)
        nowhere = await probed(tmp_path, smsc, "--out", "no-such/a.toml", "--to", PHONE)
        assert (nowhere.code, "may write to" in nowhere.err) == (2, True)
        assert smsc.counters["submits"] == 0, "no SMS is spent on a file that cannot be written"
        number = await probed(tmp_path, smsc, "--to", "12")
        assert (number.code, "country code" in number.err) == (2, True)
    away = await probed(tmp_path, smsc)
    assert (away.code, "no connection" in away.out) == (1, True)
    for octets in (b"a\0b", b"\xff\xfe"):
        (tmp_path / "secret").write_bytes(octets)
        unusable = await probed(tmp_path, smsc)
        assert (unusable.code, "[[link]] 'north'" in unusable.err) == (2, True)
        assert "Traceback" not in unusable.err
    unknown = await Service(settings).command("probe", "south", "-c", str(settings))
    assert (unknown.code, "known are north" in unknown.err) == (2, True)
