"""What the tables say of the kinds, held against each other: a kind is a row in several. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gateway.core.kinds import KINDS_FILE, Kinds
from gateway.core.statuses import STATUSES_FILE, Kind, Statuses
from lookup.feed import vocabulary

WORDS_FILE = "config/keywords.toml"
VOCABULARY_FILE = "lookup/feed/vocabulary.py"

Vocabulary = Mapping[str, Collection[str]]  # codes by kind


def unlike(
    kinds: Kinds,
    worded: Collection[str],
    statuses: Statuses,
    known: Vocabulary = vocabulary.STATUSES,
    final: Vocabulary = vocabulary.FINAL,
) -> list[str]:
    """What is missing where, a sentence each; `worded` are the kinds that words point to."""
    problems = []
    for code in kinds.names:
        if code not in statuses.kinds:
            problems.append(f"{STATUSES_FILE}: {code}: write [{code}] and its statuses")
    for code, kind in statuses.kinds.items():
        if code not in kinds.names:
            problems.append(f"{KINDS_FILE}: {code}: write a [[kind]] with this code")
        problems += _unlike_statuses(code, kind, known.get(code, ()), final.get(code, ()))
    for rule in kinds.rules:
        if rule.keyword_needed:
            problems += [
                f"{WORDS_FILE}: {code}: write [kind.{code}]: its numbers count only beside a word"
                for code in rule.kinds
                if code not in worded
            ]
    return problems


def _unlike_statuses(
    code: str, kind: Kind, known: Collection[str], final: Collection[str]
) -> Iterator[str]:
    """A feed may say all of them but those that are found by a date that has passed."""
    missing = [name for name, row in kind.rows.items() if name not in known and not row.past_due]
    if missing:
        names = ", ".join(missing)
        yield f"{VOCABULARY_FILE}: {code}: write {names}: imports count them as unknown"
    wrong = [
        name
        for name, row in kind.rows.items()
        if name in known and row.final is not (name in final)
    ]
    if wrong:
        yield f"{VOCABULARY_FILE}: {code}: {', '.join(wrong)}: final here or there alone"
