"""A month of the ledger held against an operator's file: read both, join them, tell what is left.

Both sides go to disk first and come back a phone at a time, so that a file ten times as large
takes ten times as long and no more memory.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gateway.billing.forms import csv_line
from gateway.billing.reconcile.causes import Known, settle
from gateway.billing.reconcile.clocks import END_US, skew_us, their_month_us, zone_error_s
from gateway.billing.reconcile.earlier import EarlierError, Leftovers
from gateway.billing.reconcile.file_map import FileForm, RowIs
from gateway.billing.reconcile.folder import OutFolder
from gateway.billing.reconcile.month import day_at, span_us
from gateway.billing.reconcile.operator_file import FileRefusedError, OperatorFile
from gateway.billing.reconcile.phone import Terms
from gateway.billing.reconcile.records import SECOND_US, Cause, Class, Verdict
from gateway.billing.reconcile.scratch import Scratch
from gateway.billing.reconcile.sides import BATCH_ROWS, Job, Ledger, OurSide, TheirSide
from gateway.billing.reconcile.summary import FileRows, Heading, Tally
from gateway.billing.reconcile.told import BAD_COLUMNS, COLUMNS, line_of
from gateway.clock import KAZAKHSTAN
from lookup.feed.sheet_process import read_sheet

TOO_MANY_TIMES: Final = 3  # of our messages: whose rows are these?
DOUBLED_MIN: Final = 20  # rows
MINUTE_S: Final = 60
DAY_US: Final = 86_400 * SECOND_US  # more than zones and slow clocks can shift a month

__all__ = ["EarlierError", "FileRefusedError", "Job", "Ledger", "reconcile"]


async def reconcile(job: Job, ledger: Ledger, out: Path | None = None) -> dict[str, Any]:
    """The summary; with `out` that folder has it too, beside the rows that do not match.

    Raises FileRefusedError, EarlierError, OSError, and whatever reading the ledger raises; then
    `out` is what it was.
    """
    folder = OutFolder(out) if out else None
    scratch = Scratch()
    try:
        leftovers = Leftovers()
        await asyncio.to_thread(leftovers.read, job.earlier, job.operator, job.month)
        with TemporaryDirectory(prefix="jauap-") as place:
            file = await _open(job, Path(place) / "rows")
            theirs = TheirSide(job, file, scratch)
            await asyncio.to_thread(theirs.load)
        await asyncio.to_thread(theirs.add_earlier, leftovers)
        ours = OurSide(job, scratch, leftovers)
        await ours.load(ledger, theirs.may_have)
        settling = _Settling(job, scratch, theirs, ours, leftovers)
        return await asyncio.to_thread(settling.run, folder)
    except sqlite3.OperationalError as error:
        raise OSError(f"the temporary files cannot be written: {error}") from error
    finally:
        scratch.close()
        if folder:
            folder.close()


async def _open(job: Job, rows: Path) -> OperatorFile:
    if job.layout.form is not FileForm.XLSX:
        return OperatorFile(job.path, job.layout)
    facts = await read_sheet(job.path, rows)
    if facts.refused:
        raise FileRefusedError(f"{job.path}: {facts.refused}")
    file = OperatorFile(job.path, job.layout, rows, facts.columns)
    if facts.left_out:
        file.warnings.append(f"only the first sheet was read, not {', '.join(facts.left_out)}")
    return file


class _Settling:
    """Both sides are on disk: join them, count, tell."""

    def __init__(
        self, job: Job, scratch: Scratch, theirs: TheirSide, ours: OurSide, leftovers: Leftovers
    ) -> None:
        self._job, self._scratch = job, scratch
        self._theirs, self._ours = theirs, ours
        self._leftovers = leftovers
        self._border_found = 0
        self._tally = Tally()
        self.warnings = list(theirs.file.warnings)

    def run(self, folder: OutFolder | None) -> dict[str, Any]:
        job, theirs = self._job, self._theirs
        if job.layout.has_references:
            self._scratch.find_moved()
        terms = self._terms()
        known = self._known(terms)
        told: list[tuple[Class, int, bytes]] = []
        for ours, rows in self._scratch.phones():
            for verdict in settle(ours, rows, terms, known):
                self._count(verdict)
                if folder and verdict.cls is not Class.MATCHED:
                    told.append(line_of(verdict))
            if len(told) >= BATCH_ROWS:
                self._scratch.keep(told)
                told.clear()
        self._scratch.keep(told)
        assert self._tally.rows == theirs.compared, "a row of theirs was lost, or told twice"
        self._check_doubled()
        self._note_sizes()
        summary = self._tally.summary(
            Heading(
                job.operator,
                str(job.month),
                job.path.name,
                theirs.sha256,
                job.currency,
                self._leftovers.months,
                job.draft,
            ),
            FileRows(theirs.file.read, dict(sorted(theirs.left_out.items())), theirs.bad),
            job.layout.bands,
            terms.skew_us // SECOND_US,
            self.warnings,
        )
        if folder:
            self._tell(folder, summary)
        return summary

    def _count(self, verdict: Verdict) -> None:
        if verdict.cls is Class.LATE:
            assert verdict.ours is not None
            self._tally.add_late(verdict, day_at(verdict.ours.at_us, KAZAKHSTAN))
        else:
            self._tally.add(verdict)
        other = verdict.counterpart
        if other is not None and verdict.cause is Cause.MONTH_BORDER:
            self._border_found += (other.record, other.record_id) in self._leftovers.border

    def _terms(self) -> Terms:
        layout = self._job.layout
        window_us = layout.window_s * SECOND_US
        delays = self._scratch.delays_us()
        off_s = zone_error_s(delays, window_us)
        if off_s:
            side = "after" if off_s > 0 else "before"
            raise self._theirs.file.refuse(
                0,
                f"its times lie {abs(off_s) // MINUTE_S} minutes {side} ours: correct `zone` in "
                "the map",
            )
        skew = skew_us(delays, window_us)
        if abs(skew) >= SECOND_US * MINUTE_S:
            self.warnings.append(
                f"their clock is {skew // SECOND_US} s from ours; it was allowed for"
            )
        return Terms(
            window_us=window_us,
            skew_us=skew,
            step_us=(SECOND_US if layout.has_seconds else MINUTE_S * SECOND_US),
            per_part=layout.row_is is RowIs.PART,
        )

    def _known(self, terms: Terms) -> Known:
        job = self._job
        month_us = span_us(job.month, KAZAKHSTAN)
        around_us = month_us[0] - DAY_US, month_us[1] + DAY_US
        covered_us = self._scratch.covered_us(around_us)
        first_us, last_us = (at_us - terms.skew_us for at_us in covered_us)
        theirs_us = span_us(job.month, job.layout.month_zone)
        return Known(
            month_us=month_us,
            their_month_us=their_month_us(theirs_us, month_us, (first_us, last_us)),
            covered_us=(first_us - END_US, last_us + END_US),
            short_codes=frozenset(self._ours.codes),
            test_numbers=job.layout.test_numbers | job.free_numbers,
            prefixes=job.layout.prefixes,
            has_before=self._leftovers.has_before,
        )

    def _check_doubled(self) -> None:
        copies, rows = self._tally.count(Class.ONLY_THEIRS, Cause.DUPLICATE), self._tally.rows
        if rows >= DOUBLED_MIN and copies * 2 >= rows * 9 // 10:
            raise self._theirs.file.refuse(
                0, f"holds {copies} of {rows} rows twice: it is doubled; deliver each row once"
            )

    def _note_sizes(self) -> None:
        ours, theirs = self._ours.messages, self._tally.rows
        if theirs > TOO_MANY_TIMES * ours:
            self.warnings.append(
                f"the file has {theirs} rows, our month {ours} messages: does it hold other "
                "services' too? leave them out in the map"
            )
        uncovered = self._tally.count(Class.ONLY_OURS, Cause.NOT_COVERED)
        if uncovered:
            self.warnings.append(
                f"{uncovered} of our messages are older than the file's first row or newer than "
                "its last: is it whole?"
            )
        missing = len(self._leftovers.border) - self._border_found
        if missing:
            self.warnings.append(
                f"{missing} messages that {self._job.month.before} left to this month's file have "
                "no row in it either: ask for them"
            )
        if self._ours.unknown:
            self.warnings.append(
                f"{self._ours.unknown} messages that earlier months left over are not in the "
                "ledger: are the folders of this one?"
            )
        if self._theirs.bad:
            self.warnings.append(f"{self._theirs.bad} rows cannot be read; bad_rows.csv has them")

    def _tell(self, folder: OutFolder, summary: dict[str, Any]) -> None:
        for cls in (Class.ONLY_OURS, Class.ONLY_THEIRS, Class.DIFFERING, Class.LATE):
            folder.write(f"{cls}.csv", _with_header(COLUMNS, self._scratch.kept(cls)))
        folder.write("bad_rows.csv", _with_header(BAD_COLUMNS, self._scratch.kept_bad()))
        folder.write_summary(summary)
        folder.finish()


def _with_header(columns: tuple[str, ...], lines: Iterator[bytes]) -> Iterator[bytes]:
    yield csv_line(columns)
    yield from lines
