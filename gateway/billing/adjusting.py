"""The rows of a reconciliation on which both sides agreed, booked as adjustments: each question
once a month, however often."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from gateway.billing.months import Month, MonthError
from gateway.billing.reconcile.folder import SUMMARY
from gateway.billing.reconcile.records import Cause, Class, is_disputed
from gateway.core.adjusting import adjust, adjusted_by, key_of
from gateway.core.cdr import Entry
from gateway.core.ledger import Finding
from gateway.core.records import Chain
from gateway.core.staff import Acting, Action, Outcome
from gateway.store.journal import Journal

# A row of theirs alone has no chain to adjust.
CLASSES = (Class.DIFFERING, Class.ONLY_OURS, Class.LATE)
QUESTIONS_MAX = 1_000_000  # held in memory, about 100 octets each
BOOK_MAX = 200  # entries a call
REFUSED_TOLD_MAX = 1_000
BOOKED = "booked"


class AdjustError(ValueError):
    """The folder cannot be used; the text names the file, the row and the remedy."""


class Agreed(NamedTuple):
    """What a reconciliation says, of the causes that were agreed on."""

    operator: str
    month: str
    rows: int
    unpriced: int  # of them: their file told no price, so nothing is known to change
    tiyn: Mapping[int, int]  # question -> theirs less ours, of all its messages
    causes: tuple[str, ...] = ()
    late: AbstractSet[int] = frozenset()  # questions of earlier months among them


class Refused(NamedTuple):
    question_id: int
    why: str


class AdjustReport(NamedTuple):
    """Sums in tiyn; negative: the citizens' operator has less than our ledger had."""

    operator: str
    month: str
    rows: int
    unpriced: int
    questions: int  # with a difference
    adjusted: int
    adjusted_tiyn: int
    booked_before: int
    refused: int
    refused_first: tuple[Refused, ...]


def read_agreed(folder: Path, causes: Collection[str]) -> Agreed:
    """Rows of these causes in a folder of `jauap ledger reconcile --out`. Raises AdjustError."""
    operator, month = _heading(folder / SUMMARY)
    tiyn: Counter[int] = Counter()
    late: set[int] = set()
    rows = unpriced = 0
    for cls in CLASSES:
        path = folder / f"{cls}.csv"
        if cls is Class.LATE and not path.exists():
            continue  # made by a release that knew no late rows
        for line, cause, question_id, difference in _rows(path):
            if cause not in causes or not is_disputed(cls, Cause(cause)):
                continue
            rows += 1
            if difference == "":
                unpriced += 1
                continue
            try:
                tiyn[int(question_id)] += int(difference)
                if cls is Class.LATE:
                    late.add(int(question_id))
            except ValueError as wrong:
                raise AdjustError(
                    f"{path}: line {line}: question_id and difference_tiyn must be whole numbers; "
                    "take the file as it was written, a spreadsheet rounds them"
                ) from wrong
            if len(tiyn) > QUESTIONS_MAX:
                raise AdjustError(f"{path}: over {QUESTIONS_MAX} questions; name fewer causes")
    changed = {each: n for each, n in tiyn.items() if n}
    return Agreed(operator, month, rows, unpriced, changed, tuple(sorted(causes)), frozenset(late))


def _heading(path: Path) -> tuple[str, str]:
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        operator, month = summary["operator"], summary["month"]
        if not isinstance(operator, str) or not isinstance(month, str):
            raise TypeError("operator and month must be texts")
        of = Month.read(month)
    except (OSError, ValueError, KeyError, TypeError, MonthError) as wrong:
        raise AdjustError(
            f"{path}: no summary of a reconciliation ({wrong}); name the folder of "
            "`jauap ledger reconcile --out`"
        ) from wrong
    if summary.get("draft"):
        raise AdjustError(
            f"{path}: was made before {of} was closed on {of.closes_on}; reconcile that month "
            "again, and agree on what it says then"
        )
    return operator, str(of)


def _rows(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Line, cause, question and difference of each row."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            needed = {"cause", "question_id", "difference_tiyn"}
            if missing := needed - set(reader.fieldnames or ()):
                raise AdjustError(f"{path}: the column {min(missing)} is missing")
            for row in reader:
                cells = row["cause"], row["question_id"], row["difference_tiyn"]
                if None in row or None in row.values():
                    raise AdjustError(f"{path}: line {reader.line_num}: cut, or not of this file")
                yield reader.line_num, *cells
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise AdjustError(f"{path}: {wrong}") from wrong


async def book_agreed(
    journal: Journal, agreed: Agreed, by: str, acting: Acting | None, *, day: int, at_us: int
) -> AdjustReport:
    """Book what was agreed, by somebody; whatever the ledger forbids is told and left out. Every
    BOOK_MAX questions have a record, and so has a run that books none; where nobody acts, nothing
    is written. `day`: the civil day of now, whose month's act has it. Raises
    StoreUnavailableError."""
    what = (at_us, Action.ADJUST, f"{agreed.operator} {agreed.month}")
    causes = " ".join(agreed.causes)
    booked: list[Entry] = []
    refused: list[Refused] = []
    totals: Counter[str] = Counter()
    ids = sorted(agreed.tiyn)
    for start in range(0, len(ids), BOOK_MAX):
        new: list[Entry] = []
        for question_id in ids[start : start + BOOK_MAX]:
            chain = await journal.chain(question_id)
            made = _adjusted(agreed, chain, question_id, by, day, at_us)
            if made is None:
                totals["before"] += 1
            elif isinstance(made, Entry):
                new.append(made)
            else:
                refused.append(made)
        written: AbstractSet[str] = {each.key for each in new}
        if acting is not None and new:
            written = await journal.book(new, acting.record(*what, BOOKED, causes=causes))
        booked += [each for each in new if each.key in written]
        refused += [
            Refused(each.question_id, "something else was booked in the meantime: run it again")
            for each in new
            if each.key not in written
        ]
    if acting is not None and not booked:
        refusals = acting.record(*what, Outcome.NOTHING, causes=causes, refused=len(refused))
        await journal.note([refusals])
    return AdjustReport(
        agreed.operator, agreed.month, agreed.rows, agreed.unpriced, len(ids), len(booked),
        sum(each.amount_tiyn for each in booked), totals["before"], len(refused),
        tuple(refused[:REFUSED_TOLD_MAX]),
    )  # fmt: skip


def _adjusted(
    agreed: Agreed, chain: Chain | None, question_id: int, by: str, day: int, at_us: int
) -> Entry | Refused | None:
    """The entry; why there is none; None where it is booked already."""
    if chain is None:
        return Refused(question_id, "the journal has no question of that id")
    if chain.operator != agreed.operator:
        return Refused(question_id, f"it came by {chain.operator}, not by {agreed.operator}")
    amount_tiyn = agreed.tiyn[question_id]
    key = key_of(question_id, agreed.month)
    stood = next((each for each in chain.entries if each.key == key), None)
    if stood is not None:
        if stood.amount_tiyn == amount_tiyn:
            return None
        return Refused(question_id, f"adjusted by {stood.amount_tiyn} tiyn for that month before")
    if question_id in agreed.late and (own := adjusted_by(chain.entries)) is not None:
        # What their late row differs by is held against a charge that does not stand any more.
        return Refused(question_id, f"its row is late, and the reconciliation of {own} adjusted it")
    made = adjust(chain.entries, agreed.month, by, amount_tiyn=amount_tiyn, day=day, at_us=at_us)
    return Refused(question_id, made.sentence) if isinstance(made, Finding) else made
