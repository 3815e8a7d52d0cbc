"""The gateway as a call sees it, scripted: what each number gets, and what was asked."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ivr.switch import CallAnswer, CallEnd, CallOutcome, CallQuestion, Sentence

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
    """Answers at once; with a `gate` only when it is opened."""

    def __init__(self, languages: Mapping[str, str] | None = None) -> None:
        self.languages = dict(languages or {})
        self.questions: list[CallQuestion] = []
        self.ends: list[CallEnd] = []
        self.gate: asyncio.Event | None = None
        self.fault: Exception | None = None
        self.asking = asyncio.Event()

    async def language_of(self, caller: str) -> str | None:
        return self.languages.get(caller)

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
            return _in_review()
        if question.digits == TWICE:
            return _two_kinds() if question.kind is None else _neutral()
        if question.digits == LOCKED:
            return CallAnswer(CallOutcome.LOCKED, ())
        if question.digits == AWAY:
            return CallAnswer(CallOutcome.UNAVAILABLE, ())
        if len(question.digits) < 8:
            values = {"got": len(question.digits), "want": "8/15/18"}
            return CallAnswer(CallOutcome.BAD_LENGTH, (Sentence("bad_length", values),))
        return CallAnswer(CallOutcome.NOT_FOUND, ())

    async def ended(self, end: CallEnd) -> None:
        if self.fault is not None:
            raise self.fault
        self.ends.append(end)


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
