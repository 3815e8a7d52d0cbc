from __future__ import annotations

import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts.quality import Fault, judge, seconds_of
from ivr.prompts.recordings import FILE_OCTETS_MAX
from ivr.prompts.sound import silence, wav
from tests.support.recordings import recorded, tone, wav_of


def faults(file: bytes) -> set[Fault]:
    return {fault for fault, _ in judge(file)}


def test_a_good_recording_has_no_fault() -> None:
    assert not judge(recorded(tone(400)))
    assert not judge(recorded(tone(200) + silence(600) + tone(200), edge_ms=80))


def clipped() -> bytes:
    samples = array("h", tone(400))
    for at in range(1_000, 1_005):
        samples[at] = 32_767
    return samples.tobytes()


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (b"ID3" + bytes(50), Fault.NOT_A_WAV),
        (wav_of(tone(400), rate=44_100), Fault.FORMAT),
        (wav_of(tone(400), rate=16_000), Fault.FORMAT),
        (wav_of(tone(400), channels=2), Fault.FORMAT),
        (wav_of(tone(400), octets=1), Fault.FORMAT),
        (wav(bytes(FILE_OCTETS_MAX)), Fault.TOO_LONG),
        (wav(b""), Fault.SILENT),
        (wav(silence(400)), Fault.SILENT),
        (recorded(tone(40)), Fault.TOO_SHORT),
        (recorded(clipped()), Fault.CLIPPED),
        (recorded(tone(400, peak=2_000)), Fault.TOO_QUIET),
        (wav(silence(300) + tone(400) + silence(50)), Fault.LONG_SILENCE),
        (wav(silence(50) + tone(400) + silence(300)), Fault.LONG_SILENCE),
        (recorded(tone(200) + silence(1_300) + tone(200)), Fault.LONG_SILENCE),
        (wav(tone(400)[1_600:] + silence(60)), Fault.CUT_OFF),
        (wav(silence(60) + tone(400)[:-1_610]), Fault.CUT_OFF),
    ],
)
def test_a_faulty_recording_is_told_with_its_fault_alone(file: bytes, fault: Fault) -> None:
    assert faults(file) == {fault}


def test_one_click_makes_no_loud_recording() -> None:
    click = array("h", tone(800, peak=400))
    click[3_000] = 25_000
    assert faults(recorded(click.tobytes())) == {Fault.TOO_QUIET}


def test_a_single_peak_at_full_scale_is_not_clipped() -> None:
    samples = array("h", tone(400))
    samples[1_000] = -32_768
    assert not judge(recorded(samples.tobytes()))


def test_a_detail_says_what_was_measured() -> None:
    (found,) = judge(wav_of(tone(400), rate=44_100, channels=2))
    assert "44100 Hz, 16 bit, stereo" in found.detail
    assert "8000 Hz, 16 bit, mono" in found.detail


@given(st.binary(max_size=400))
def test_no_file_breaks_the_check(octets: bytes) -> None:
    assert judge(octets)
    sound = array("h", octets[: len(octets) // 2 * 2]).tobytes()
    judge(wav(sound))
    assert seconds_of(wav(sound)) == len(sound) / 16_000


def test_a_header_without_a_rate_is_told() -> None:
    wrong = bytearray(recorded(tone(100)))
    wrong[24:28] = struct.pack("<I", 0)
    assert faults(bytes(wrong)) == {Fault.NOT_A_WAV}
    assert seconds_of(bytes(wrong)) == 0.0
