"""Actions of a dialogue as the document a platform gets: words, recordings, where to post next."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from ivr.actions import LANGUAGES, Action, Gather, HangUp, Phrase, Say, Shown, Transfer
from ivr.attendant.open_calls import OpenCall
from ivr.dialects.contract import Dialect, Document, PromptUrl, RenderContext
from ivr.dialects.url_token import url_token
from ivr.dialogue.state import TEXTS_NEEDED
from ivr.speech.phrases import VoiceTexts, phrase

NONCE_SIGNS = 16
REFERENCE_SIGNS = 12
FIXED_KEPT_MAX = 1_024  # phrases without a value: as many as the dialogue can put together
SAME_KEPT_MAX = 1_024  # documents of such phrases, some 2 KB each
LOCAL_TIME = timedelta(hours=5)  # Kazakhstan: which year callers live in

_SHOWN = (Gather, Transfer, HangUp)
_SAME = (Gather, HangUp)
_Fixed = tuple[str | bool, ...]  # language, whole, texts
_Same = tuple[str | bool | Gather | HangUp, ...]  # URL, then what is shown

# What stands for a step and a nonce in a document that is kept: signs that nothing escapes, and
# that no URL of ours holds otherwise.
_STEP, _NONCE = "0-step-0", "0-nonce-0"
_STEP_OCTETS, _NONCE_OCTETS = _STEP.encode(), _NONCE.encode()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What the documents of one `[[ivr]]` table are made with; see ivr.attendant.

    `nonce_secret` is ours alone; `url_secret` is the one the platform was given, where its URLs
    must be believed (ivr.dialects.url_token).
    """

    link: str
    dialect: Dialect
    nonce_secret: str
    voice: VoiceTexts
    prompt_url: PromptUrl
    operator_target: str | None
    now_us: Callable[[], int]
    url_secret: str | None = None
    _mac: hmac.HMAC = field(init=False, repr=False)
    _fixed: dict[_Fixed, Phrase] = field(default_factory=dict, init=False, repr=False)
    _same: dict[_Same, Document] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        mac = hmac.new(self.nonce_secret.encode(), digestmod="sha256")
        object.__setattr__(self, "_mac", mac)

    def of_call(self, call: OpenCall, actions: Sequence[Action], url: str, step: int) -> Document:
        """The document after which the call is at `step`; `url` is the webhook's own, bare."""
        nonce = self.nonce(call, step) if self.dialect.echoes_nonce else ""
        same = _said_to_all(actions, url) if nonce and self.dialect.knows_by_url else None
        if same is not None:
            return self._filled_in(same, actions, url, step, nonce)
        next_url = f"{url}?step={step}"
        if nonce:
            next_url += f"&nonce={nonce}"
        return self._render(actions, step, next_url, call.reference, call.call_id)

    def of_no_call(self, actions: Sequence[Action] = ()) -> Document:
        """A document that nothing can follow."""
        same = _said_to_all(actions, "") if self.dialect.knows_by_url else None
        return self._render(actions, 0, "") if same is None else self._kept(same, actions, "")

    def opening(self, actions: Sequence[Action], url: str) -> Document:
        """What a platform fetches before any call of its own; `url` is the webhook's own, bare.
        `actions` are for when nothing else of ours can be had."""
        return self._render(actions, 0, url)

    def nonce(self, call: OpenCall, step: int) -> str:
        """Not to be guessed, and another one when the same call id comes up again."""
        known, nonce = call.nonce
        if known != step:
            nonce = self._keyed(f"{call.call_id}\n{call.started_us}\n{step}", NONCE_SIGNS)
            call.nonce = (step, nonce)
        return nonce

    def reference(self, call_id: str, started_us: int) -> str:
        """What operators and logs call it: tells nothing of the platform's id or the phone."""
        return self._keyed(f"reference\n{call_id}\n{started_us}", REFERENCE_SIGNS)

    def _keyed(self, about: str, signs: int) -> str:
        mac = self._mac.copy()  # cheaper than keying anew
        mac.update(f"{self.link}\n{about}".encode())
        return mac.hexdigest()[:signs]

    def _filled_in(
        self, same: _Same, actions: Sequence[Action], url: str, step: int, nonce: str
    ) -> Document:
        """A document that differs from call to call by its step and nonce, from the one kept."""
        kept = self._kept(same, actions, f"{url}?step={_STEP}&nonce={_NONCE}")
        body = kept.body.replace(_STEP_OCTETS, b"%d" % step)
        return Document(kept.content_type, body.replace(_NONCE_OCTETS, nonce.encode()))

    def _kept(self, same: _Same, actions: Sequence[Action], next_url: str) -> Document:
        kept = self._same.get(same)
        if kept is None:
            kept = self._render(actions, 0, next_url)
            if len(self._same) < SAME_KEPT_MAX:
                self._same[same] = kept
        return kept

    def _render(
        self,
        actions: Sequence[Action],
        step: int,
        next_url: str,
        reference: str = "",
        call_id: str = "",
    ) -> Document:
        shown: list[Shown] = []
        for action in actions:
            if isinstance(action, Say):
                shown.append(self._phrase(action))
            elif isinstance(action, _SHOWN):
                shown.append(action)
        context = RenderContext(
            step,
            next_url,
            self.operator_target,
            self._prompt,
            reference,
            call_id,
            self._token(next_url),
        )
        return self.dialect.render(shown, context)

    def _token(self, next_url: str) -> str:
        if not next_url or self.dialect.knows_by_url:
            return ""
        return url_token(self.url_secret or self.nonce_secret, next_url)

    def _phrase(self, say: Say) -> Phrase:
        """Most of what is said has no value, and is the same every time."""
        ids: list[str] = []
        for sentence in say.sentences:
            if sentence.values:
                return phrase(say, self.voice, self._year())
            ids.append(sentence.id)
        key: _Fixed = (say.language, say.whole, *ids)
        fixed = self._fixed.get(key)
        if fixed is None:
            fixed = phrase(say, self.voice, self._year())
            if len(self._fixed) < FIXED_KEPT_MAX:
                self._fixed[key] = fixed
        return fixed

    def _year(self) -> int:
        return (datetime.fromtimestamp(self.now_us() / 1_000_000, UTC) + LOCAL_TIME).year

    def _prompt(self, spoken: Phrase) -> str | None:
        try:
            return self.prompt_url(spoken)
        except Exception:  # without recordings a call still goes on, by the platform's voice
            log.exception("prompt_not_offered", link=self.link, language=spoken.language)
            return None


def _said_to_all(actions: Sequence[Action], url: str) -> _Same | None:
    """What tells these actions from others; None where they hold a value, or hand the call over."""
    same: list[str | bool | Gather | HangUp] = [url]
    for action in actions:
        if isinstance(action, Say):
            same += (action.language, action.whole)
            for sentence in action.sentences:
                if sentence.values:
                    return None
                same.append(sentence.id)
        elif isinstance(action, _SAME):
            same.append(action)
        else:
            return None
    return tuple(same)


def missing_texts(voice: VoiceTexts) -> list[str]:
    """The fixed texts that `voice` lacks, as "id (language)": no call can be answered without."""
    return [
        f"{text_id} ({language})"
        for text_id in TEXTS_NEEDED
        for language in LANGUAGES
        if not voice.get(text_id, {}).get(language)
    ]
