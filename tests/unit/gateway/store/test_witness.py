"""The file beside the journal that tells how far it had come."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store import StoreOpenError
from gateway.store.journal import Witnessed
from gateway.store.witness import RECORD_OCTETS, RECORDS, RING_OCTETS, Witness, read_witness


def chain(batch: int) -> bytes:
    return bytes([batch % 256]) * 32


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "journal.db.witness")


def write(witness: Witness, *batches: int) -> None:
    for batch in batches:
        witness.write(batch, chain(batch))
    witness.close()


def test_the_last_commit_is_told(witness: Witness) -> None:
    write(witness, *range(1, 200))
    assert read_witness(witness.path) == Witnessed(199, chain(199))
    assert witness.path.stat().st_size == RING_OCTETS == 4096


def test_the_highest_commit_counts_whoever_wrote_last(witness: Witness) -> None:
    write(witness, 7)
    write(Witness(witness.path), 6)
    assert read_witness(witness.path) == Witnessed(7, chain(7))


def test_no_file_and_an_empty_one_tell_nothing(witness: Witness) -> None:
    assert read_witness(witness.path) is None
    witness.open()
    witness.close()
    assert read_witness(witness.path) is None


def test_only_its_owner_reads_it(witness: Witness) -> None:
    write(witness, 1)
    assert stat.S_IMODE(witness.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("octets", [0, 7, 8, 20, 40, 43])
def test_of_a_torn_record_the_one_before_it_is_told(witness: Witness, octets: int) -> None:
    write(witness, *range(1, 71))
    before = bytearray(witness.path.read_bytes())
    write(witness, 71)
    torn = bytearray(witness.path.read_bytes())
    at = 71 % RECORDS * RECORD_OCTETS
    torn[at + octets : at + RECORD_OCTETS] = before[at + octets : at + RECORD_OCTETS]
    witness.path.write_bytes(torn)
    assert read_witness(witness.path) == Witnessed(70, chain(70))


@given(st.binary(max_size=2 * RING_OCTETS))
def test_anything_can_be_read(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.witness"
    path.write_bytes(octets)
    read_witness(path)


def test_a_failing_disk_is_told_and_tried_again(witness: Witness) -> None:
    write(witness, 1)
    witness.path.unlink()
    witness.path.mkdir()
    witness.write(2, chain(2))
    assert witness.problem is not None
    assert str(witness.path) in witness.problem
    witness.path.rmdir()
    after = witness
    write(after, 3)
    assert after.problem is None
    assert read_witness(witness.path) == Witnessed(3, chain(3))


def test_a_sync_that_failed_is_not_believed_again(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness.open()
    used: list[int] = []

    def failing(handle: int, *_: object) -> int:
        used.append(handle)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", failing)
        witness.write(1, chain(1))
    assert witness.problem is not None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(used[0])  # it was closed: the next commit opens the file anew
    write(witness, 2)
    assert witness.problem is None


def test_where_none_can_be_made_or_read_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreOpenError) as refused:
        Witness(tmp_path / "missing" / "witness").open()
    assert "[store] witness" in refused.value.remedy
    with pytest.raises(StoreOpenError, match="cannot be read"):
        read_witness(tmp_path)


def test_another_file_is_left_alone(witness: Witness) -> None:
    """Such as the key file, named by mistake."""
    witness.path.write_bytes(b"0123456789abcdef" * 4)
    with pytest.raises(StoreOpenError, match="64 octets are no commit witness"):
        witness.open()
    witness.write(1, chain(1))
    assert witness.problem is not None
    assert witness.path.read_bytes() == b"0123456789abcdef" * 4
