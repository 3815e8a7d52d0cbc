"""A feed of any size for `jauap bench --registry`: every kind, about 2.9 steps a ticket.

Lines come as they would from the bodies' systems: in the order of registration, hundreds of books
of numbers side by side, each rising. The same seed and count give the same octets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

BODIES: Final = 500
SEED: Final = 20_261_120
_STEPS: Final = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5)  # of a ticket; 2.9 in the mean
_PASSED_PERCENT: Final = 12
_CHILD_EVERY: Final = 100  # that many tickets, one was opened for the one before it
_BAILIFFS_EVERY: Final = 50  # fines
_DAYS_MAX: Final = 30  # between the filing of a ticket and the last that is known of it
CHOSEN_AT_ONCE: Final = 10_000
OCTETS_BUFFERED: Final = 1_048_576
_DAYS: Final = tuple(
    f"2026-{month:02d}-{day:02d}" for month in range(1, 12) for day in range(1, 29)
)
_TIMES: Final = tuple(
    f"T{hour:02d}:{minute:02d}:00+05:00" for hour in range(9, 18) for minute in range(60)
)


class _Book(NamedTuple):
    """What one sort of ticket looks like."""

    percent: int
    kind: str
    system: str
    bodies: int  # that keep a book of their own
    number: Callable[[int, int], str]  # of body and running number
    statuses: tuple[str, ...]
    steps: tuple[str, ...]


_BOOKS: Final = (
    _Book(
        36, "fine", "erap", BODIES, lambda body, n: f"{body + 1975:04d}{n:011d}",
        ("unpaid", "half", "paid", "late"), ("protocol", "imposed", "payment_pending"),
    ),
    _Book(
        22, "appeal", "aikyn", BODIES, lambda body, n: f"{610_000 + body:06d}{n:012d}",
        ("registered", "in_review", "extended", "satisfied", "refused"),
        ("registered", "in_review", "on_agreeing", "extended"),
    ),
    _Book(
        6, "appeal", "eotinish", 1, lambda _, n: f"ЖТ-2026-{n:08d}",
        ("registered", "in_review", "explained"), ("registered", "in_review"),
    ),
    _Book(
        10, "crime_report", "kui", BODIES, lambda body, n: f"26{310_000 + body:06d}{n:07d}",
        ("registered", "checking", "no_offence"), ("registered", "checking"),
    ),
    _Book(
        6, "investigation", "erdr", BODIES, lambda body, n: f"26{760_000 + body:06d}{n:07d}",
        ("opened", "interrupted", "closed", "court"), ("registered", "opened", "interrupted"),
    ),
    _Book(
        4, "inspection", "ersop", BODIES, lambda body, n: f"790{body:03d}{n:06d}",
        ("registered", "extended", "finished"), ("submitted", "registered"),
    ),
    _Book(
        12, "service_request", "front", BODIES, lambda body, n: f"1{body:03d}{n:04d}",
        ("accepted", "controlled", "done"), ("accepted", "passed"),
    ),
    _Book(
        2, "support", "desk", 1, lambda _, n: f"2{n:07d}", ("open", "closed"), ("open",)
    ),
    _Book(
        2, "escalation", "desk", 1, lambda _, n: f"3{n:07d}", ("taken", "checked"), ("taken",)
    ),
)  # fmt: skip


class Feed:
    """Lines of tickets, one after the other; `sample` keeps some of their numbers."""

    def __init__(self, tickets: int, samples: int, seed: int = SEED) -> None:
        self._tickets = tickets
        self._every = max(1, tickets // samples)
        self._random = Random(seed)  # noqa: S311 - a feed to be repeated, not a secret
        self._counts: dict[tuple[int, int], int] = {}
        self.sample: list[tuple[str, str]] = []  # number and kind, spread over the whole feed
        self.events = 0
        self.lines = 0

    def write(self, path: Path) -> None:
        """All of them, as NDJSON."""
        with path.open("w", encoding="utf-8", buffering=OCTETS_BUFFERED) as file:
            file.writelines(self)

    def __iter__(self) -> Iterator[str]:
        random = self._random
        weights = tuple(accumulate(book.percent for book in _BOOKS))
        chosen: list[int] = []
        for index in range(self._tickets):
            if not chosen:
                chosen = random.choices(range(len(_BOOKS)), cum_weights=weights, k=CHOSEN_AT_ONCE)
            place = chosen.pop()
            book = _BOOKS[place]
            dice = random.getrandbits(48)
            body = dice % book.bodies
            running = self._counts.get((place, body), 0) + 1
            self._counts[place, body] = running
            number = book.number(body, running)
            if index % self._every == 0:
                self.sample.append((number, book.kind))
            yield from self._lines(book, number, dice // BODIES, running)

    def _lines(self, book: _Book, number: str, dice: int, running: int) -> Iterator[str]:
        """The ticket; of some fines also the line by which bailiffs tell of them."""
        day = dice % (len(_DAYS) - _DAYS_MAX)
        time = _TIMES[dice % len(_TIMES)]
        filed = _DAYS[day] + time
        body = f"body-{dice % BODIES:03d}"
        status = book.statuses[dice % len(book.statuses)]
        steps, now, status_at = [], body, filed
        for seq in range(1, _STEPS[dice % len(_STEPS)] + 1):
            stage, before = book.steps[seq % len(book.steps)], "null"
            status_at = _DAYS[day + seq * 3 - 3] + time
            if seq > 1 and (dice >> seq) % 100 < _PASSED_PERCENT:
                stage, before, now = "forwarded", f'"{now}"', f"body-{(dice >> seq) % BODIES:03d}"
            steps.append(
                f'{{"seq": {seq}, "at": "{status_at}", "stage": "{stage}", "from_body": {before},'
                f' "to_body": "{now}", "source_event_id": "{number}-{seq}"}}'
            )
        self.events += len(steps)
        self.lines += 1
        yield (
            f'{{"kind": "{book.kind}", "number": "{number}", "number_shown": "{number}",'
            f' "source_system": "{book.system}", "created_at": "{filed}",'
            f' "first_filed_at": "{filed}", "status": "{status}", "status_at": "{status_at}",'
            f' "body_id": "{now}", "other_bodies": [], {self._parts(book, number, dice, running)}'
            ' "forward_count": 0, "extended_count": 0,'
            f' "owner_phones": ["+7701{dice % 10**7:07d}"],'
            ' "owner_lang": "kk", "intake": "office", "answer_via": "post",'
            f' "sensitivity": "personal", "events": [{", ".join(steps)}]}}\n'
        )
        if book.kind == "fine" and dice % _BAILIFFS_EVERY == 0:
            self.lines += 1
            yield (
                f'{{"kind": "fine", "number": "{number}", "source_system": "aissoip",'
                f' "status": "bailiff", "status_at": "{_DAYS[day + _DAYS_MAX - 1]}",'
                f' "fine": {{"bailiff_since": "{_DAYS[day + _DAYS_MAX - 1]}"}}}}\n'
            )

    def _parts(self, book: _Book, number: str, dice: int, running: int) -> str:
        """What only some kinds have; one ticket in a hundred was opened for another."""
        if book.kind == "fine":
            day = dice % (len(_DAYS) - _DAYS_MAX)
            paid = f'"{_DAYS[day + 5]}T10:00:00+05:00"' if dice % 3 == 0 else "null"
            return (
                f'"fine": {{"amount": 19660, "half_until": "{_DAYS[day + 7]}", "pay_by":'
                f' "{_DAYS[day + 20]}", "paid_amount": {19660 if dice % 3 == 0 else 0}, "paid_at":'
                f' {paid}, "payment_ref": null, "bailiff_since": null, "conflict": null}},'
            )
        if book.kind == "inspection":
            return '"inspection": {"registered_on": "2026-03-02", "starts_on": "2026-03-05"},'
        due = _DAYS[dice % len(_DAYS)]
        if running % _CHILD_EVERY == 0:
            parent = f'"{number[:-1]}{(int(number[-1]) - 1) % 10}"'
            return f'"due_on": "{due}", "due_basis": "backend", "parent_id": {parent},'
        return f'"due_on": "{due}", "due_basis": "backend", "parent_id": null,'
