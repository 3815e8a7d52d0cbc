"""A month of four operators as it came to be, in the order of time: questions of every result and
their replies, calls, each operator's own file, and the truth about every difference between the
two. Differences of every cause are put in, those of tests.support.operator_files and those that
need a month's end, another kind of row or the ids of replies.

The same count and seed give the same month. A phone's messages lie ten days apart unless a
difference needs them close, so that the truth is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, NamedTuple

from gateway import config
from gateway.billing.months import Month
from gateway.billing.reconcile.records import Cause, Class
from gateway.clock import Ids
from gateway.core.ledger import open_chain
from gateway.core.records import Chain, ReplyState
from gateway.core.tariff import Tariffs
from tests.support.chains import question
from tests.support.months import CIVIL, RESULTS
from tests.support.operator_files import (
    HOUR,
    OPERATORS,
    SECOND,
    Happening,
    Line,
    Operator,
    Told,
    Traffic,
    chain_of,
    us,
)

MONTH: Final = Month(2026, 10)
FIRST_DAY, LAST_DAY = 20261001, 20261031
BEGINS, ENDS = us(2026, 10, 1), us(2026, 11, 1)
THEIR_LAG: Final = 2 * HOUR  # their month begins and ends so much later
CUT: Final = ENDS - 3 * HOUR  # the file of one operator ends here
QUIET: Final = 3 * 60 * SECOND  # around a border, where two clocks would disagree
QUIET_AFTER_CUT: Final = 33 * 60 * SECOND  # before this it cannot be told that a file is cut
CALM: Final = (BEGINS + 6 * HOUR, ENDS - 12 * HOUR)  # differences are put in between

SHORT, WITH_REPLIES = "south", "west"  # whose file is cut, whose file has the replies too
OUT, ASIDE = "OUT", "INF"  # kinds of rows: a reply; what a map leaves out for no good reason
THEIR_TEST_PHONE: Final = "77770000002"
NEVER_MET: Final = 9_000_000  # phones from here on never wrote to us
TARIFFS: Final = Tariffs.from_table(config.table("tariffs.toml"))
PAIDS: Final = tuple(result for result in RESULTS if result != "promised")


class Event(NamedTuple):
    """What came to be at one moment. `sides`: what each operator's file has of it, and must be
    told of it."""

    number: int  # from 0
    at_us: int
    chains: tuple[Chain, ...]
    sides: tuple[tuple[str, tuple[Line, ...], tuple[Told, ...]], ...]


class BusyMonth(Traffic):
    """`count` events, one in `every` of each operator's a difference."""

    def __init__(
        self, party: Callable[[str], str], *, count: int, every: int = 50, seed: int = 1
    ) -> None:
        super().__init__(party, count=count, every=every, seed=seed)
        self._phones = max(1, -(-count // len(OPERATORS)) // 3)
        borders = (self._before_their_month, self._after_our_month)
        both = [each for each in self._kinds if each not in borders] + [self._their_test]
        self._kinds_of = {
            each.name: [*(k for k in both if k != self._not_charged), self._aside]
            if each.name == WITH_REPLIES
            else both
            for each in OPERATORS
        }
        self._replies = (
            self._reply_missing, self._reply_twice, self._reply_moved, self._reply_unanswered,
        )  # fmt: skip

    def events(self) -> Iterator[Event]:
        random = Random(self._seed)
        span = ENDS + THEIR_LAG - BEGINS
        step = span // self._count
        if step < 2_000:
            raise ValueError(f"{self._count} events in a month leave no millisecond for each")
        for number in range(self._count):
            at_us = BEGINS + number * step + random.randrange(step - 1_000)
            place, which = divmod(number, len(OPERATORS))
            operator = OPERATORS[which]
            if _is_quiet(operator.name, at_us):
                continue
            msisdn = f"7{operator.prefix}{place % self._phones:07}"
            yield self._event(number, place, operator, msisdn, at_us, random)

    def _event(
        self, number: int, place: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Event:
        id_ = Ids(lambda: at_us)()
        calm = CALM[0] <= at_us < CALM[1]
        turn, odd = divmod(place, self._every)
        make = self._plain
        if calm and odd == 0:
            kinds = self._kinds_of[operator.name]
            make = kinds[turn % len(kinds)]
        happening = make(id_, operator, msisdn, at_us, random)
        if not calm:
            happening = _at_a_border(happening, at_us)
        sides = {operator.name: (list(happening.lines), list(happening.truth))}
        for whose, told in happening.of_others:
            sides.setdefault(whose, ([], []))[1].append(told)
        chains = happening.chains
        if any(chain.operator == WITH_REPLIES for chain in chains):
            odd_reply = calm and operator.name == WITH_REPLIES and odd == self._every // 2
            differ = self._replies[turn % len(self._replies)] if odd_reply else _reply
            lines, truth = sides.setdefault(WITH_REPLIES, ([], []))
            told_chains = []
            for chain in chains:
                told = differ(chain)
                if not calm:
                    told = told._replace(truth=_at_a_border(told, at_us).truth)
                told_chains.append(told.chains[0])
                lines += _kept(WITH_REPLIES, told.lines)
                truth += told.truth
            chains = tuple(told_chains)
        return Event(
            number,
            at_us,
            chains,
            tuple(
                (name, tuple(_kept(name, lines)), tuple(truth))
                for name, (lines, truth) in sides.items()
            ),
        )

    def _chain(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, **changes: Any
    ) -> Chain:
        """Of any result, rated by the shipped tariff."""
        made = chain_of(id_, operator.name, msisdn, at_us, self._party, **changes)
        result = PAIDS[(id_ >> 22) % len(PAIDS)]
        asked = question(
            id=id_, link=operator.name, operator=operator.name, party=made.party, msisdn=msisdn,
            received_us=at_us, day=made.day, parts=made.parts,
        )  # fmt: skip
        rated = TARIFFS.rate(
            operator=operator.name, channel="sms", on=CIVIL.day(at_us), result=result,
            parts=made.parts,
        )  # fmt: skip
        entries = open_chain(asked, rated, result, at_us + SECOND)
        return made._replace(result=result, entries=entries)

    def _late(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        made = super()._late(id_, operator, msisdn, at_us, random)
        line = made.lines[0]._replace(at_us=(BEGINS - 19 * 24 * HOUR) // SECOND * SECOND)
        return made._replace(lines=(line,))

    def _no_number(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        """Short enough for a column of fixed width."""
        return super()._no_number((id_ >> 22) % 10**10, operator, msisdn, at_us, random)

    def _their_test(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        line = self._line(operator, THEIR_TEST_PHONE, at_us, random)
        told = Told(Class.ONLY_THEIRS, Cause.TEST_PHONE, THEIR_TEST_PHONE)
        return Happening(operator.name, (), (line,), (told,))

    def _aside(
        self, id_: int, operator: Operator, msisdn: str, at_us: int, random: Random
    ) -> Happening:
        """Their map leaves out a row that is of a message of ours."""
        plain = self._plain(id_, operator, msisdn, at_us, random)
        return plain._replace(
            lines=(plain.lines[0]._replace(kind=ASIDE),),
            truth=(Told(Class.ONLY_OURS, Cause.LEFT_OUT, msisdn),),
        )

    def _reply_missing(self, chain: Chain) -> Happening:
        told = Told(Class.ONLY_OURS, Cause.UNKNOWN, chain.msisdn or "")
        return _reply(chain)._replace(lines=(), truth=(told,))

    def _reply_twice(self, chain: Chain) -> Happening:
        """Again an hour later, and so by its id alone."""
        plain = _reply(chain)
        (line,) = plain.lines
        again = line._replace(at_us=line.at_us + HOUR)
        told = Told(Class.ONLY_THEIRS, Cause.DUPLICATE, line.msisdn)
        return plain._replace(lines=(line, again), truth=(*plain.truth, told))

    def _reply_moved(self, chain: Chain) -> Happening:
        """Under a phone that never wrote to us."""
        plain = _reply(chain)
        (line,) = plain.lines
        other = f"{line.msisdn[:4]}{NEVER_MET + int(line.msisdn[4:]) % 1_000_000:07}"
        told = Told(Class.DIFFERING, Cause.PHONE, line.msisdn)
        return plain._replace(lines=(line._replace(msisdn=other),), truth=(told,))

    def _reply_unanswered(self, chain: Chain) -> Happening:
        """The link broke before the response: we do not know that it was sent, they do."""
        plain = _reply(chain)
        (reply,) = chain.replies
        unknown = reply._replace(
            state=ReplyState.UNKNOWN, message_id=None, submitted_us=None, done_us=None
        )
        told = Told(Class.ONLY_THEIRS, Cause.NOT_ACKNOWLEDGED, plain.lines[0].msisdn)
        return plain._replace(chains=(chain._replace(replies=(unknown,)),), truth=(told,))


def _reply(chain: Chain) -> Happening:
    """The reply as a row of the operator's, under the id that he gave it."""
    (reply,) = chain.replies
    assert reply.submitted_us is not None
    assert reply.message_id is not None
    assert chain.msisdn is not None
    line = Line(
        reply.submitted_us // SECOND * SECOND, chain.msisdn, price_tiyn=0, kind=OUT,
        ref=reply.message_id,
    )  # fmt: skip
    told = Told(Class.MATCHED, Cause.NONE, chain.msisdn)
    return Happening(chain.operator, (chain,), (line,), (told,))


def _at_a_border(plain: Happening, at_us: int) -> Happening:
    """A message that both sides have, where their month is not ours or the file is cut."""
    (told,) = plain.truth
    if at_us < BEGINS + THEIR_LAG:
        found = told._replace(cls=Class.ONLY_OURS, cause=Cause.MONTH_BORDER)
    elif plain.operator == SHORT and at_us >= CUT:
        found = told._replace(cls=Class.ONLY_OURS, cause=Cause.NOT_COVERED)
        if at_us >= ENDS:
            return plain._replace(truth=())
    elif at_us >= ENDS:
        found = told._replace(cls=Class.ONLY_THEIRS, cause=Cause.MONTH_BORDER)
    else:
        return plain
    return plain._replace(truth=(found,))


def _kept(operator: str, lines: list[Line] | tuple[Line, ...]) -> Iterator[Line]:
    """The lines that the operator's file of the month has; a late one of an earlier month too."""
    end = CUT if operator == SHORT else ENDS + THEIR_LAG
    for line in lines:
        if line.at_us >= end or BEGINS - HOUR <= line.at_us < BEGINS + THEIR_LAG:
            continue
        yield line


def _is_quiet(operator: str, at_us: int) -> bool:
    if operator == SHORT and CUT - QUIET <= at_us < CUT + QUIET_AFTER_CUT:
        return True
    borders = (BEGINS + THEIR_LAG, ENDS, ENDS + THEIR_LAG)
    return any(abs(at_us - border) < QUIET for border in borders)
