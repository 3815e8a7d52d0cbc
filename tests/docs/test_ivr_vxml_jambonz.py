"""What docs/reference/ivr-vxml.md and ivr-jambonz.md show is what the dialects write."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gateway.settings import load
from ivr.actions import Gather, Phrase
from ivr.dialects.contract import RenderContext
from ivr.dialects.dated import SIGNATURES_MAX, WINDOW_S
from ivr.dialects.jambonz import Jambonz
from ivr.dialects.vxml import Vxml
from ivr.dialects.vxml_documents import CONNECTED, FETCH_TIMEOUT_S, TRIES_MAX, UNREACHED
from tests.support.pages import ROOT, blocks
from tests.support.voice_xml import problems

VXML = ROOT / "docs" / "reference" / "ivr-vxml.md"
JAMBONZ = ROOT / "docs" / "reference" / "ivr-jambonz.md"
CONTEXT = RenderContext(
    step=3,
    next_url="https://status.example.kz/ivr/1414?step=3&nonce=b61df5f2dd68bac6",
    operator_target="+77172000000",
    prompt_url=lambda _: None,
    reference="92f91372c1c4",
    call_id="vmwoifq8018698y75927a",
    token="4f1d",
)


def shown(page: Path, kind: str) -> str:
    (block,) = [block.body for block in blocks(page) if block.info == (kind,)]
    return block


@pytest.mark.parametrize(("page", "dialect"), [(VXML, "vxml"), (JAMBONZ, "jambonz")])
def test_the_table_shown_is_valid(page: Path, dialect: str, tmp_path: Path) -> None:
    path = tmp_path / "jauap.toml"
    path.write_text(shown(page, "toml"), encoding="utf-8")
    (table,) = load(path, {}).ivr
    assert table.dialect == dialect


def test_the_question_in_voicexml_is_as_shown() -> None:
    text = "To hear this again, press nine."
    context = CONTEXT._replace(
        prompt_url=lambda _: "https://status.example.kz/prompts/en/repeat.1f2e3d4c.wav"
    )
    body = Vxml().render([Phrase(text, "en", False), Gather(1, 1, "", 7, 4)], context).body
    block = shown(VXML, "xml")
    assert problems(block.encode()) == ""
    bare = re.sub(r">\s+<", "><", block.strip())
    assert ElementTree.canonicalize(bare) == ElementTree.canonicalize(body.decode())


def test_the_question_to_jambonz_is_as_shown() -> None:
    context = CONTEXT._replace(
        operator_target="sip:desk@pbx.example.kz",
        prompt_url=lambda _: "https://status.example.kz/prompts/en/ask_number.1f2e3d4c.wav",
    )
    spoken = Phrase("Enter the number.", "en", False)
    body = Jambonz().render([spoken, Gather(1, 64, "#", 7, 4)], context).body
    assert json.loads(shown(JAMBONZ, "json")) == json.loads(body)


def test_the_limits_are_as_said() -> None:
    vxml, jambonz = VXML.read_text(encoding="utf-8"), JAMBONZ.read_text(encoding="utf-8")
    assert f"within {FETCH_TIMEOUT_S} s" in vxml
    assert TRIES_MAX == 3
    assert "after the third time" in vxml
    assert UNREACHED in vxml
    assert all(f"`{outcome}`" in vxml for outcome in CONNECTED)
    assert f"more than {WINDOW_S} s away" in jambonz
    assert SIGNATURES_MAX == 4
    assert "Up to four `v1`" in jambonz
