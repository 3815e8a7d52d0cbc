"""Actions of a dialogue as the document a platform gets: words, recordings, where to post next."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from ivr.actions import LANGUAGES, Action, Consult, RememberLanguage, Say, Shown
from ivr.dialects.contract import Dialect, Document, PromptUrl, RenderContext
from ivr.dialogue_state import TEXTS_NEEDED
from ivr.open_calls import OpenCall
from ivr.speech import VoiceTexts, phrase

NONCE_SIGNS = 16
LOCAL_TIME = timedelta(hours=5)  # Kazakhstan: which year callers live in

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What the documents of one `[[ivr]]` table are made with; see ivr.attendant."""

    link: str
    dialect: Dialect
    nonce_secret: str
    voice: VoiceTexts
    prompt_url: PromptUrl
    operator_target: str | None
    now_us: Callable[[], int]

    def of_call(self, call: OpenCall, actions: Sequence[Action], url: str, step: int) -> Document:
        """The document after which the call is at `step`; `url` is the webhook's own, bare."""
        next_url = f"{url}?step={step}"
        if self.dialect.echoes_nonce:
            next_url += f"&nonce={self.nonce(call, step)}"
        return self._render(actions, step, next_url)

    def of_no_call(self, actions: Sequence[Action] = ()) -> Document:
        """A document that nothing can follow."""
        return self._render(actions, 0, "")

    def nonce(self, call: OpenCall, step: int) -> str:
        """Not to be guessed, and another one when the same call id comes up again."""
        about = f"{self.link}\n{call.call_id}\n{call.started_us}\n{step}".encode()
        return hmac.new(self.nonce_secret.encode(), about, hashlib.sha256).hexdigest()[:NONCE_SIGNS]

    def _render(self, actions: Sequence[Action], step: int, next_url: str) -> Document:
        year = (datetime.fromtimestamp(self.now_us() / 1_000_000, UTC) + LOCAL_TIME).year
        shown: list[Shown] = []
        for action in actions:
            if isinstance(action, Say):
                shown.append(phrase(action, self.voice, year))
            elif not isinstance(action, Consult | RememberLanguage):
                shown.append(action)
        context = RenderContext(step, next_url, self.operator_target, self._prompt)
        return self.dialect.render(shown, context)

    def _prompt(self, text: str, language: str, private: bool) -> str | None:
        try:
            return self.prompt_url(text, language, private)
        except Exception:  # without recordings a call still goes on, by the platform's voice
            log.exception("prompt_not_offered", link=self.link, language=language)
            return None


def missing_texts(voice: VoiceTexts) -> list[str]:
    """The fixed texts that `voice` lacks, as "id (language)": no call can be answered without."""
    return [
        f"{text_id} ({language})"
        for text_id in TEXTS_NEEDED
        for language in LANGUAGES
        if not voice.get(text_id, {}).get(language)
    ]
