from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway import config
from gateway.calls import recordings as module
from gateway.calls.recordings import clips_needed, open_prompts, prompts_folder, voice_texts
from gateway.keys import Keys
from gateway.rules import Rules, load_rules
from gateway.settings import Settings, SettingsError
from gateway.settings.tables import PromptsSettings, StoreSettings
from ivr.actions import Say
from ivr.prompts.manifest import NAME
from ivr.speech.phrases import phrase
from ivr.switch import Sentence
from tests.support.recordings import recorded, tone, write_folder

KEYS = Keys(bytes(32))


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules(Settings())


def settings_of(folder: Path) -> Settings:
    return Settings(prompts=PromptsSettings(folder=str(folder)))


def test_recordings_lie_beside_the_key_unless_told_otherwise() -> None:
    store = StoreSettings(key_file="/var/lib/x/jauap.key")
    assert prompts_folder(Settings(store=store)) == Path("/var/lib/x/prompts")
    assert prompts_folder(settings_of(Path("/srv/voice"))) == Path("/srv/voice")


def test_every_name_of_a_status_a_kind_and_a_base_is_asked_of_the_studio(rules: Rules) -> None:
    clips = clips_needed(rules)
    for language in config.LANGUAGES:
        texts = {clip.text for clip in clips[language].values()}
        assert rules.statuses.row("appeal", "in_review").inline[language] in texts
        assert rules.kinds.nouns("fine")[language] in texts
        assert rules.bases.by_language(rules.bases.names[0])[language] in texts


def test_a_sentence_is_recorded_whole_by_the_clips_that_are_asked_for(
    rules: Rules, tmp_path: Path
) -> None:
    """The clips of all fixed sentences, in each language: no platform's voice is needed."""
    files = {
        clip: recorded(tone(80))
        for clips in clips_needed(rules).values()
        for clip in clips.values()
    }
    write_folder(tmp_path, files)
    prompts = open_prompts(settings_of(tmp_path), rules, KEYS)
    assert prompts.recordings.complete
    texts = voice_texts(rules.voice)
    fixed = [text_id for text_id in texts if not rules.voice.names(text_id)]
    assert len(fixed) > 20
    for text_id in fixed:
        for language in config.LANGUAGES:
            said = phrase(Say((Sentence(text_id, {}),), language), texts, 2026)
            url = prompts.url_beside_voice(said)
            assert url is not None
            assert f"/prompts/{language}/{text_id}." in url


def test_missing_recordings_are_told_at_start(rules: Rules, tmp_path: Path) -> None:
    with capture_logs() as logs:
        prompts = open_prompts(settings_of(tmp_path), rules, KEYS)
    told = [line for line in logs if line["event"] == "recordings_missing"]
    assert {line["language"] for line in told} == set(config.LANGUAGES)
    assert all(line["count"] > 200 for line in told)
    assert not prompts.recordings.complete


def test_without_espeak_and_recordings_the_platform_speaks(
    rules: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = phrase(Say((Sentence("goodbye", {}),), "kk"), voice_texts(rules.voice), 2026)
    assert shutil.which(module.ESPEAK), "install espeak-ng: `make tools` does"
    assert open_prompts(settings_of(tmp_path), rules, KEYS).url(said)
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    assert open_prompts(settings_of(tmp_path), rules, KEYS).url(said) is None


def test_a_folder_that_cannot_be_read_is_a_problem_of_settings(
    rules: Rules, tmp_path: Path
) -> None:
    (tmp_path / NAME).write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match="backup"):
        open_prompts(settings_of(tmp_path), rules, KEYS)
