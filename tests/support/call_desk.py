"""The gateway as a call sees it, scripted: what each number gets, and what was asked."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ivr.events import CallEvent
from ivr.switch import (
    CallAnswer,
    CallBack,
    CallEnd,
    CallOutcome,
    CallQuestion,
    CallStart,
    Leg,
    Sentence,
    TextOffer,
    TextOutcome,
)

CONFIG = Path(__file__).parents[2] / "config"
BODY = {"kk": "Атырау облысының әкімдігі", "ru": "акимат Атырауской области", "en": "Atyrau akimat"}
FOUND = "750100000000431215"
ABSENT = "750100000000431216"
TWICE = "230000000000017"
LOCKED = "111111111111111"
AWAY = "222222222222222"


def _in_review() -> CallAnswer:
    values = {"body": BODY, "due": date(2026, 12, 15)}
    return CallAnswer(CallOutcome.FOUND, (Sentence("appeal.in_review", values),))


def _two_kinds() -> CallAnswer:
    nouns = {
        "kind1": {"kk": "арыз", "ru": "заявление", "en": "report"},
        "kind2": {"kk": "іс", "ru": "дело", "en": "case"},
    }
    sentence = Sentence("ambiguous", nouns)
    return CallAnswer(CallOutcome.AMBIGUOUS, (sentence,), ("crime_report", "investigation"))


class Desk:
    """Answers at once; with a `gate` only when it is opened.

    `ends` are those of callers' legs, `operators` those of the operators'; a record that was
    opened twice, or a leg that was closed twice, stands there twice. `offer`: what is found or
    away may be had by SMS.
    """

    def __init__(
        self, languages: Mapping[str, str] | None = None, *, offer: TextOffer | None = None
    ) -> None:
        self.languages = dict(languages or {})
        self.offer = offer
        self.starts: list[CallStart] = []
        self.questions: list[CallQuestion] = []
        self.texts: list[CallQuestion] = []
        self.text_outcome = TextOutcome.TAKEN
        self.wanted: list[CallBack] = []
        self.keeps = True
        self.ends: list[CallEnd] = []
        self.operators: list[CallEnd] = []
        self.gate: asyncio.Event | None = None
        self.fault: Exception | None = None
        self.asking = asyncio.Event()

    async def opened(self, start: CallStart) -> str | None:
        self.starts.append(start)
        return self.languages.get(start.caller) if start.caller else None

    async def choose_language(self, caller: str, language: str) -> None:
        self.languages[caller] = language

    async def ask(self, question: CallQuestion) -> CallAnswer:
        self.questions.append(question)
        self.asking.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        if question.digits == FOUND:
            return _in_review()._replace(text=self.offer)
        if question.digits == TWICE:
            return _two_kinds() if question.kind is None else _neutral()
        if question.digits == LOCKED:
            return CallAnswer(CallOutcome.LOCKED, ())
        if question.digits == AWAY:
            return CallAnswer(CallOutcome.UNAVAILABLE, (), text=self.offer)
        if len(question.digits) < 8:
            values = {"got": len(question.digits), "want": "8/15/18"}
            return CallAnswer(CallOutcome.BAD_LENGTH, (Sentence("bad_length", values),))
        return CallAnswer(CallOutcome.NOT_FOUND, ())

    async def text(self, question: CallQuestion) -> TextOutcome:
        self.texts.append(question)
        return self.text_outcome

    async def call_back(self, wanted: CallBack) -> bool:
        self.wanted.append(wanted)
        return self.keeps

    async def ended(self, end: CallEnd) -> None:
        if self.fault is not None:
            raise self.fault
        (self.ends if end.leg is Leg.CALLER else self.operators).append(end)


class Watched:
    """What those who watch were told."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []

    def on_call(self, event: CallEvent) -> None:
        self.events.append(event)

    def brief(self) -> list[str]:
        """Stage, detail and place of each, what is empty left out."""
        return [
            " ".join(filter(None, (event.stage, event.detail, str(event.place or ""))))
            for event in self.events
        ]


def _neutral() -> CallAnswer:
    return CallAnswer(CallOutcome.FOUND, (Sentence("crime.neutral", {}),))


class Counted:
    """What a webhook counted."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []

    def call_step(self, dialect: str, outcome: str) -> None:
        self.steps.append((dialect, outcome))

    def signature_failed(self, dialect: str, reason: str) -> None:
        self.refused.append((dialect, reason))

    def outcomes(self) -> list[str]:
        return [outcome for _, outcome in self.steps]


def voice_texts() -> dict[str, dict[str, str]]:
    """config/voice/ by text id and language, as the gateway hands it over."""
    texts: dict[str, dict[str, str]] = {}
    for language in ("kk", "ru", "en"):
        table = tomllib.loads((CONFIG / "voice" / f"{language}.toml").read_text(encoding="utf-8"))
        for text_id, text in _leaves(table, ""):
            texts.setdefault(text_id, {})[language] = text
    return texts


def named_texts() -> dict[str, dict[str, str]]:
    """In place of each text its id and its values: a change of wording changes no document."""
    return {
        text_id: {
            language: " ".join([f"[{text_id}]", *re.findall(r"\{[a-z0-9_]+\}", text)])
            for language, text in texts.items()
        }
        for text_id, texts in voice_texts().items()
    }


def _leaves(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found = []
    for key, value in table.items():
        found += [(prefix + key, value)] if isinstance(value, str) else _leaves(value, f"{key}.")
    return found
