"""The writer's work apart from the stream of messages: recovery, replay, cleaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiosqlite
import msgspec

from gateway.core.call_records import KeptCallBack
from gateway.core.records import Finding, KeptFinding
from gateway.core.staff import Acting, Action, Outcome
from gateway.store.limits import (
    CALL_BACK_DONE_US,
    CALL_BACK_OPEN_US,
    CALL_BACK_TAKEN_US,
    DOUBTFUL_US,
    FINDING_US,
    MSISDN_US,
    ORPHAN_US,
    PURGE_ROWS,
    PURGE_SLICES_MAX,
    RECEIPT_US,
    REPEAT_US,
    REPLY_US,
)
from gateway.store.seal_verbs import Missing
from gateway.store.sqlfiles import queries
from gateway.store.sqlite_seals import CHORE, LOSS

_QUERIES = queries("sqlite_chores")
_ids = msgspec.json.Decoder(tuple[int | None, int | None])
_times = msgspec.json.Decoder(tuple[int | None])
_parties = msgspec.json.Decoder(tuple[str | None])
_NONE = "[]"


async def _change(
    connection: aiosqlite.Connection,
    query: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
) -> int:
    async with connection.execute(_QUERIES[query], parameters) as cursor:
        return cursor.rowcount


async def _slice(
    connection: aiosqlite.Connection, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> str:
    [(document,)] = await connection.execute_fetchall(_QUERIES[query], parameters)
    return str(document)


async def recover(connection: aiosqlite.Connection, now_us: int) -> int:
    """Whatever a dead process had claimed may have been sent; some of it has a receipt."""
    unknown = await _change(connection, "recover")
    proven = await _slice(connection, "unknown_with_receipts")
    if proven != _NONE:
        await connection.execute_fetchall(CHORE, (proven, None, now_us))
    return unknown


async def accept_loss(
    connection: aiosqlite.Connection, lost: Missing, by: Acting, reason: str, now_us: int
) -> None:
    """These commits are missing, and are not waited for any more."""
    record = by.record(now_us, Action.ACCEPT_LOSS, str(lost), Outcome.DONE, reason=reason)
    detail = msgspec.json.encode(record.detail).decode()
    row = (lost.first_batch, lost.last_batch, lost.chain.hex(), reason, *record[:6], detail)
    await connection.execute_fetchall(LOSS, row)


async def unpark(connection: aiosqlite.Connection, question_ids: Sequence[int]) -> int:
    """Those of the questions that are parked are owed again."""
    wanted = msgspec.json.encode(question_ids).decode()
    return await _change(connection, "unpark", (wanted,))


async def keep_findings(connection: aiosqlite.Connection, findings: Sequence[Finding]) -> None:
    rows = [
        (*found[:3], msgspec.json.encode(found.sources).decode(), *found[4:]) for found in findings
    ]
    await _change(connection, "keep_findings", (msgspec.json.encode(rows).decode(),))


async def clear_findings(connection: aiosqlite.Connection, ids: Sequence[int], now_us: int) -> int:
    """Those of the findings that are open and were not seen since."""
    return await _change(connection, "clear_findings", (msgspec.json.encode(ids).decode(), now_us))


async def tell_findings(
    connection: aiosqlite.Connection, findings: Sequence[KeptFinding], now_us: int
) -> None:
    """Whoever corrects them has been told, of these as they were found then."""
    keys = [(each.id, each.found_us) for each in findings]
    await _change(connection, "tell_findings", (msgspec.json.encode(keys).decode(), now_us))


async def keep_call_back(
    connection: aiosqlite.Connection, wanted: KeptCallBack, open_max: int
) -> bool:
    """Whether the caller waits now, or did before."""
    row = msgspec.json.encode(wanted).decode()
    await _change(connection, "keep_call_back", (row, open_max))
    found = await _slice(connection, "call_back_kept", (wanted.party, wanted.link, wanted.call_id))
    return found == "1"


async def take_call_back(connection: aiosqlite.Connection, id_: int, now_us: int) -> bool:
    terms = {"id": id_, "now_us": now_us, "taken_max_us": CALL_BACK_TAKEN_US}
    return await _change(connection, "take_call_back", terms) > 0


async def end_call_back(connection: aiosqlite.Connection, id_: int, now_us: int, note: str) -> bool:
    if not note:
        return await _change(connection, "hand_back_call_back", {"id": id_}) > 0
    terms = {"id": id_, "now_us": now_us, "note": note}
    return await _change(connection, "end_call_back", terms) > 0


class Cleaning:
    """Removes what has outlived its term, a bounded number of rows a call.

    Tables grow in the order of time, so what is old stands in front; where live rows stand in
    between, the place reached is remembered from call to call.
    """

    def __init__(self) -> None:
        self._fingerprint_after = -1
        self._party_after = ""
        self._part_after = -1

    async def clean(self, connection: aiosqlite.Connection, now_us: int) -> int:
        """Returns the rows removed or erased."""
        removed = await _change(
            connection,
            "purge_orphans",
            {"rows": PURGE_ROWS, "orphan_us": ORPHAN_US, "now_us": now_us},
        )
        removed += await _change(
            connection,
            "purge_replies",
            {"rows": PURGE_ROWS, "reply_us": REPLY_US, "now_us": now_us},
        )
        removed += await _change(
            connection,
            "purge_findings",
            {"rows": PURGE_ROWS, "finding_us": FINDING_US, "now_us": now_us},
        )
        removed += await _change(
            connection,
            "purge_call_backs",
            {
                "rows": PURGE_ROWS,
                "done_us": CALL_BACK_DONE_US,
                "open_us": CALL_BACK_OPEN_US,
                "now_us": now_us,
            },
        )
        for slice_of in (self._fingerprints, self._msisdns, self._parts):
            for _ in range(PURGE_SLICES_MAX):
                found, ended = await slice_of(connection, now_us)
                removed += found
                if found or ended:
                    break
        return removed + await _change(connection, "purge_sessions")

    async def _fingerprints(
        self, connection: aiosqlite.Connection, now_us: int
    ) -> tuple[int, bool]:
        """Rows removed from the next slice, and whether it was the last one."""
        after = self._fingerprint_after
        document = await _slice(connection, "slice_of_fingerprints", (after, PURGE_ROWS))
        through, latest_us = _ids.decode(document)
        if through is None or latest_us is None:
            self._fingerprint_after = -1
            return 0, True
        # Past a row that is live whatever its session, all others are younger still.
        ended = latest_us + REPEAT_US > now_us
        self._fingerprint_after = -1 if ended else through
        terms = {"repeat_us": REPEAT_US, "doubtful_us": DOUBTFUL_US, "now_us": now_us}
        bounds = {"after": after, "through": through}
        return await _change(connection, "purge_fingerprints", bounds | terms), ended

    async def _msisdns(self, connection: aiosqlite.Connection, now_us: int) -> tuple[int, bool]:
        after = self._party_after
        document = await _slice(connection, "slice_of_subscribers", (after, PURGE_ROWS))
        (through,) = _parties.decode(document)
        self._party_after = through or ""
        if through is None:
            return 0, True
        terms = {"msisdn_us": MSISDN_US, "now_us": now_us}
        bounds = {"after": after, "through": through}
        return await _change(connection, "purge_msisdns", bounds | terms), False

    async def _parts(self, connection: aiosqlite.Connection, now_us: int) -> tuple[int, bool]:
        """Parts of long replies whose own receipts are awaited no longer: the others' count."""
        after = self._part_after
        terms = {"receipt_us": RECEIPT_US, "now_us": now_us, "rows": PURGE_ROWS}
        (through,) = _times.decode(
            await _slice(connection, "slice_of_parts", {"after": after} | terms)
        )
        self._part_after = -1 if through is None else through
        if through is None:
            return 0, True
        fates = await _slice(connection, "fates_of_parts", {"after": after, "through": through})
        if fates == _NONE:
            return 0, False
        await connection.execute_fetchall(CHORE, (None, fates, now_us))
        return len(msgspec.json.decode(fates)), False
