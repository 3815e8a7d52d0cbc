"""Sentences of the voice catalogue as they are spoken. Pure.

What stands in braces is a value, or a value in a form that carries grammar: {due_gen}, {to_acc},
{k_times}, {days_words}, {from_hour_abl}. Its words are made here; a name or a status comes with
its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from ivr.actions import LANGUAGES, Phrase, Piece, Say
from ivr.speech.dates import dated, on_the_hour
from ivr.speech.numerals import counted, days, either, times, told
from ivr.speech.pieces import Field, Pieces, cut, in_sequence, of_frame, run, text_of, word_clip
from ivr.switch import Sentence, SpokenValue

# Templates by text id and language.
VoiceTexts = Mapping[str, Mapping[str, str]]

READ_OUT = frozenset({"digits", "ref"})  # never one number: no one could write it down
RECORDED_WORDS = frozenset({"status", "outcome", "kind1", "kind2", "base"})  # few enough
_HOUR = "_hour"  # ends the name of an hour
_TELLS_NOTHING = frozenset({"price", "from_hour", "to_hour"})  # of anybody's ticket

_DATE_FORMS = frozenset({"", "gen", "acc"})
_COUNT_FORMS: Mapping[str, Callable[[int, str], Pieces]] = {
    "": counted,
    "times": times,
    "words": days,
}
_CHOICE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9})*")


def phrase(say: Say, texts: VoiceTexts, year_now: int) -> Phrase:
    """A Say in words, and as clips; private as soon as one of its sentences has a value that tells
    of a ticket. Raises as `speak` does."""
    language = say.language
    pieces = in_sequence(
        [
            _of_sentence(sentence, texts[sentence.id][language], language, year_now)
            for sentence in say.sentences
        ]
    )
    private = any(not _TELLS_NOTHING.issuperset(each.values) for each in say.sentences)
    return Phrase(text_of(pieces), language, private, pieces, say.whole)


def speak(template: str, values: Mapping[str, SpokenValue], language: str, year_now: int) -> str:
    """The words of a sentence. Raises KeyError where a value is missing, TypeError where a form
    does not go with its value: both are mistakes of ours, not of callers."""
    return text_of(_of_sentence(Sentence("", values), template, language, year_now))


def spoken(field: str, values: Mapping[str, SpokenValue], language: str, year_now: int) -> Pieces:
    """What a name in braces stands for, in words. Raises as `speak` does."""
    name, form = field, ""
    if field not in values:
        name, _, form = field.rpartition("_")
        if name not in values:
            raise KeyError(f"no value for {{{field}}}")
    value = values[name]
    if isinstance(value, date):
        if form not in _DATE_FORMS:
            raise TypeError(f"{{{field}}}: a date has the forms gen and acc")
        return dated(value, language, year_now, form)
    if isinstance(value, int):
        if name.endswith(_HOUR):
            return _hour(field, value, language, form)
        if form not in _COUNT_FORMS:
            raise TypeError(f"{{{field}}}: a count has the forms times and words")
        return _COUNT_FORMS[form](value, language)
    if form:
        raise TypeError(f"{{{field}}}: words have no forms")
    return _words(name, value, language)


def _of_sentence(sentence: Sentence, template: str, language: str, year_now: int) -> Pieces:
    return run(_parts(sentence, template, language, year_now))


def _parts(
    sentence: Sentence, template: str, language: str, year_now: int
) -> Iterator[Piece | str]:
    for part in cut(sentence.id, template):
        if isinstance(part, Field):
            yield from spoken(part.name, sentence.values, language, year_now)
        else:
            yield from of_frame(part)


def _hour(field: str, hour: int, language: str, form: str) -> Pieces:
    try:
        return on_the_hour(hour, language, form)
    except TypeError as error:
        raise TypeError(f"{{{field}}}: {error}") from None


def _words(name: str, value: str | Mapping[str, str], language: str) -> Pieces:
    if isinstance(value, str):
        if name in READ_OUT:
            return told(value, language)
        return either(value, language) if _CHOICE.fullmatch(value) else (Piece(value, None),)
    if words := value.get(language):
        return (Piece(words, word_clip(words) if name in RECORDED_WORDS else None),)
    # A body named in one language only is better named in that than not at all.
    foreign = next((value[code] for code in LANGUAGES if value.get(code)), "")
    return (Piece(foreign, None),)
