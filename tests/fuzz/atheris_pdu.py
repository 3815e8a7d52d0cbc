"""Octets guided by coverage, for the decoders: python tests/fuzz/atheris_pdu.py -runs=1000000

Not collected by pytest: atheris is there for some Pythons only. Takes libFuzzer's options and a
folder for a corpus of its own; without one it starts from the models of mutation.py. What fails is
written to crash-<hash>; giving that file as the only argument plays it again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # ships none

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["smpp"]):
    from smpp import pdu
    from smpp.inbound import Ignored, can_be_answered, read_message
    from smpp.messages import Inbound, Receipt
    from smpp.operators import Alphabet, MessageIdForm, OperatorProfile
    from smpp.pdu import Broken, Frame, Framer, Malformed
    from smpp.reassembly import join

from tests.fuzz.judge import framing
from tests.fuzz.mutation import MODELS

PROFILES = (
    OperatorProfile(),
    OperatorProfile(packed=True, aliases={"71012": "1012"}),
    OperatorProfile(
        default_alphabet=Alphabet.LATIN1, message_id_form=MessageIdForm.HEX_TO_DEC,
        vendor_id_tlv=0x1400,
    ),
    OperatorProfile(
        default_alphabet=Alphabet.UTF16, message_id_form=MessageIdForm.DEC_TO_HEX
    ),
)  # fmt: skip
MESSAGES = frozenset({pdu.DELIVER_SM, pdu.SUBMIT_SM, pdu.DATA_SM})


def one_input(octets: bytes) -> None:
    """The first octet says where the stream is cut; the rest is what the wire brings."""
    cut, stream = octets[0] if octets else 0, octets[1:]
    framer = Framer()
    found = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    right = framing(stream)
    frames = [each for each in found if isinstance(each, Frame)]
    assert [(each.command, each.status, each.sequence, each.body) for each in right.pdus] == frames
    assert right.broken == (len(found) > len(frames))
    assert framer.held_octets == right.held
    for each in found:
        if isinstance(each, Broken):
            assert pdu.generic_nack(each.status, each.sequence)
        elif each.command_id in MESSAGES:
            one_message(each)
        else:
            assert pdu.decode_bind_response(each.body)
            assert isinstance(pdu.decode_response_id(each.body), str)


def one_message(frame: Frame) -> None:
    fields = pdu.decode_short_message(frame.command_id, frame.body)
    if isinstance(fields, Malformed):
        assert fields.status == pdu.RINVMSGLEN
        return
    for profile in PROFILES:
        message = read_message(fields, profile)
        assert isinstance(message, Inbound | Receipt | Ignored)
        if isinstance(message, Inbound):
            can_be_answered(message, profile)
            join([message.octets, message.octets], message.data_coding, profile)
            assert message.identity == read_message(fields, profile).identity  # type: ignore[union-attr]  # as before


def main() -> None:
    words = sys.argv
    with tempfile.TemporaryDirectory() as folder:
        if all(word.startswith("-") for word in words[1:]):
            for number, model in enumerate(MODELS):
                (Path(folder) / f"{number:02}").write_bytes(bytes((len(model) // 2,)) + model)
            words = [*words, folder]
        atheris.Setup(words, one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
