"""A month over several operators: our ledger, each operator's own file of it, and the truth about
every difference between the two, which were put there on purpose.

Every phone's messages lie days apart unless a difference needs them close, so that the truth is
one. The same seed gives the same month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from openpyxl import Workbook  # type: ignore[import-untyped]  # it ships without type information

from gateway.billing.months import Month
from gateway.billing.reconcile.records import Cause, Class
from gateway.core.ledger import open_chain
from gateway.core.records import Chain, QuestionState, ReplyState
from tests.support.chains import MO, question, reply

MONTH: Final = Month(2026, 11)
HERE: Final = timezone(timedelta(hours=5))
THERE: Final = timezone(timedelta(hours=3))  # where the operators' months begin
SECOND: Final = 1_000_000
HOUR: Final = 3_600 * SECOND
PRICE: Final = 1_500
CODE, WRONG_CODE, ODD_CODE = "1012", "1021", "8-1012"
TEST_PHONE: Final = "77770000001"

Truth = Counter[tuple[Class, Cause]]


def us(year: int, month: int, day: int, zone: timezone = HERE) -> int:
    return round(datetime(year, month, day, tzinfo=zone).timestamp()) * SECOND


BEGINS, ENDS = us(2026, 11, 1), us(2026, 12, 1)
SLOT: Final = (ENDS - BEGINS - 12 * HOUR) // 3  # each phone texts once in each third


class Line(NamedTuple):
    """A row of an operator's file before it is written."""

    at_us: int
    msisdn: str
    code: str = CODE
    price_tiyn: int = PRICE
    kind: str = "SMS"
    ref: str = ""


class Told(NamedTuple):
    """What must be said of one message."""

    cls: Class
    cause: Cause
    msisdn: str


class Happening(NamedTuple):
    """A message, or a difference: what either side has of it."""

    operator: str
    chains: tuple[Chain, ...]
    lines: tuple[Line, ...]
    truth: tuple[Told, ...]
    of_others: tuple[tuple[str, Told], ...] = ()  # what another operator's file is told of it


class Operator(NamedTuple):
    name: str
    prefix: str
    skew_s: int


OPERATORS: Final = (
    Operator("north", "701", 4),
    Operator("south", "702", -3),
    Operator("west", "705", 0),
    Operator("east", "747", 31),
)


def chain_of(
    id_: int, operator: str, msisdn: str, at_us: int, party: Callable[[str], str], **changes: object
) -> Chain:
    """A question that was answered by one SMS, delivered 20 s later."""
    at = datetime.fromtimestamp(at_us // SECOND, HERE)
    day = at.year * 10_000 + at.month * 100 + at.day
    asked = question(
        id=id_, link=operator, operator=operator, party=party(msisdn), msisdn=msisdn,
        received_us=at_us, day=day, parts=changes.get("parts", 1),
    )  # fmt: skip
    answer = reply(
        id=id_ + 1, message_id=f"{id_ * 16:08X}", submitted_us=at_us + SECOND,
        done_us=at_us + 20 * SECOND,
    )  # fmt: skip
    plain = Chain(
        asked.id, asked.link, asked.operator, asked.channel, asked.party, msisdn, asked.short_code,
        at_us, day, "lookup", QuestionState.ANSWERED, "ru", "status", None, asked.parts, 0,
        at_us + SECOND, (answer,), open_chain(asked, MO, "status", at_us + SECOND),
    )  # fmt: skip
    return plain._replace(**changes)


class Traffic:
    """`count` happenings, one of `every` of them a difference; of each kind about as many."""

    def __init__(
        self,
        party: Callable[[str], str],
        *,
        count: int,
        every: int = 20,
        seed: int = 1,
        operators: tuple[Operator, ...] = OPERATORS,
    ) -> None:
        self._party = party
        self._operators = operators
        self._count, self._every, self._seed = count, every, seed
        self._kinds = (
            self._missing, self._phantom, self._twice, self._redelivered, self._two_parts,
            self._price_of_parts, self._receipt, self._ported, self._no_number, self._wrong_code,
            self._odd_code, self._price, self._test_phone, self._not_charged, self._left_out,
            self._before_their_month, self._after_our_month, self._late, self._pair,
        )  # fmt: skip

    @property
    def kinds(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[Happening]:
        random = Random(self._seed)
        for n in range(self._count):
            place, which = divmod(n, len(self._operators))
            operator = self._operators[which]
            phone, turn = divmod(place, 3)
            msisdn = f"7{operator.prefix}{phone:07}"
            at_us = BEGINS + 6 * HOUR + turn * SLOT + random.randrange(SLOT // 2)
            make = self._plain
            if place % self._every == 0:
                make = self._kinds[place // self._every % len(self._kinds)]
            yield make(n * 100 + 1, operator, msisdn, at_us, random)

    def lines(self, operator: str) -> Iterator[Line]:
        """That operator's side, in no order."""
        for each in self:
            if each.operator == operator:
                yield from each.lines

    def truth(self, operator: str) -> list[Told]:
        told = []
        for each in self:
            if each.operator == operator:
                told += each.truth
            told += [what for whose, what in each.of_others if whose == operator]
        return told

    def _chain(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, **changes: object
    ) -> Chain:
        return chain_of(id_, operator.name, msisdn, at_us, self._party, **changes)

    @staticmethod
    def _line(operator: Operator, msisdn: str, at_us: int, random: Random) -> Line:
        """As their clock has it, to the second."""
        seen_us = at_us + operator.skew_s * SECOND + random.randrange(-1, 2) * SECOND
        return Line(seen_us // SECOND * SECOND, msisdn)

    def _plain(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        line = self._line(operator, msisdn, at_us, random)
        chain = self._chain(id_, operator, msisdn, at_us)
        return Happening(operator.name, (chain,), (line,), (_matched(msisdn),))

    def _missing(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(lines=(), truth=(Told(Class.ONLY_OURS, Cause.UNKNOWN, msisdn),))

    def _phantom(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(chains=(), truth=(Told(Class.ONLY_THEIRS, Cause.UNKNOWN, msisdn),))

    def _twice(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        more = Told(Class.ONLY_THEIRS, Cause.DUPLICATE, msisdn)
        return plain._replace(lines=plain.lines * 2, truth=(*plain.truth, more))

    def _redelivered(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        line = plain.lines[0]
        more = Told(Class.ONLY_THEIRS, Cause.DUPLICATE, msisdn)
        return plain._replace(
            chains=(plain.chains[0]._replace(duplicates=1),),
            lines=(line, line._replace(at_us=line.at_us + 7 * SECOND)),
            truth=(*plain.truth, more),
        )

    def _two_parts(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        line = plain.lines[0]
        more = Told(Class.ONLY_THEIRS, Cause.PARTS, msisdn)
        return plain._replace(
            chains=(self._chain(id_, operator, msisdn, at_us, parts=2),),
            lines=(line, line._replace(at_us=line.at_us + SECOND)),
            truth=(*plain.truth, more),
        )

    def _price_of_parts(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(
            chains=(self._chain(id_, operator, msisdn, at_us, parts=2),),
            lines=(plain.lines[0]._replace(price_tiyn=2 * PRICE),),
            truth=(Told(Class.DIFFERING, Cause.PARTS, msisdn),),
        )

    def _receipt(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        line = plain.lines[0]
        more = Told(Class.ONLY_THEIRS, Cause.RECEIPT, msisdn)
        return plain._replace(
            lines=(line, line._replace(at_us=line.at_us + 20 * SECOND)),
            truth=(*plain.truth, more),
        )

    def _ported(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        """It came by another operator's link, and this one bills it all the same."""
        plain = self._plain(id_, operator, msisdn, at_us, random)
        other = OPERATORS[(OPERATORS.index(operator) + 1) % len(OPERATORS)]
        return plain._replace(
            chains=(self._chain(id_, other, msisdn, at_us),),
            truth=(Told(Class.ONLY_THEIRS, Cause.PORTED, msisdn),),
            of_others=((other.name, Told(Class.ONLY_OURS, Cause.PORTED, msisdn)),),
        )

    def _no_number(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        line = self._line(operator, f"SVC-{id_}", at_us, random)
        told = Told(Class.ONLY_THEIRS, Cause.UNKNOWN_NUMBER, f"SVC{id_}")
        return Happening(operator.name, (), (line,), (told,))

    def _wrong_code(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        line = self._line(operator, msisdn, at_us, random)._replace(code=WRONG_CODE)
        told = Told(Class.ONLY_THEIRS, Cause.SHORT_CODE, msisdn)
        return Happening(operator.name, (), (line,), (told,))

    def _odd_code(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(
            lines=(plain.lines[0]._replace(code=ODD_CODE),),
            truth=(Told(Class.DIFFERING, Cause.SHORT_CODE, msisdn),),
        )

    def _price(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(
            lines=(plain.lines[0]._replace(price_tiyn=PRICE + 250),),
            truth=(Told(Class.DIFFERING, Cause.PRICE, msisdn),),
        )

    def _test_phone(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        chain = self._chain(id_, operator, TEST_PHONE, at_us)
        told = Told(Class.ONLY_OURS, Cause.TEST_PHONE, TEST_PHONE)
        return Happening(operator.name, (chain,), (), (told,))

    def _not_charged(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(
            lines=(plain.lines[0]._replace(price_tiyn=0),),
            truth=(Told(Class.ONLY_OURS, Cause.NOT_CHARGED, msisdn),),
        )

    def _left_out(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(id_, operator, msisdn, at_us, random)
        line = plain.lines[0]
        receipt = line._replace(at_us=line.at_us + 20 * SECOND, kind="DLR")
        return plain._replace(lines=(line, receipt))

    def _before_their_month(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        at_us = BEGINS + random.randrange(HOUR)
        chain = self._chain(id_, operator, msisdn, at_us)
        told = Told(Class.ONLY_OURS, Cause.MONTH_BORDER, msisdn)
        return Happening(operator.name, (chain,), (), (told,))

    def _after_our_month(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        plain = self._plain(
            id_, operator, msisdn, ENDS + HOUR + random.randrange(HOUR // 2), random
        )
        return plain._replace(truth=(Told(Class.ONLY_THEIRS, Cause.MONTH_BORDER, msisdn),))

    def _late(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        line = self._line(operator, msisdn, BEGINS - 19 * 24 * HOUR, random)
        told = Told(Class.ONLY_THEIRS, Cause.OTHER_MONTH, msisdn)
        return Happening(operator.name, (), (line,), (told,))

    def _pair(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        """Two questions within the window, the first of which they never counted."""
        first = self._plain(id_, operator, msisdn, at_us, random)
        second = self._plain(id_ + 50, operator, msisdn, at_us + 40 * SECOND, random)
        missing = Told(Class.ONLY_OURS, Cause.UNKNOWN, msisdn)
        return second._replace(
            chains=(*first.chains, *second.chains), truth=(missing, *second.truth)
        )


def _matched(msisdn: str) -> Told:
    return Told(Class.MATCHED, Cause.NONE, msisdn)


def counted(told: Iterable[Told]) -> Truth:
    return Counter((each.cls, each.cause) for each in told)


HEADER: Final = ("Тип", "Дата", "Абонент", "Номер", "Стоимость", "Сообщение")

MAP: Final = {
    "format": "csv",
    "encoding": "cp1251",
    "decimal_comma": True,
    "time": "dd.mm.yyyy hh:mm:ss",
    "zone": "Asia/Almaty",
    "month_zone": "+03:00",
    "record": "mo",
    "test_numbers": [TEST_PHONE],
    "columns": {"msisdn": "Абонент", "short_code": "Номер", "at": "Дата", "price": "Стоимость"},
    "leave_out": [
        {"as": "receipts", "column": "Тип", "values": ["DLR"]},
        {"as": "not_charged", "column": "Стоимость", "values": ["0,00"]},
    ],
}


def map_of(operator: str, **changes: object) -> dict[str, object]:
    """The map of an operator's CSV file, as tomllib would have read it."""
    prefix = next(each.prefix for each in OPERATORS if each.name == operator)
    return {**MAP, "prefixes": [prefix], **changes}


def cells(line: Line) -> tuple[str, ...]:
    at = datetime.fromtimestamp(line.at_us // SECOND, HERE)
    price = f"{line.price_tiyn // 100},{line.price_tiyn % 100:02}"
    return line.kind, f"{at:%d.%m.%Y %H:%M:%S}", line.msisdn, line.code, price, line.ref


def write_csv(
    path: Path, lines: Iterable[Line], *, encoding: str = "cp1251", header: bool = True
) -> Path:
    """In the order given."""
    with path.open("w", encoding=encoding, newline="") as file:
        if header:
            file.write(";".join(HEADER) + "\r\n")
        file.writelines(";".join(cells(line)) + "\r\n" for line in lines)
    return path


def write_fixed(path: Path, lines: Iterable[Line]) -> Path:
    """Columns of 4, 16, 8, 10, 8 and 8 characters: kind, phone, code, date, time, price."""
    with path.open("w", encoding="cp1251", newline="") as file:
        for line in lines:
            kind, at, msisdn, code, price, _ = cells(line)
            date, clock = at.split()
            file.write(f"{kind:4}{msisdn:16}{code:8}{date}{clock}{price:>8}\r\n")
    return path


def write_sheet(path: Path, lines: Iterable[Line]) -> Path:
    """As people save them: dates are dates, numbers are numbers."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("calls")
    sheet.append(HEADER)
    for line in lines:
        at = datetime.fromtimestamp(line.at_us // SECOND, HERE).replace(tzinfo=None)
        price = f"{line.price_tiyn / 100:.2f}".replace(".", ",")
        msisdn = int(line.msisdn) if line.msisdn.isdigit() else line.msisdn
        sheet.append((line.kind, at, msisdn, line.code, price, line.ref))
    book.save(path)
    return path


def replies(party: Callable[[str], str], count: int) -> tuple[list[Chain], list[Line], list[Told]]:
    """A month of one operator's replies, each of two segments that he counts one by one and names
    by his ids in decimal: our side, his rows, and the truth."""
    kinds = (
        _reply_missing, _reply_twice, _reply_short, _reply_moved, _reply_unanswered, _reply_refused,
    )  # fmt: skip
    chains, lines, told = [], [], []
    for n in range(count):
        at_us = BEGINS + 6 * HOUR + n * (SLOT // count)
        chain, rows = _reply(n * 100 + 1, f"7701{n:07}", at_us, party)
        truth = [Told(Class.MATCHED, Cause.NONE, chain.msisdn or "")]
        if n % 5 == 2:
            chain, rows, truth = kinds[n // 5 % len(kinds)](chain, rows)
        chains.append(chain)
        lines += rows
        told += truth
    return chains, lines, told


def _reply(
    id_: int, msisdn: str, at_us: int, party: Callable[[str], str]
) -> tuple[Chain, list[Line]]:
    chain = chain_of(id_, "north", msisdn, at_us, party)
    first = chain.replies[0]._replace(segs=2, message_id=f"{id_:08X}")
    second = first._replace(id=id_ + 2, seg=2, message_id=f"{id_ + 1:08X}")
    rows = [
        Line(at_us + (1 + seg) * SECOND, msisdn, ref=str(id_ + seg), price_tiyn=0) for seg in (0, 1)
    ]
    return chain._replace(replies=(first, second)), rows


_Changed = tuple[Chain, list[Line], list[Told]]


def _reply_missing(chain: Chain, rows: list[Line]) -> _Changed:
    return chain, [], [Told(Class.ONLY_OURS, Cause.UNKNOWN, rows[0].msisdn)]


def _reply_twice(chain: Chain, rows: list[Line]) -> _Changed:
    """One segment again, an hour later and so by its id alone."""
    again = rows[1]._replace(at_us=rows[1].at_us + HOUR)
    msisdn = rows[0].msisdn
    told = [
        Told(Class.MATCHED, Cause.NONE, msisdn),
        Told(Class.ONLY_THEIRS, Cause.DUPLICATE, msisdn),
    ]
    return chain, [*rows, again], told


def _reply_short(chain: Chain, rows: list[Line]) -> _Changed:
    return chain, rows[:1], [Told(Class.DIFFERING, Cause.PARTS, rows[0].msisdn)]


def _reply_moved(chain: Chain, rows: list[Line]) -> _Changed:
    """Their file names another phone, one that never wrote to us."""
    msisdn = f"7705{rows[0].msisdn[4:]}"
    moved = [row._replace(msisdn=msisdn) for row in rows]
    return chain, moved, [Told(Class.DIFFERING, Cause.PHONE, rows[0].msisdn)]


def _reply_unanswered(chain: Chain, rows: list[Line]) -> _Changed:
    """The link broke before the response: we do not know that it was sent, they do."""
    unknown = tuple(
        each._replace(state=ReplyState.UNKNOWN, message_id=None, submitted_us=None, done_us=None)
        for each in chain.replies
    )
    told = [Told(Class.ONLY_THEIRS, Cause.NOT_ACKNOWLEDGED, rows[0].msisdn)] * 2
    return chain._replace(replies=unknown), rows, told


def _reply_refused(chain: Chain, rows: list[Line]) -> _Changed:
    """They refused it: neither side counts it."""
    failed = tuple(each._replace(state=ReplyState.FAILED) for each in chain.replies)
    return chain._replace(replies=failed), [], []
