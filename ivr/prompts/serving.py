"""Sentences as recordings that platforms fetch: one WAV each, joined from clips.

Offering an address costs no I/O. Only what a document of ours has named is ever joined or spoken.
What tells of a ticket has an address that cannot be guessed, and is joined anew for each fetch.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from ivr.actions import Phrase, Piece
from ivr.prompts.phrases import (
    Part,
    Plan,
    all_recorded,
    any_recorded,
    fixed_name,
    plan,
    private_name,
)
from ivr.prompts.recent import Recent
from ivr.prompts.recordings import Recordings
from ivr.prompts.sound import join
from ivr.prompts.speaker import Speaker, can_speak

FIXED_MAX = 4_096  # sentences without values of their own that may be asked for
PRIVATE_MAX = 16_384  # sentences of single calls; the least recently offered goes
CACHE_OCTETS_MAX = 32 * 1024 * 1024  # of what was joined or spoken
NAME_SIGNS_MAX = 200
SPOKEN_BY_PLATFORMS = frozenset({"ru", "en"})  # no platform's own voice knows Kazakh


class Prompt(NamedTuple):
    """A WAV of 8 kHz, 16 bit, mono. `private`: no copy may be kept on the way."""

    wav: bytes
    private: bool


class _Offer(NamedTuple):
    name: str
    recorded: bool


class Prompts:
    """`espeak` is the program's path, None where it is absent: then only what is recorded whole is
    offered. `key` makes the names of private recordings unguessable. `public_url` is that of this
    service."""

    def __init__(
        self, *, recordings: Recordings, espeak: str | None, public_url: str, key: bytes
    ) -> None:
        self.recordings = recordings
        self._speaker = Speaker(espeak) if espeak is not None else None
        self._base = public_url.rstrip("/") + "/prompts/"
        self._key = key
        self._offers: OrderedDict[tuple[str, str], _Offer | None] = OrderedDict()
        self._fixed: dict[str, Plan] = {}
        self._private: OrderedDict[str, Phrase] = OrderedDict()
        self._recent = Recent(CACHE_OCTETS_MAX)

    def url(self, phrase: Phrase) -> str | None:
        """Where `phrase` can be fetched, at once. None where it cannot be made."""
        name = self._offered(phrase, recorded_only=False)
        return None if name is None else self._base + name

    def url_beside_voice(self, phrase: Phrase) -> str | None:
        """The same for a platform that speaks itself. None also where nothing of `phrase` is
        recorded and the platform knows its language: its voice is the better one."""
        other_voice = phrase.language in SPOKEN_BY_PLATFORMS
        name = self._offered(phrase, recorded_only=other_voice)
        return None if name is None else self._base + name

    async def fetch(self, name: str) -> Prompt | None:
        """The recording behind the address that ends with `name`. None for a name that we have not
        given, or where it cannot be made. Raises PromptsBusyError."""
        if len(name) > NAME_SIGNS_MAX:
            return None
        phrase = self._private.get(name)
        if phrase is not None:
            wav = await self._joined(plan(phrase, self.recordings))
            return None if wav is None else Prompt(wav, private=True)
        found = self._fixed.get(name) or self._single(name)
        if found is None:
            return None
        wav = self._recent.get(name) or await self._joined(found)
        if wav is None:
            return None
        self._recent.put(name, wav)
        return Prompt(wav, private=False)

    # -- names

    def _offered(self, phrase: Phrase, *, recorded_only: bool) -> str | None:
        if phrase.private:
            return self._offer_private(phrase, recorded_only=recorded_only)
        about = (phrase.language, phrase.text)
        if about not in self._offers:
            self._offers[about] = self._offer_fixed(phrase)
            if len(self._offers) > FIXED_MAX:
                gone = self._offers.popitem(last=False)[1]
                if gone is not None:
                    self._fixed.pop(gone.name, None)
        offer = self._offers[about]
        if offer is None or (recorded_only and not offer.recorded):
            return None
        return offer.name

    def _offer_fixed(self, phrase: Phrase) -> _Offer | None:
        if not self._can_make(phrase):
            return None
        made = plan(phrase, self.recordings)
        name = fixed_name(made)
        self._fixed[name] = made
        return _Offer(name, made.recorded)

    def _offer_private(self, phrase: Phrase, *, recorded_only: bool) -> str | None:
        """How it is joined is planned when it is fetched: the document must not wait for that."""
        if not self._can_make(phrase):
            return None
        if recorded_only and not any_recorded(phrase, self.recordings):
            return None
        name = private_name(phrase.text, phrase.language, self._key)
        self._private[name] = phrase
        self._private.move_to_end(name)
        if len(self._private) > PRIVATE_MAX:
            self._private.popitem(last=False)
        return name

    def _can_make(self, phrase: Phrase) -> bool:
        spoken = self._speaker is not None and can_speak(phrase.text, phrase.language)
        return spoken or all_recorded(phrase, self.recordings)

    def _single(self, name: str) -> Plan | None:
        """A fixed sentence that a document named before this process began: its name tells what it
        is joined from, as long as that is one clip."""
        language, _, file = name.partition("/")
        clip = file.rsplit(".", 2)[0]
        if self.recordings.get(language, clip) is None:
            return None
        made = plan(Phrase(clip, language, False, (Piece(clip, clip),)), self.recordings)
        return made if fixed_name(made) == name else None

    # -- sound

    async def _joined(self, made: Plan) -> bytes | None:
        """One WAV. Raises PromptsBusyError."""
        clips: list[tuple[bytes, int]] = []
        for part in made.parts:
            keep = not made.private or made.recorded  # a name of a body tells of no one
            samples = (
                part.recording.samples
                if part.recording is not None
                else await self._spoken(part, made.language, keep=keep)
            )
            if samples is None:
                return None
            clips.append((samples, part.pause_ms))
        return join(clips)

    async def _spoken(self, part: Part, language: str, *, keep: bool) -> bytes | None:
        about = f"{language}\n{part.text}"
        samples = self._recent.get(about)
        if samples is not None or self._speaker is None:
            return samples
        async with self._speaker.turn():
            samples = self._recent.get(about)  # who waited before us may have had it made
            if samples is None:
                samples = await self._speaker.speak(part.text, language)
                if samples is not None and keep:
                    self._recent.put(about, samples)
        return samples
