"""A run of the kit: the rows of a role in their order, each within its time, then the verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from smpp.conform import (
    rows_addresses,
    rows_bind,
    rows_coding,
    rows_commands,
    rows_flow,
    rows_framing,
    rows_idle,
    rows_long,
    rows_receipts,
    rows_seen,
    rows_sequence,
    rows_server,
    rows_server_bind,
    rows_submit,
)
from smpp.conform.bench import Bench
from smpp.conform.carried import replies_to
from smpp.conform.catalogue import ROWS
from smpp.conform.connection import Connection
from smpp.conform.options import Options
from smpp.conform.plays import Play, When, in_order
from smpp.conform.verdicts import FailedError, Result, Role, UntestableError, Verdict

_PLAYS: Final = (
    *rows_framing.PLAYS,
    *rows_sequence.PLAYS,
    *rows_bind.PLAYS,
    *rows_idle.PLAYS,
    *rows_commands.PLAYS,
    *rows_coding.PLAYS,
    *rows_long.PLAYS,
    *rows_receipts.PLAYS,
    *rows_submit.PLAYS,
    *rows_flow.PLAYS,
    *rows_addresses.PLAYS,
    *rows_server.PLAYS,
    *rows_server_bind.PLAYS,
    *rows_seen.PLAYS,
)


def plays_of(role: Role) -> dict[str, Play]:
    """The rows that the kit plays for a peer of this role, in the order it does."""
    mine = [each for each in _PLAYS if role in each.roles]
    return {each.row_id: each for each in sorted(mine, key=in_order)}


async def play(bench: Bench, begins: Callable[[str], None]) -> list[Result]:
    """Play what the options ask for; all rows in the catalogue's order. The bench has started.

    `begins` is told each row's id as it begins.
    """
    options, loop = bench.options, asyncio.get_running_loop()
    results: dict[str, Result] = {}
    ends_s = loop.time() + options.limit_s
    for row_id, each in plays_of(bench.role).items():
        reason = _left_out(each, options)
        left_s = ends_s - loop.time()
        if not reason and left_s <= 0:
            reason = _over(options)
        if reason:
            results[row_id] = Result(row_id, Verdict.SKIPPED, reason)
            continue
        if each.when is When.AFTER and bench.playing != "":
            bench.playing = ""
            await bench.changes.rest(min(options.settle_s, left_s))
        if each.when is not When.AFTER:
            bench.playing = row_id
        begins(row_id)
        result = results[row_id] = await _one(each, bench, left_s)
        bench.calm()
        if result.verdict is Verdict.FAILED:
            await _recover(bench)
    _judge_silence(bench, results)
    return [results.get(row_id) or _not_played(row_id, bench.role) for row_id in ROWS]


async def _one(each: Play, bench: Bench, left_s: float) -> Result:
    row_s = bench.options.row_s
    try:
        async with asyncio.timeout(min(row_s, left_s)):
            return Result(each.row_id, Verdict.PASSED, await each.run(bench))
    except FailedError as problem:
        return Result(each.row_id, Verdict.FAILED, str(problem))
    except UntestableError as problem:
        return Result(each.row_id, Verdict.UNTESTABLE, str(problem))
    except TimeoutError:
        if left_s < row_s:
            return Result(each.row_id, Verdict.SKIPPED, _over(bench.options))
        return Result(each.row_id, Verdict.FAILED, f"not done within {row_s:g} s")


def _over(options: Options) -> str:
    return f"the run's {options.limit_s:g} s were up"


async def _recover(bench: Bench) -> None:
    """A session that a row has spoilt is not to spoil the rows behind it."""
    if any([not await _lives(bench, each) for each in bench.connections.copy()]):
        bench.drop()


async def _lives(bench: Bench, connection: Connection) -> bool:
    if not connection.live:
        return True  # it is out of the way
    try:
        await bench.alive(connection)
    except FailedError:
        return False
    return bool(connection.mode)


def _left_out(each: Play, options: Options) -> str:
    if (options.only and each.row_id not in options.only) or each.row_id in options.without:
        return "not asked for"
    if each.when is When.REFUSING and not options.lock_out:
        return "accounts may get locked: play it with --lock-out"
    return ""


def _judge_silence(bench: Bench, results: dict[str, Result]) -> None:
    """Replies that should not have come, whenever they came, fail the row that provoked them."""
    came = replies_to(bench.carried)
    for msisdn, (row_id, most) in bench.replies_max.items():
        result = results.get(row_id)
        if came[msisdn] > most and result is not None and result.verdict is Verdict.PASSED:
            wanted = "none was to come" if most == 0 else f"{most} was to come"
            detail = f"it sent {came[msisdn]} replies where {wanted}"
            results[row_id] = Result(row_id, Verdict.FAILED, detail)


def _not_played(row_id: str, role: Role) -> Result:
    return Result(row_id, Verdict.NOT_PLAYED, ROWS[row_id].not_played[role])
