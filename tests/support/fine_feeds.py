"""The paid fines that were given to bailiffs, once more: two feeds that do not know of each other.

In 2018 the Deputy Prosecutor General counted 52 thousand fines that people had paid and that went
to bailiffs all the same. Here are feeds of that kind, a treasury's and the bailiffs', with near
misses. Which fines are such follows from how a line is made, and never from the rules under test.
"""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TextIO

SEED = 20180131
FIRST_NUMBER = 197_500_000_000_000
IMPOSED = date(2026, 3, 2)

Part = dict[str, Any]  # of a line: status, its day, and what differs in `fine`


def _on(day: int) -> str:
    """So many days after the fine was imposed."""
    return (IMPOSED + timedelta(days=day)).isoformat()


def _paid(day: int, share: float = 1.0, status: str = "paid") -> Part:
    return {"status": status, "day": day, "paid": share, "paid_day": day}


def _bailiff(day: int) -> Part:
    return {"status": "bailiff", "day": day, "since": day}


UNPAID: Part = {"status": "unpaid", "day": 0}

# name: (what the treasury says, what the bailiffs say). The half-price window is open for 7 days.
CONTRADICTIONS: dict[str, tuple[Part, Part]] = {
    "paid, and enforced later": (_paid(20), _bailiff(60)),
    "paid, and enforced the next day": (_paid(20), _bailiff(21)),
    "half paid while half was enough": (_paid(6, 0.5), _bailiff(45)),
    "half paid on the last day, called partly": (_paid(7, 0.5, "partly"), _bailiff(45)),
    "more paid than asked": (_paid(25, 1.1), _bailiff(80)),
    "paid in full, called unpaid": (_paid(25, 1.0, "unpaid"), _bailiff(80)),
}
OTHERS: dict[str, tuple[Part | None, Part | None]] = {
    "paid after the bailiff had come": (_paid(90), _bailiff(60)),
    "paid the day the bailiff came": (_paid(60), _bailiff(60)),
    "partly paid": (_paid(20, 0.7, "partly"), _bailiff(60)),
    "half paid a day too late": (_paid(8, 0.5, "partly"), _bailiff(60)),
    "payment being checked": (UNPAID | {"status": "payment_pending", "day": 50}, _bailiff(60)),
    "the bailiff has ended it": (_paid(20), {"status": "paid", "day": 70}),
    "owed, and with the bailiff": (UNPAID, _bailiff(60)),
    "paid, never enforced": (_paid(20), None),
    "known to the bailiffs alone": (None, _bailiff(60)),
    "owed": (UNPAID, None),
}
CLOSED: Part = {"status": "paid", "day": 250}
"""What the bailiffs say once they have corrected a fine."""


class Register:
    """So many fines, `contradictions` of them paid and with the bailiff all the same; the rest are
    near misses and ordinary ones. The same arguments give the same octets."""

    def __init__(self, fines: int, contradictions: int, seed: int = SEED) -> None:
        chance = random.Random(seed)
        self._places = range(fines)
        chosen = frozenset(chance.sample(self._places, contradictions))
        sure, others = sorted(CONTRADICTIONS), sorted(OTHERS)
        self.cases = [chance.choice(sure if place in chosen else others) for place in self._places]
        self._amounts = [chance.randrange(2, 400) * 983 * 2 for _ in self._places]
        self.numbers = [str(FIRST_NUMBER + 7 * place) for place in self._places]
        self.expected = frozenset(self.numbers[place] for place in chosen)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The treasury's feed, and the bailiffs' in an order of their own."""
        treasury, bailiffs = folder / "treasury.ndjson", folder / "bailiffs.ndjson"
        with treasury.open("w", encoding="utf-8") as file:
            for place in self._places:
                self._write_line(file, "treasury", place, self._says(place)[0])
        with bailiffs.open("w", encoding="utf-8") as file:
            for place in reversed(self._places):
                self._write_line(file, "bailiffs", place, self._says(place)[1])
        return treasury, bailiffs

    def write_corrections(self, path: Path, numbers: frozenset[str]) -> Path:
        """A later feed of the bailiffs, which ends these."""
        with path.open("w", encoding="utf-8") as file:
            for place in self._places:
                if self.numbers[place] in numbers:
                    self._write_line(file, "bailiffs", place, CLOSED)
        return path

    def _says(self, place: int) -> tuple[Part | None, Part | None]:
        case = self.cases[place]
        return CONTRADICTIONS.get(case) or OTHERS[case]

    def _write_line(self, file: TextIO, system: str, place: int, part: Part | None) -> None:
        if part is None:
            return
        amount = self._amounts[place]
        facts: dict[str, Any] = {"amount": amount, "half_until": _on(7), "pay_by": _on(30)}
        if "paid" in part:
            facts["paid_amount"] = round(amount * part["paid"])
            facts["paid_at"] = f"{_on(part['paid_day'])}T18:20:00+05:00"
        if "since" in part:
            facts |= {"bailiff_since": _on(part["since"]), "bailiff_office": "Almaty 12"}
        line = {
            "kind": "fine",
            "number": self.numbers[place],
            "source_system": system,
            "created_at": f"{_on(0)}T10:00:00+05:00",
            "first_filed_at": f"{_on(0)}T10:00:00+05:00",
            "status": part["status"],
            "status_at": f"{_on(part['day'])}T18:20:00+05:00",
            "owner_phones": [f"+7701{place % 10_000_000:07}"],
            "fine": facts,
        }
        file.write(json.dumps(line) + "\n")
