"""Whether the rows of money are those that were sealed: one pass over all seals and all rows, both
in their order. Memory use does not depend on their number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from gateway.billing.sealed.broken import diagnose
from gateway.billing.sealed.found import SealFinding, word_of
from gateway.billing.sealed.heads import SEALS_PAGE, Head
from gateway.billing.sealed.held import Against, Heads, Witness
from gateway.billing.sealed.odd import Odd, chain_after
from gateway.billing.sealed.rows import row_findings
from gateway.billing.sealed.window import Window
from gateway.core.seal import FIRST_CHAIN, RowKind, Seal, SealedRow, named, root
from gateway.store.journal import Journal

FINDINGS_KEPT_MAX = 1_000  # told one by one; the rest is only counted
RAISED_MAX = 4  # marks of what is older than sealing that are brought down step by step
ODD_MAX = 500  # seals that do not fit and are looked into
ODD_ROWS_MAX = 50_000  # rows that these name

_BELOW_ALL = -(1 << 63)


class SealReport(NamedTuple):
    """What was looked at and what is wrong with it.

    `findings` are the first ones, `findings_count` counts all.
    """

    node: str
    seals: int
    rows: int  # that seals name
    older: int  # than sealing: nothing is known of them
    last_batch: int  # of the last seal; 0: there is none
    witnessed: int | None  # the last commit that the witness knows; None: there is no witness
    heads: int  # published heads that the chain has
    findings: tuple[SealFinding, ...]
    findings_count: int


async def verify_seals(
    journal: Journal,
    key: bytes,
    heads: Sequence[Head] = (),
    day_of: Callable[[int], int] | None = None,
) -> SealReport:
    """Check all seals against their chain, all rows against their seals, and both against the
    witness and these published heads.

    `day_of`: the civil day (YYYYMMDD) of a moment; with it the roots over the days of `heads` are
    checked too. What the service commits meanwhile is checked or left out. Raises
    StoreUnavailableError.
    """
    # Before anything else is read: the journal may be ahead of it, never behind.
    seen = await journal.witnessed()
    sealing = await journal.sealing()
    losses = await journal.losses()
    marks = {RowKind.ENTRY: sealing.after_entry, RowKind.CALL_RECORD: sealing.after_record}
    raised: list[SealFinding] = []
    while True:
        witness, published = Witness(seen, losses), Heads(sealing.node, heads, losses, day_of)
        check = await _passed(journal, key, sealing.node, marks, (witness, published))
        if not check.below:
            break
        for kind, least in check.below.items():
            raised.append(_raised(kind, marks[kind], least))
            # The next pass takes all rows for sealed where it cannot know better.
            marks[kind] = least - 1 if len(raised) < RAISED_MAX else 0
    findings = [_strange(name) for name in await journal.strangers()]
    findings += raised + await check.findings()
    lost = None if findings else await journal.missing()
    if lost is not None:
        told = f"commits are missing: {lost}, which the witness has seen"
        findings.append(SealFinding("seal", lost.last_batch, "seals_cut", told))
    return SealReport(
        sealing.node, check.seals, check.rows, check.older, check.last.batch, witness.batch,
        published.met, tuple(findings[:FINDINGS_KEPT_MAX]), len(findings) + check.untold,
    )  # fmt: skip


async def _passed(
    journal: Journal,
    key: bytes,
    node: str,
    marks: Mapping[RowKind, int],
    against: Sequence[Against],
) -> _Check:
    try:
        async with asyncio.TaskGroup() as tasks:
            check = _Check(journal, key, node, marks, against, tasks)
            try:
                await check.run()
            finally:
                check.close()
    except* Exception as group:
        raise group.exceptions[0] from None
    return check


def _strange(name: str) -> SealFinding:
    told = f"the trigger {name!r} is none of the journal's: it may act within its commits"
    return SealFinding("trigger", 0, "trigger_added", told, key=name)


def _raised(kind: RowKind, mark: int, least: int) -> SealFinding:
    told = f"rows up to {kind.word} {mark} are said to be older than sealing, and {least} is sealed"
    return SealFinding(kind.word, mark, "older_rows", told)


class _Check:
    """One pass; `close` ends what it still reads. `marks`: rows up to these ids are older than
    sealing."""

    def __init__(
        self,
        journal: Journal,
        key: bytes,
        node: str,
        marks: Mapping[RowKind, int],
        against: Sequence[Against],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._journal = journal
        self._key = key
        self._node = node
        self._after = dict.fromkeys(RowKind, 0) | dict(marks)
        self._windows: dict[int, Window] = {
            kind: Window(partial(journal.sealed_rows, kind), after, tasks)
            for kind, after in self._after.items()
        }
        self._against = against
        self.seals = 0
        self.rows = 0
        self.older = 0
        self.last = Seal(0, 0, 0, b"", b"", FIRST_CHAIN)
        self._through = _BELOW_ALL  # seals have been read up to this one
        self.untold = 0  # findings that are only counted
        self._told: list[SealFinding] = []
        self._last_entry = self._after[RowKind.ENTRY]  # that a seal has named
        self._odd: list[Odd] = []
        self._odd_rows = 0
        self.below: dict[RowKind, int] = {}
        """Marks that are too high: the least id below each that a seal names. The pass ends."""
        self._behind: list[Odd] = []  # that wait for the first entry named by seals after them

    def close(self) -> None:
        for window in self._windows.values():
            window.close()

    async def run(self) -> None:
        await self._older_rows()
        await self._new_seals()
        if self.below:
            return
        ends = {kind: await window.to_the_end() for kind, window in self._windows.items()}
        # Whatever row was read by now, its seal is there to be read: they were committed together.
        await self._new_seals()
        for kind, window in self._windows.items():
            window.leave(ends[kind])

    async def _older_rows(self) -> None:
        """Rows from before sealing are counted; ids below 1 nobody gives out."""
        for kind, after in self._after.items():
            count = await self._journal.rows_through(kind, after)
            page = await self._journal.sealed_rows(kind, _BELOW_ALL, FINDINGS_KEPT_MAX)
            for id_, row in page:
                if id_ < 1:
                    self._windows[kind].put_in(id_, row)
                    count -= 1
            if kind is RowKind.ENTRY and count != after:
                told = f"of {after} entries from before sealing {count} are there"
                self._told.append(SealFinding(word_of(kind), after, "older_rows", told))
            self.older += count

    async def _new_seals(self) -> None:
        while not self.below and (page := await self._journal.seals(self._through, SEALS_PAGE)):
            for seal in page:
                await self._seal(seal)
            self._through = page[-1].batch
            for kind, window in self._windows.items():
                if window.below is not None:
                    self.below[RowKind(kind)] = window.below

    async def _seal(self, seal: Seal) -> None:
        # Hot: runs for every row of the ledger.
        windows = self._windows
        try:
            names = list(named(seal.leaves))
        except ValueError:
            names = []
        leaves: list[bytes | None] = []
        fit = True
        for kind, id_, head in names:
            window = windows.get(kind)
            if window is None:
                found = None
            else:
                found = window.ahead.pop(id_, None) or await window.seek(id_)
            leaves.append(found)
            if found is None or found[:8] != head:
                fit = False
        count, top = seal.count, seal.root
        last = self.last
        due = chain_after(self._key, self._node, last.chain, seal.batch, seal)
        whole = fit and len(leaves) == count and root([each for each in leaves if each]) == top
        odd = None
        if not whole or due != seal.chain:
            facts = (seal, self.seals, last.chain, due, tuple(names), tuple(leaves))
            odd = Odd(*facts, self._last_entry, batch_before=last.batch)
        if whole and names:
            self._entries(names)
        if odd is not None:
            self._put_aside(odd)
        for each in self._against:
            each.seal(seal, due)
        self.seals += 1
        self.rows += len(names)
        self.last = seal

    def _entries(self, names: Sequence[SealedRow]) -> None:
        """Note between which entries seals stand; in a seal entries come first, by their ids."""
        if names[0].kind != RowKind.ENTRY:
            return
        for odd in self._behind:
            odd.high = names[0].id
        self._behind.clear()
        last = names[-1]
        if last.kind != RowKind.ENTRY:
            last = [name for name in names if name.kind == RowKind.ENTRY][-1]
        self._last_entry = max(self._last_entry, last.id)

    def _put_aside(self, odd: Odd) -> None:
        if len(self._odd) >= ODD_MAX or self._odd_rows > ODD_ROWS_MAX:
            self.untold += 1
            return
        self._odd.append(odd)
        self._odd_rows += len(odd.names)
        self._behind.append(odd)

    async def findings(self) -> list[SealFinding]:
        """All that is wrong, after `run`."""
        windows = self._windows.items()
        unnamed = {(kind, id_): hashed for kind, window in windows
                   for id_, hashed in window.unnamed.items()}  # fmt: skip
        again = frozenset((kind, id_) for kind, window in windows for id_ in window.again)
        self.untold += sum(each.unnamed_count - len(each.unnamed) for _, each in windows)
        attested = frozenset(chain for each in self._against for chain in each.attested())
        told = diagnose(self._odd, unnamed, again, self._key, self._node, attested)
        self.untold += max(0, len(told.torn) - FINDINGS_KEPT_MAX)
        rows = await row_findings(self._journal, told.torn[:FINDINGS_KEPT_MAX], told.unnamed)
        elsewhere = {odd.seal.chain for odd in self._odd if not odd.chained}
        held = [finding for each in self._against for finding in each.findings(elsewhere)]
        return rows + told.findings + self._told + held
