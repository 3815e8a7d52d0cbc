"""A month's acts with operators: their figures, gathered from the journal in one pass.

What stands in it is decided by `months.Window`: the entries of the month's questions that were
booked before its close, and those of earlier months that were booked too late for theirs. The
operator of a call is the `[[ivr]]` table it came by, as in the billing file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from gateway.billing.figures import Carried, Figures, Payer, Reason, Settled, Terms, Waiting
from gateway.billing.months import Midnight, Month, Window, window
from gateway.billing.reconciled import Summary
from gateway.billing.rows import outcome_of
from gateway.billing.totals import Currency, Line, PayerTally, Tally, taxed, total_of
from gateway.clock import made_us
from gateway.core.call_records import CallTrace
from gateway.core.cdr import Entry, EntryKind
from gateway.core.ledger import ChainState, kept_tiyn, state_of
from gateway.core.records import Chain
from gateway.core.results import Result
from gateway.core.tariff import FREE_NUMBER
from gateway.core.tariff_failed import Failure
from gateway.core.tariff_shares import Shares
from gateway.store.journal import Journal

CARRIED_KEPT_MAX = 100_000  # rows of earlier months that are told one by one; the rest is counted
UNANSWERED = "unanswered"  # in place of a result
DECISION = "decision"  # in place of a reason that is somebody's own words

K = TypeVar("K")

_REASONS = frozenset((*map(str, Result), *map(str, Failure), FREE_NUMBER))


class ActTerms(NamedTuple):
    """What acts are made by. `currency`: what they are in where no row says so."""

    currency: str
    shares: Shares
    midnight: Midnight


async def figures_of(
    journal: Journal,
    operator: str,
    month: Month,
    terms: ActTerms,
    reconciled: Summary | None = None,
) -> Figures:
    """The act of that operator's month. Memory use depends on nothing but the carried rows.

    Raises CurrencyError, StoreUnavailableError.
    """
    acts = _Acts(window(month, terms.midnight), terms.currency)
    await acts.gather(journal, terms.midnight(month.first), operator)
    return acts[operator].figures(terms.shares, reconciled)


async def figures_of_all(
    journal: Journal, month: Month, terms: ActTerms, reconciled: Mapping[str, Summary]
) -> list[Figures]:
    """The acts of whoever has rows in that month's act, or a summary, in alphabetical order; the
    month is read once for all of them. Otherwise as `figures_of`."""
    acts = _Acts(window(month, terms.midnight), terms.currency)
    await acts.gather(journal, terms.midnight(month.first), None)
    made = (
        acts[operator].figures(terms.shares, reconciled.get(operator))
        for operator in sorted(acts.keys() | reconciled.keys())
    )
    return [each for each in made if each.has_rows or each.reconciled]


class _Acts(dict[str, "_Gathering"]):
    """The acts of a month on their way, by operator."""

    def __init__(self, bounds: Window, currency: str) -> None:
        super().__init__()
        self._window, self._currency = bounds, currency

    def __missing__(self, operator: str) -> _Gathering:
        made = self[operator] = _Gathering(operator, self._window, self._currency)
        return made

    async def gather(self, journal: Journal, begins_us: int, only: str | None) -> None:
        """Read the month, which begins at that moment; `only`: of that operator."""
        month = self._window.month
        days = month.days()
        async for chain in journal.chains(days[0], days[-1], only):
            self[chain.operator].own(chain)
        late = journal.chains_booked(days[0], begins_us, self._window.closes_us, only)
        async for chain in late:
            self[chain.operator].earlier(chain)
        async for trace in journal.call_legs(month.before.days()[0], days[-1], only):
            self[trace.leg.link].leg(trace)


class _Kept:
    """What one month's questions add to an act."""

    __slots__ = ("by_vat", "messages")

    def __init__(self) -> None:
        self.messages = 0
        self.by_vat: dict[int, int] = {}

    def add(self, entries: Iterable[Entry], messages: int) -> None:
        self.messages += messages
        if kept := kept_tiyn(taken := tuple(entries)):
            vat_bp = taken[0].vat_bp
            self.by_vat[vat_bp] = self.by_vat.get(vat_bp, 0) + kept


class _Gathering:
    """The figures on their way."""

    def __init__(self, operator: str, bounds: Window, currency: str) -> None:
        self._operator = operator
        self._window = bounds
        self._month = bounds.month
        self._currency = Currency()
        self._usual_currency = currency
        self._groups: dict[tuple[str, str, int], Tally] = {}  # result, channel, day
        self._duplicates = 0
        self._out: dict[str, int] = {}
        self._voided = self._provisional = Waiting(0, 0)
        self._reasons: dict[tuple[str, str], Reason] = {}
        self._kept: dict[Month, _Kept] = {bounds.month: _Kept()}
        self._carried: list[Carried] = []
        self._carried_count = 0
        self._payers: dict[str, PayerTally] = {}
        self._calls_carried_tiyn = 0

    def own(self, chain: Chain) -> None:
        """A question of the month."""
        takes = self._window.takes
        entries = [each for each in chain.entries if takes(each.day, each.at_us)]
        group = (self._result(chain), chain.channel, chain.day)
        tally = self._groups.get(group)
        if tally is None:
            tally = self._groups[group] = Tally()
        tally.question(chain.parts)
        self._duplicates += chain.duplicates
        self._send(chain)
        if not entries:
            return
        tally.book(entries)
        self._currency.agree(f"question {chain.question_id}", entries[0].currency)
        self._kept[self._month].add(entries, kept_tiyn(entries) > 0)
        if state_of(entries) is ChainState.RATED:
            self._provisional = _waiting(self._provisional, entries[0].amount_tiyn)
        for entry in entries[1:]:
            self._explain(entry)

    def earlier(self, chain: Chain) -> None:
        """A question of an earlier month, with something that may belong to this act."""
        takes = self._window.takes
        entries = [each for each in chain.entries if takes(each.day, each.at_us)]
        if not entries:
            return
        self._send(chain, self._window.opens_us)
        before = kept_tiyn([each for each in chain.entries if self._stood_before(each)])
        after = before + kept_tiyn(entries)
        self._currency.agree(f"question {chain.question_id}", entries[0].currency)
        kept = self._kept.setdefault(Month.of(chain.day), _Kept())
        kept.add(entries, (after > 0) - (before > 0))
        for entry in entries:
            self._explain(entry)
            self._carried_count += 1
            if len(self._carried) < CARRIED_KEPT_MAX:
                self._carried.append(
                    Carried(
                        chain.question_id,
                        chain.day,
                        str(entry.kind),
                        entry.reason,
                        entry.amount_tiyn,
                        entry.at_us,
                        entry.key,
                    )
                )

    def leg(self, trace: CallTrace) -> None:
        """A call of the month, or of the one before it."""
        own = Month.of(trace.leg.day) == self._month
        if own and not trace.records:
            self._payers.setdefault("", PayerTally()).leg(trace)
        seconds = owed = 0
        for number, record in enumerate(trace.records):
            billable_s, payer_tiyn = record.billable_s - seconds, record.amount_tiyn - owed
            seconds, owed = record.billable_s, record.amount_tiyn
            payer = self._payers.get(record.payer) or PayerTally()
            if own and number == 0:
                payer.leg(trace)
                self._payers[record.payer] = payer
            if self._window.takes(trace.leg.day, made_us(record.id)):
                self._currency.agree(f"call record {record.id}", record.currency)
                payer.book(billable_s, payer_tiyn, record.vat_bp)
                self._payers[record.payer] = payer
                if not own:
                    self._calls_carried_tiyn += payer_tiyn

    def figures(self, shares: Shares, reconciled: Summary | None) -> Figures:
        groups = [(group, tally.line) for group, tally in self._groups.items()]
        by_day = _folded((day, line) for (_, _, day), line in groups)
        nothing = total_of(())
        earlier = sorted(month for month in self._kept if month != self._month)
        return Figures(
            operator=self._operator,
            month=self._month,
            currency=self._currency.code or self._usual_currency,
            by_result=_in_order((result, line) for (result, _, _), line in groups),
            by_channel=_in_order((channel, line) for (_, channel, _), line in groups),
            by_day=tuple((day, by_day.get(day, nothing)) for day in self._month.days()),
            duplicates=self._duplicates,
            out=tuple(sorted(self._out.items(), key=lambda each: (-each[1], each[0]))),
            voided=self._voided,
            provisional=self._provisional,
            reasons=tuple(sorted(self._reasons.values())),
            settled=tuple(self._settled(month, shares) for month in (self._month, *earlier)),
            carried=tuple(self._carried),
            carried_count=self._carried_count,
            calls=tuple(
                Payer(name, payer.line, taxed(payer.by_vat))
                for name, payer in sorted(self._payers.items())
            ),
            calls_carried_tiyn=self._calls_carried_tiyn,
            reconciled=reconciled,
        )

    def _settled(self, month: Month, shares: Shares) -> Settled:
        kept = self._kept[month]
        rule = shares.rule(self._operator, month.first)
        split = shares.split(self._operator, month.first, kept.by_vat, kept.messages)
        return Settled(
            month,
            kept.messages,
            taxed(kept.by_vat),
            Terms(rule.id, str(rule.side), rule.part_bp, rule.flat_tiyn),
            split.operator_tiyn,
            split.owner_tiyn,
        )

    def _send(self, chain: Chain, from_us: int = 0) -> None:
        """The replies that were made before the close, by their fate, which is known by then."""
        for reply in chain.replies:
            if from_us <= made_us(reply.id) < self._window.closes_us:
                outcome = outcome_of(reply)
                self._out[outcome] = self._out.get(outcome, 0) + 1

    def _explain(self, entry: Entry) -> None:
        if entry.kind is EntryKind.VOIDED:
            self._voided = _waiting(self._voided, entry.amount_tiyn)
        elif entry.kind in (EntryKind.CREDITED, EntryKind.ADJUSTED):
            name = entry.reason if entry.reason in _REASONS else DECISION
            kind = str(entry.kind)
            seen = self._reasons.get((kind, name), Reason(kind, name, 0, 0))
            self._reasons[kind, name] = seen._replace(
                entries=seen.entries + 1, amount_tiyn=seen.amount_tiyn + entry.amount_tiyn
            )

    def _stood_before(self, entry: Entry) -> bool:
        """Whether an entry stands in an earlier act than this one."""
        return Month.of(entry.day) < self._month and entry.at_us < self._window.opens_us

    def _result(self, chain: Chain) -> str:
        """What a question had come to when the month was closed."""
        if chain.answered_us is not None and chain.answered_us < self._window.closes_us:
            return chain.result or UNANSWERED
        rated = next((e for e in chain.entries if self._window.takes(e.day, e.at_us)), None)
        return rated.result if rated else UNANSWERED


def _waiting(sums: Waiting, amount_tiyn: int) -> Waiting:
    return Waiting(sums.questions + 1, sums.amount_tiyn + amount_tiyn)


def _folded(groups: Iterable[tuple[K, Line]]) -> dict[K, Line]:
    lines: dict[K, list[Line]] = {}
    for key, line in groups:
        lines.setdefault(key, []).append(line)
    return {key: total_of(each) for key, each in lines.items()}


def _in_order(groups: Iterable[tuple[str, Line]]) -> tuple[tuple[str, Line], ...]:
    """The largest group first."""
    lines = _folded(groups).items()
    return tuple(sorted(lines, key=lambda each: (-each[1].questions, each[0])))
