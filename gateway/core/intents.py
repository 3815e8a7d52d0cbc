"""Reading a citizen's text: what it asks, of which numbers, in which language. Pure, stateless.

What depends on the phone (a pending choice, its last ticket, locks) is decided later, with the
`Reading` made here. The order of the questions is the order of the service's rules: danger to
life, a command, a number, and only then what else the words may be about.
"""

from __future__ import annotations

import unicodedata

from gateway.core.asides import aside_pattern
from gateway.core.chains import Marked, mark
from gateway.core.commands import Said, weigh
from gateway.core.folding import capitals, fold
from gateway.core.kinds import BadTableError, Kinds
from gateway.core.languages import guess
from gateway.core.numbers import Found, find
from gateway.core.reading import Asked, Intent, Reading
from gateway.core.tables import Table
from gateway.core.word_entries import Sign
from gateway.core.words import WORDS_FILE, Words

COMPLAINT_WORDS_MIN = 4  # with a word such as "жалоба"
LONG_TEXT_WORDS_MIN = 8  # without one: a story
MALFORMED_DIGITS_MIN = 4  # fewer digits are a flat or a mistyped choice

_ABOUT_A_TICKET = frozenset({Intent.STOP, Intent.SUBSCRIBE, Intent.DISAGREE})
_EVEN_WITH_A_BAD_NUMBER = frozenset({Intent.STOP, Intent.ILLEGAL_INSPECTION})
_EMERGENCY = Sign.EMERGENCY.value
_NO_SLIP = Sign.SLIP.value | Sign.NOT_GIVEN.value
_CHOICES = {"1": 1, "2": 2}
_QUESTION_MARKS = frozenset("?؟")
_SMILE = ")"


class Rules:
    """Number rules and words of one gateway, made ready for `read`."""

    def __init__(self, kinds: Kinds, words: Words) -> None:
        """Raises BadTableError where a word points to a kind that is not in the table."""
        strangers = sorted(words.kinds() - set(kinds.names))
        if strangers:
            raise BadTableError(
                f"{WORDS_FILE}: kind: no [[kind]] has the code {', '.join(strangers)};"
                " add it, or remove its words"
            )
        self.kinds = kinds
        self.words = words
        self.aside = aside_pattern(words)

    @classmethod
    def from_tables(cls, kinds: Table, words: Table) -> Rules:
        """Of the parsed config/kinds.toml and config/keywords.toml. Raises BadTableError."""
        return cls(Kinds.from_table(kinds), Words.from_table(words))


def read(text: str | None, rules: Rules) -> Reading:
    """The meaning of a text; None stands for a message that is no text. Never raises."""
    if text is None:
        return Reading(Intent.BINARY)
    reading = _number_alone(text, rules)  # nearly all texts
    if reading is not None:
        return reading
    folded = fold(text)
    if not folded:
        return Reading(Intent.EMPTY)
    return _number_alone(folded, rules) or _read_folded(folded, rules)


def _number_alone(text: str, rules: Rules) -> Reading | None:
    if not (text.isascii() and text.isdigit()):
        return None
    kinds = rules.kinds.bare(text)
    return Reading(Intent.LOOKUP, (Asked(text, kinds),)) if kinds else None


def _read_folded(folded: str, rules: Rules) -> Reading:
    marked = mark(folded, capitals(folded), rules.aside, rules.kinds.prefix_pattern)
    words = rules.words.scan(marked.words)
    said = weigh(words)
    language = guess(folded, words)
    if said.shows(_EMERGENCY):
        return Reading(Intent.EMERGENCY, language=language)
    found = find(marked.chains, words, rules.kinds)
    chosen = bool(said.language) and (said.alone or said.few or bool(found.asked))
    if chosen:
        language = said.language
    if found.asked:
        intent = _of_numbers(said, found)
    else:
        intent = _of_words(folded, marked, said, found, rules)
    return Reading(
        intent,
        tuple(found.asked),
        found.too_many,
        language,
        chosen,
        _CHOICES[found.lone] if intent is Intent.CHOICE else 0,
        found.digits_got if intent is Intent.BAD_LENGTH else 0,
        intent is Intent.STOP and said.every,
    )


def _of_numbers(said: Said, found: Found) -> Intent:
    """What a text with ticket numbers asks: to look them up, unless a command is given."""
    command = said.command
    if command is None or not said.acts(found.first_at):
        return Intent.LOOKUP
    intent = Intent(command.value)
    if intent in _ABOUT_A_TICKET:
        return intent
    if command.kind and all(command.kind in asked.kinds for asked in found.asked):
        return intent  # an illegal inspection, by the number of its act
    return Intent.LOOKUP


def _of_words(folded: str, marked: Marked, said: Said, found: Found, rules: Rules) -> Intent:
    """What a text without a ticket number asks."""
    first = _personal(found) or _command(marked, said, found)
    if first is not None:
        return first
    if not said.length and not found.digits and not marked.aside:
        return _of_signs(folded)
    if found.lone in _CHOICES and said.alone:
        return Intent.CHOICE
    if marked.own_tail:
        return Intent.HELP
    if _is_scam(marked, said, found, rules):
        return Intent.SCAM
    return _bad_number(found) or _of_sentence(marked, said, found)


def _personal(found: Found) -> Intent | None:
    """Before any command, since such a text must never be stored."""
    if found.iin:
        return Intent.IIN
    return Intent.CARD if found.card else None


def _bad_number(found: Found) -> Intent | None:
    if found.malformed:
        return Intent.MALFORMED
    return Intent.BAD_LENGTH if found.digits_got else None


def _command(marked: Marked, said: Said, found: Found) -> Intent | None:
    if marked.own_tail and not said.alone:
        return None  # a copy of our own reply: what it says is not the person's word
    command = said.command
    if command is not None and said.acts(None):
        intent = Intent(command.value)
        if intent is Intent.YES:  # a yes confirms a complaint: nothing else may be said
            return intent if said.alone and not found.digits else None
        if intent in _EVEN_WITH_A_BAD_NUMBER or _bad_number(found) is None:
            return intent
    elif said.language and (said.alone or said.few) and not found.digits:
        return Intent.LANGUAGE
    return None


def _of_signs(folded: str) -> Intent:
    """Neither words nor digits."""
    if not _QUESTION_MARKS.isdisjoint(folded):
        return Intent.REPEAT
    if _SMILE in folded or any(unicodedata.category(sign) == "So" for sign in folded):
        return Intent.THANKS
    return Intent.HELP


def _is_scam(marked: Marked, said: Said, found: Found, rules: Rules) -> bool:
    if said.shows(Sign.SCAM.value):
        return True
    return said.shows(Sign.CALL.value) and (
        found.phone
        or any(
            group.digits in rules.words.service_numbers
            for chain in marked.chains
            for group in chain.groups
        )
    )


def _of_sentence(marked: Marked, said: Said, found: Found) -> Intent:
    """Words, and at most digits that are no attempt at a ticket number."""
    if found.phone and said.few:
        return Intent.PHONE
    if said.shows(_NO_SLIP):
        return Intent.NO_SLIP
    if said.thanks and said.alone:
        return Intent.THANKS
    if said.length >= LONG_TEXT_WORDS_MIN or (
        said.shows(Sign.COMPLAINT.value) and said.length >= COMPLAINT_WORDS_MIN
    ):
        return Intent.WRONG_PLACE
    if said.few and (marked.aside or found.digits >= MALFORMED_DIGITS_MIN):
        return Intent.MALFORMED
    return Intent.HELP
