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
from typing import Any, NamedTuple, TextIO

from lookup.registry.place import PLACES

SEED = 20180131
FIRST_NUMBER = 197_500_000_000_000
IMPOSED = date(2026, 3, 2)

Part = dict[str, Any]  # of a line: status, its day, and what differs in `fine`
Says = tuple[Part, ...]  # what one system says of a fine, line after line


def _on(day: int) -> str:
    """So many days after the fine was imposed."""
    return (IMPOSED + timedelta(days=day)).isoformat()


def _paid(day: int, share: float = 1.0, status: str = "paid") -> Part:
    return {"status": status, "day": day, "paid": share, "paid_day": day}


def _bailiff(since: int, /, **more: Any) -> Part:
    return {"status": "bailiff", "day": since, "since": since} | more


def _ended(day: int, **more: Any) -> Part:
    """What the bailiffs say once they have done with it."""
    return {"status": "paid", "day": day, **more}


UNPAID: Part = {"status": "unpaid", "day": 0}
FEE = 1.1  # of the amount: what a bailiff asks, with his share

# name: (what the treasury says, what the bailiffs say). The half-price window is open for 7 days.
CONTRADICTIONS: dict[str, tuple[Says, Says]] = {
    "paid, and enforced later": ((_paid(20),), (_bailiff(60),)),
    "paid, and enforced the next day": ((_paid(20),), (_bailiff(21),)),
    "half paid while half was enough": ((_paid(6, 0.5),), (_bailiff(45),)),
    "half paid on the last day, called partly": ((_paid(7, 0.5, "partly"),), (_bailiff(45),)),
    "more paid than asked": ((_paid(25, 1.1),), (_bailiff(80),)),
    "paid in full, called unpaid": ((_paid(25, 1.0, "unpaid"),), (_bailiff(80),)),
    "called unpaid, and the bailiff asks for more": (
        (_paid(25, 1.0, "unpaid"),),
        (_bailiff(80, owes=FEE),),
    ),
    "paid, and once more to the bailiff": (
        (_paid(20),),
        (_bailiff(60), _bailiff(60, day=65, paid=FEE, paid_day=65, owes=FEE)),
    ),
    "he came before the payment and goes on weeks after it": (
        (_paid(62),),
        (_bailiff(60), _bailiff(60, day=120)),
    ),
    "paid in two parts, the second before he came": (
        (_paid(10, 0.4, "partly"), _paid(30)),
        (_bailiff(60),),
    ),
    "the payment was told late": ((UNPAID, _paid(20)), (_bailiff(60),)),
    "ended, and begun again": (
        (_paid(20),),
        (_bailiff(60), _ended(70), _bailiff(90)),
    ),
    "deleted by mistake, and told again": (
        (_paid(20), _paid(20) | {"day": 30, "deleted": True}, _paid(20) | {"day": 31}),
        (_bailiff(60),),
    ),
}
OTHERS: dict[str, tuple[Says, Says]] = {
    "paid after the bailiff had come": ((_paid(90),), (_bailiff(60),)),
    "paid the day the bailiff came": ((_paid(60),), (_bailiff(60),)),
    "partly paid": ((_paid(20, 0.7, "partly"),), (_bailiff(60),)),
    "half paid a day too late": ((_paid(8, 0.5, "partly"),), (_bailiff(60),)),
    "a part before he came, the rest after it": (
        (_paid(20, 0.5, "partly"), _paid(75)),
        (_bailiff(60),),
    ),
    "a part to each": ((_paid(20, 0.5, "partly"),), (_bailiff(60, paid=0.5, paid_day=65),)),
    "all of it paid to the bailiff": (
        (UNPAID,),
        (_bailiff(60), _bailiff(60, day=65, paid=FEE, paid_day=65, owes=FEE)),
    ),
    "the payment was taken back": (
        (_paid(20), UNPAID | {"day": 40}),
        (_bailiff(60),),
    ),
    "payment being checked": (
        (UNPAID | {"status": "payment_pending", "day": 50},),
        (_bailiff(60),),
    ),
    "cancelled since": ((_paid(20), {"status": "cancelled", "day": 95}), (_bailiff(60),)),
    "the bailiff has ended it": ((_paid(20),), (_ended(70),)),
    "the bailiff has ended it, his date stands": (
        (_paid(20),),
        (_bailiff(60), _ended(70, since=60)),
    ),
    "the treasury's line was deleted": (
        (_paid(20), _paid(20) | {"day": 30, "deleted": True}),
        (_bailiff(60),),
    ),
    "the bailiffs' line was deleted": (
        (_paid(20),),
        (_bailiff(60), _bailiff(60, day=70, deleted=True)),
    ),
    "the bailiff has another fine, which stands in the same place": (
        (_paid(20),),
        (_bailiff(60, twin=True),),
    ),
    "owed, and with the bailiff": ((UNPAID,), (_bailiff(60),)),
    "paid, never enforced": ((_paid(20),), ()),
    "known to the bailiffs alone": ((), (_bailiff(60),)),
    "owed": ((UNPAID,), ()),
}
PASSING = frozenset(  # those of them that were contradictions until a later line
    {"the payment was taken back", "cancelled since", "the treasury's line was deleted"}
    | {"the bailiffs' line was deleted", "the bailiff has ended it, his date stands"}
)
CLOSED: Part = {"status": "paid", "day": 250}
"""What the bailiffs say once they have corrected a fine."""


class Feeds(NamedTuple):
    """Files of both systems. `later` is the treasury's second, which comes after the bailiffs'."""

    treasury: Path
    bailiffs: Path
    later: Path


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
        self.passing = frozenset(
            number for number, case in zip(self.numbers, self.cases, strict=True) if case in PASSING
        )
        self.told = [
            number
            for place, number in enumerate(self.numbers)
            if any(not said[-1].get("deleted") for said in self._says(place) if said)
        ]

    def write(self, folder: Path) -> Feeds:
        """The bailiffs' are in an order of their own."""
        feeds = Feeds(*(folder / f"{name}.ndjson" for name in Feeds._fields))
        with feeds.treasury.open("w", encoding="utf-8") as file:
            for place in self._places:
                self._write_lines(file, "treasury", place, self._says(place)[0][:1])
        with feeds.bailiffs.open("w", encoding="utf-8") as file:
            for place in reversed(self._places):
                self._write_lines(file, "bailiffs", place, self._says(place)[1])
        with feeds.later.open("w", encoding="utf-8") as file:
            for place in self._places:
                self._write_lines(file, "treasury", place, self._says(place)[0][1:])
        return feeds

    def write_corrections(self, path: Path, numbers: frozenset[str]) -> Path:
        """A later feed of the bailiffs, which ends these."""
        with path.open("w", encoding="utf-8") as file:
            for place in self._places:
                if self.numbers[place] in numbers:
                    self._write_lines(file, "bailiffs", place, (CLOSED,))
        return path

    def _says(self, place: int) -> tuple[Says, Says]:
        case = self.cases[place]
        return CONTRADICTIONS.get(case) or OTHERS[case]

    def _write_lines(self, file: TextIO, system: str, place: int, says: Says) -> None:
        for part in says:
            self._write_line(file, system, place, part)

    def _write_line(self, file: TextIO, system: str, place: int, part: Part) -> None:
        amount, number = self._amounts[place], self.numbers[place]
        facts: dict[str, Any] = {"half_until": _on(7), "pay_by": _on(30)}
        facts["amount"] = round(amount * part.get("owes", 1.0))
        if "paid" in part:
            facts["paid_amount"] = round(amount * part["paid"])
            facts["paid_at"] = f"{_on(part['paid_day'])}T18:20:00+05:00"
        if "since" in part:
            facts |= {"bailiff_since": _on(part["since"]), "bailiff_office": "Almaty 12"}
        line = {
            "kind": "fine",
            "number": str(int(number) + PLACES) if "twin" in part else number,
            "source_system": system,
            "created_at": f"{_on(0)}T10:00:00+05:00",
            "first_filed_at": f"{_on(0)}T10:00:00+05:00",
            "status": part["status"],
            "status_at": f"{_on(part['day'])}T18:20:00+05:00",
            "owner_phones": [f"+7701{place % 10_000_000:07}"],
            "fine": facts,
            "deleted": part.get("deleted", False),
        }
        file.write(json.dumps(line) + "\n")
