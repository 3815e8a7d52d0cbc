"""What was acknowledged and is gone: a start says so and stops, whatever took it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.billing.sealed.check import verify_seals
from gateway.core.staff import Acting
from gateway.store import Journal, StoreLossError, StoreOpenError, open_store, witness_of
from gateway.store.witness import read_witness
from tests.crash.test_store_kill import ROOT, WRITER
from tests.support.journal import AT, KEYS, SECOND, answer, chains, question

FRAME, HEADER = 4_096 + 24, 32  # octets of the log
ENGINEER = Acting("erlan", "engineer")


def url(folder: Path) -> str:
    return f"sqlite://{folder}/journal.db"


_left_open: list[Journal] = []


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """Whatever a failing test has left open: its threads would outlive the tests."""
    yield
    while _left_open:
        await _left_open.pop().close()


async def opened(folder: Path, **how: Any) -> Journal:
    _left_open.append(await open_store(url(folder), **({"keys": KEYS} | how)))
    return _left_open[-1]


async def fill(store: Journal, first: int, last: int) -> None:
    for n in range(first, last + 1):
        await store.take([question(n)], [answer(question(n))])


async def make(folder: Path) -> None:
    """What a process leaves that was killed after twelve commits, six of them in the file."""
    running = folder / "running"
    running.mkdir()
    store = await opened(running)
    await fill(store, 1, 6)
    await store.close()
    shutil.copy(running / "journal.db", folder / "yesterday.db")
    store = await opened(running)
    await fill(store, 7, 12)
    for name in ("journal.db", "journal.db-wal", "journal.db.witness"):
        shutil.copy(running / name, folder)
    await store.close()


@pytest.fixture
async def killed(tmp_path: Path) -> Path:
    await make(tmp_path)
    return tmp_path


def frames(log: bytes | bytearray) -> int:
    return (len(log) - HEADER) // FRAME


def flip_a_bit(folder: Path) -> None:
    path = folder / "journal.db-wal"
    log = bytearray(path.read_bytes())
    log[HEADER + frames(log) // 2 * FRAME + 24 + 1_000] ^= 1
    path.write_bytes(log)


def cut_the_log(folder: Path) -> None:
    path = folder / "journal.db-wal"
    log = path.read_bytes()
    path.write_bytes(log[: HEADER + frames(log) // 2 * FRAME + 100])


def lose_the_last_page(folder: Path) -> None:
    path = folder / "journal.db-wal"
    path.write_bytes(path.read_bytes()[:-1])


def remove_the_log(folder: Path) -> None:
    (folder / "journal.db-wal").unlink(missing_ok=True)
    (folder / "journal.db-shm").unlink(missing_ok=True)


def put_back_yesterday(folder: Path) -> None:
    remove_the_log(folder)
    shutil.copy(folder / "yesterday.db", folder / "journal.db")


def remove_all(folder: Path) -> None:
    remove_the_log(folder)
    (folder / "journal.db").unlink()


FAULTS = [
    flip_a_bit, cut_the_log, lose_the_last_page, remove_the_log, put_back_yesterday, remove_all,
]  # fmt: skip


async def test_a_journal_that_is_whole_is_opened(killed: Path) -> None:
    store = await opened(killed)
    assert len(await chains(store)) == 12
    assert await store.missing() is None
    await store.close()


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_start_is_refused_and_names_what_is_missing(
    killed: Path, fault: Callable[[Path], None]
) -> None:
    fault(killed)
    with pytest.raises(StoreLossError) as refused:
        await opened(killed)
    store = await opened(killed, keys=None)  # to look at it, without its key
    there = len(await chains(store))
    await store.close()
    assert there < 12
    first = there + 1
    batches = f"batches {first} to 12" if first < 12 else "batch 12"
    assert f"acknowledged data is missing: {batches}," in refused.value.what
    assert "accept-loss" in refused.value.remedy


@pytest.mark.parametrize("fault", [flip_a_bit, cut_the_log])
async def test_a_refused_start_and_a_look_leave_what_a_damaged_log_holds(
    killed: Path, fault: Callable[[Path], None]
) -> None:
    fault(killed)
    damaged = (killed / "journal.db-wal").read_bytes()
    file = (killed / "journal.db").read_bytes()
    for _ in range(2):
        with pytest.raises(StoreLossError):
            await opened(killed)
        store = await opened(killed, keys=None)  # nor does whoever looks at what is there
        await store.seals(0, 100)
        await store.close()
    assert (killed / "journal.db-wal").read_bytes() == damaged
    assert (killed / "journal.db").read_bytes() == file


@pytest.mark.parametrize("fault", FAULTS)
async def test_after_an_accepted_loss_it_goes_on_and_nothing_is_used_again(
    killed: Path, fault: Callable[[Path], None]
) -> None:
    seen = read_witness(witness_of(url(killed)))
    assert seen is not None
    fault(killed)
    store = await opened(killed, check=False)
    before = await store.seals(0, 100)
    lost = await store.accept_loss(ENGINEER, "the disk was full", AT)
    assert lost is not None
    assert (lost.first_batch, lost.last_batch, lost.chain) == (len(before) + 1, *seen)
    assert await store.missing() is None
    await fill(store, 20, 21)
    after = await store.seals(0, 100)
    assert after[: len(before)] == before
    assert [seal.batch for seal in after[len(before) :]] == [13, 14, 15]
    (kept,) = await store.losses()
    assert (kept.who, kept.reason, kept.at_us) == ("erlan", "the disk was full", AT)
    assert (kept.first_batch, kept.last_batch, kept.chain) == (
        lost.first_batch, 12, seen.chain.hex(),
    )  # fmt: skip
    (told,) = await store.audit(0, 9, 0, 2 * AT)
    assert (told.who, told.action, told.outcome, told.target) == (
        "erlan", "accept-loss", "done", str(lost),
    )  # fmt: skip
    await store.close()
    await (await opened(killed)).close()


async def test_a_loss_is_accepted_once_though_the_witness_did_not_hear_of_it(killed: Path) -> None:
    """Killed between the commit that keeps the decision and the record of that commit."""
    witness = witness_of(url(killed))
    before = witness.read_bytes()
    put_back_yesterday(killed)
    store = await opened(killed, check=False)
    assert await store.accept_loss(ENGINEER, "the disk was full", AT) is not None
    await store.close()
    witness.write_bytes(before)
    store = await opened(killed)
    assert await store.missing() is None
    seen = await store.witnessed()
    assert seen is not None
    assert seen.batch == 13  # the loss itself
    witness.write_bytes(before)
    assert (await verify_seals(store, KEYS.seal)).findings == ()


async def test_another_journal_of_as_many_commits_is_not_taken_for_this_one(
    killed: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    store = await opened(other)
    await fill(store, 1, 12)
    await store.close()
    put_back_yesterday(killed)
    shutil.copy(other / "journal.db", killed / "journal.db")
    with pytest.raises(StoreLossError, match="batch 12,"):
        await opened(killed)


async def test_a_backup_says_how_far_it_goes(killed: Path) -> None:
    store = await opened(killed)
    assert await store.backup(killed / "today.db") == 12
    await store.close()
    remove_the_log(killed)
    shutil.copy(killed / "today.db", killed / "journal.db")
    store = await opened(killed)  # nothing came after it
    await fill(store, 13, 13)
    await store.close()
    shutil.copy(killed / "today.db", killed / "journal.db")
    with pytest.raises(StoreLossError, match="batch 13,"):
        await opened(killed)


async def test_a_witness_that_is_gone_is_told_and_made_anew(killed: Path) -> None:
    witness_of(url(killed)).unlink()
    with capture_logs() as lines:
        store = await opened(killed)
    assert [line["event"] for line in lines] == ["store_witness_missing"]
    assert await store.witnessed() is not None
    await store.close()
    put_back_yesterday(killed)
    with pytest.raises(StoreLossError, match="batches 7 to 12,"):
        await opened(killed)


async def test_a_new_journal_has_a_new_witness_without_a_word(tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    with capture_logs() as lines:
        store = await opened(tmp_path, witness=str(elsewhere / "w"))
    await fill(store, 1, 1)
    assert await store.witnessed() == read_witness(elsewhere / "w")
    assert lines == []
    assert not witness_of(url(tmp_path)).exists()
    await store.close()


async def test_a_witness_that_cannot_be_made_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreOpenError, match="witness cannot be written"):
        await opened(tmp_path, witness=str(tmp_path / "no" / "folder"))


async def test_a_witness_that_fails_is_told_once_and_questions_are_answered(
    tmp_path: Path,
) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    store = await opened(tmp_path, witness=str(elsewhere / "w"))
    await fill(store, 1, 1)
    await store.close()
    store = await opened(tmp_path, witness=str(elsewhere / "w"))
    with capture_logs() as lines:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("gateway.store.witness.os.pwrite", _fails)
            await fill(store, 2, 4)
        await fill(store, 5, 6)
    assert [line["event"] for line in lines] == ["store_witness_failed", "store_witness_back"]
    assert len(await chains(store)) == 6
    assert await store.missing() is None
    await store.close()


def _fails(*_: object) -> int:
    raise OSError(5, "Input/output error")


async def test_no_loss_is_accepted_while_another_process_serves(killed: Path) -> None:
    store = await opened(killed)
    await store.recover(AT)
    other = await opened(killed, check=False)
    with pytest.raises(StoreOpenError, match="another process serves"):
        await other.accept_loss(ENGINEER, "why not", AT + SECOND)
    await other.close()
    await store.close()


def kill_a_writer(folder: Path) -> None:
    """After it has acknowledged a hundred questions."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as writer:
        assert writer.stdout is not None
        for _ in range(100):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.stdout.read()


async def test_of_a_killed_process_the_witness_knows_what_was_acknowledged(
    tmp_path: Path,
) -> None:
    kill_a_writer(tmp_path)
    whole = tmp_path / "whole"
    whole.mkdir()
    for path in tmp_path.glob("journal.db*"):
        shutil.copy(path, whole)

    store = await opened(whole)  # the journal may be one commit ahead, the witness never
    seen = await store.witnessed()
    await store.close()
    assert seen is not None
    cut_the_log(tmp_path)
    with pytest.raises(StoreLossError, match=f"to ({seen.batch}|{seen.batch - 1}),"):
        await opened(tmp_path)
