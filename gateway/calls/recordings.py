"""Recordings of calls, from settings and texts: which clips must be there, and where they lie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from gateway import config
from gateway.core.catalogue import Catalogue
from gateway.keys import Keys
from gateway.rules import Rules
from gateway.settings import Settings, SettingsError
from ivr.prompts import Prompts
from ivr.prompts.folder import RecordingsError, read_recordings
from ivr.prompts.recordings import Inventory
from ivr.speech.clips import inventory

ESPEAK = "espeak-ng"
FOLDER = "prompts"

log = structlog.get_logger()


def open_prompts(settings: Settings, rules: Rules, keys: Keys) -> Prompts:
    """What calls are answered with. Raises SettingsError."""
    folder = prompts_folder(settings)
    try:
        recordings = read_recordings(folder, clips_needed(rules))
    except RecordingsError as problem:
        raise SettingsError(str(problem)) from problem
    espeak = shutil.which(ESPEAK)
    for language, missing in recordings.missing.items():
        if missing:
            log.warning(
                "recordings_missing", language=language, count=len(missing), folder=str(folder)
            )
    return Prompts(
        recordings=recordings,
        espeak=espeak,
        public_url=settings.http.public_url,
        key=keys.prompts,
    )


def prompts_folder(settings: Settings) -> Path:
    """Where the recordings lie: as [prompts] says, else beside the key file."""
    if settings.prompts.folder is not None:
        return Path(settings.prompts.folder)
    return Path(settings.store.key_file).parent / FOLDER


def clips_needed(rules: Rules) -> Inventory:
    """Every clip that the sentences of this service can need, by language and id."""
    texts = voice_texts(rules.voice)
    words = list(_words(rules))
    return {language: inventory(texts, words, language) for language in config.LANGUAGES}


def voice_texts(voice: Catalogue) -> dict[str, dict[str, str]]:
    """The spoken texts as ivr takes them: by id and language."""
    return {
        text_id: {language: voice.template(text_id, language) for language in config.LANGUAGES}
        for text_id in voice
    }


def _words(rules: Rules) -> Iterator[Mapping[str, str]]:
    """The names that a sentence can hold: statuses, kinds, other systems."""
    for kind in rules.statuses.kinds.values():
        for row in kind.rows.values():
            yield row.inline
    for kind_name in rules.kinds.names:
        yield rules.kinds.nouns(kind_name)
    for base in rules.bases.names:
        yield rules.bases.by_language(base)
