"""Sentences of the voice catalogue as they are spoken. Pure.

What stands in braces is a value, or a value in a form that carries grammar: {due_gen}, {to_acc},
{k_times}, {days_words}. Its words are made here; a name or a status comes with its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from ivr.actions import LANGUAGES, Phrase, Say
from ivr.calendar import spoken_date
from ivr.numerals import cardinal, days, either, read_out, times
from ivr.switch import SpokenValue

# Templates by text id and language.
VoiceTexts = Mapping[str, Mapping[str, str]]

_BRACES = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_CASES = frozenset({"gen", "acc"})
_READ_OUT = frozenset({"digits", "ref"})  # never one number: no one could write it down
_COUNT_FORMS: Mapping[str, Callable[[int, str], str]] = {"times": times, "words": days}
_CHOICE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9})*")


def speak(template: str, values: Mapping[str, SpokenValue], language: str, year_now: int) -> str:
    """The words of a sentence. Raises KeyError where a value is missing, TypeError where a form
    does not go with its value: both are mistakes of ours, not of callers."""
    return _BRACES.sub(lambda found: _spoken(found[1], values, language, year_now), template)


def phrase(say: Say, texts: VoiceTexts, year_now: int) -> Phrase:
    """A Say in words; private as soon as one of its sentences has a value of its own."""
    said = [
        speak(texts[sentence.id][say.language], sentence.values, say.language, year_now)
        for sentence in say.sentences
    ]
    private = any(sentence.values for sentence in say.sentences)
    return Phrase(" ".join(said), say.language, private)


def _spoken(field: str, values: Mapping[str, SpokenValue], language: str, year_now: int) -> str:
    name, form = field, ""
    if field not in values:
        name, _, form = field.rpartition("_")
        if name not in values:
            raise KeyError(f"no value for {{{field}}}")
    value = values[name]
    if isinstance(value, date):
        if form and form not in _CASES:
            raise TypeError(f"{{{field}}}: a date has the forms gen and acc")
        return spoken_date(value, language, year_now, form)
    if isinstance(value, int):
        if form and form not in _COUNT_FORMS:
            raise TypeError(f"{{{field}}}: a count has the forms times and words")
        return _COUNT_FORMS[form](value, language) if form else cardinal(value, language)
    if form:
        raise TypeError(f"{{{field}}}: words have no forms")
    return _words(name, value, language)


def _words(name: str, value: str | Mapping[str, str], language: str) -> str:
    if isinstance(value, str):
        if name in _READ_OUT:
            return read_out(value, language)
        return either(value, language) if _CHOICE.fullmatch(value) else value
    # A body named in one language only is better named in that than not at all.
    names = (value.get(code) for code in (language, *LANGUAGES))
    return next((words for words in names if words), "")
