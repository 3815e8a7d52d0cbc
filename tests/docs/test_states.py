"""The diagrams of docs/reference/states.md and the tables of statuses.md are those of the code."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from itertools import product
from pathlib import Path

from gateway.core import delivery
from gateway.core.cdr import ChargePoint
from gateway.core.delivery import Policy, Verdict
from gateway.core.ledger import MOVES, ChainState
from gateway.core.records import (
    Outcome,
    Question,
    QuestionState,
    ReceiptSeen,
    Reply,
    ReplyState,
)
from gateway.core.results import Result
from gateway.store import Journal, open_store
from smpp.library import status_name
from smpp.links import SessionLimits
from smpp.messages import ReceiptState, SubmitEnd, SubmitResult
from smpp.status import (
    ACTIONS,
    BIND_BACKOFFS_S,
    CONFIGURATION_FAILURES_MAX,
    RETRY_DELAYS_S,
    VENDOR_RETRY_DELAYS_S,
    Action,
    BindAction,
    bind_action,
)
from tests.support.journal import AT, KEYS, answer, chain_of, question, receipt, reply, states
from tests.support.pages import DOCS, ROOT, blocks, read, section, table

PAGE = "reference/states.md"
STATUSES = "reference/statuses.md"
FREE = Policy(resend_unknown=True, charge_on_submit=True)


def drawn(place: int) -> str:
    """The page's diagrams, in their order."""
    return [block.body for block in blocks(DOCS / PAGE) if block.info == ("mermaid",)][place]


def diagram(start: str, arrows: Iterable[str]) -> str:
    lines = [f"[*] --> {start}", *sorted(arrows)]
    return "stateDiagram-v2\n" + "".join(f"    {line}\n" for line in lines)


# -- the ledger: a table in the code


def test_the_chain_is_drawn_from_the_table_of_moves() -> None:
    points: dict[tuple[str, str, str], list[ChargePoint]] = {}
    for (state, point, kind), after in MOVES.items():
        points.setdefault((state, after, kind), []).append(point)
    arrows = [
        f"{state} --> {after}: {kind} ({', '.join(allowed)})"
        for (state, after, kind), allowed in points.items()
    ]
    assert drawn(2) == diagram(ChainState.NEW, arrows)


def test_states_have_their_rows() -> None:
    page = read(PAGE)
    assert {state.name.lower() for state in QuestionState} == set(
        table(section(page, "A question").body)
    )
    assert set(table(section(page, "A reply").body)) == {s.name.lower() for s in ReplyState}
    assert set(table(section(page, "A chain of ledger entries").body)) == {
        *ChainState,
        *ChargePoint,
    }


def test_results_have_their_rows_and_those_never_given_say_so() -> None:
    rows = table(section(read(PAGE), "Results").body)
    assert list(rows) == [str(result) for result in Result]
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "gateway").rglob("*.py")
        if path.name != "results.py"
    )
    for result in Result:
        given = re.search(rf"\bResult\.{result.name}\b", sources) is not None
        assert rows[result][0].startswith("never given") != given, result


# -- questions and replies: what the store does with what the gateway asks of it


async def test_a_question_moves_as_drawn(tmp_path: Path) -> None:
    journal = await open_store(f"sqlite://{tmp_path}/journal.db", keys=KEYS)
    try:
        arrows = {arrow async for arrow in question_arrows(journal)}
    finally:
        await journal.close()
    assert drawn(0) == diagram("accepted", arrows)


async def question_arrows(journal: Journal) -> AsyncIterator[str]:
    """What an answer makes of a question that is owed, and a replay of any."""
    for n, (before, after) in enumerate(product(QuestionState, QuestionState), start=1):
        asked = question(n)
        await journal.take([asked])
        if before is not QuestionState.ACCEPTED:
            await journal.take([], [answer(asked, state=before)])
        owed = {each.question.id for each in await journal.owed(0, 1_000)}
        if after is QuestionState.ACCEPTED:
            await journal.unpark([asked.id])
        elif asked.id in owed:
            second = reply(asked, ordinal=1)
            await journal.take([], [answer(asked, second, state=after)])
        now = (await chain_of(journal, asked)).state
        if now is not before:
            yield f"{before.name.lower()} --> {now.name.lower()}"


async def test_a_reply_moves_as_drawn(tmp_path: Path) -> None:
    journal = await open_store(f"sqlite://{tmp_path}/journal.db", keys=KEYS)
    try:
        arrows = {arrow async for arrow in reply_arrows(journal)}
    finally:
        await journal.close()
    assert drawn(1) == diagram("queued", arrows)


async def reply_arrows(journal: Journal) -> AsyncIterator[str]:
    """What a claim, a receipt, and each decision for a reply in that state make of it."""
    n = 0
    for before in ReplyState:
        for event in range(len(events(before, reply(question())))):
            n += 1
            asked = question(n)
            one = await brought(journal, asked, before)
            event_of = events(before, one)[event]
            if isinstance(event_of, Outcome):
                await journal.settle([event_of])
            elif isinstance(event_of, ReceiptSeen):
                await journal.receipts([event_of])
            else:
                await journal.claim([one.id], AT)
            (now,) = await states(journal, asked)
            if now is not before:
                yield f"{before.name.lower()} --> {now.name.lower()}"


async def brought(journal: Journal, asked: Question, to: ReplyState) -> Reply:
    """A reply in that state."""
    first = to if to is ReplyState.QUEUED else ReplyState.SUBMITTING
    one = reply(asked, state=first)
    await journal.take([asked], [answer(asked, one)])
    received = to in {ReplyState.DELIVERED, ReplyState.UNDELIVERED}
    if to not in {ReplyState.QUEUED, ReplyState.SUBMITTING}:
        settled = ReplyState.SUBMITTED if received else to
        await journal.settle([Outcome(one.id, settled, canonical_id=f"id{one.id}", at_us=AT)])
    if received:
        await journal.receipts([receipt(f"id{one.id}", state=to)])
    assert await states(journal, asked) == [to]
    return one


def events(state: ReplyState, one: Reply) -> list[Outcome | ReceiptSeen | None]:
    """A claim (None), receipts, and what gateway.core.delivery decides for a reply in that state:
    of one that is unknown, that it was answered late, or goes again."""
    receipts = [
        receipt(
            f"id{one.id}", state=after, charge=charge, reference=one.id & 0xFFFF,
            party=question(one.question_id // 1000).party,
        )
        for after, charge in (delivery.after_receipt(told, FREE) for told in ReceiptState)
    ]  # fmt: skip
    late = SubmitResult(one.id, SubmitEnd.ANSWERED, 0, "A1", "a1", late=True)
    outcomes = [delivery.answered_late(late, FREE, AT), delivery.resend(one, FREE, AT)]
    if state is not ReplyState.UNKNOWN:
        outcomes += [
            delivery.after_result(one, SubmitResult(one.id, end), Verdict(action, 5), FREE, AT)
            for end, action in product(SubmitEnd, Action)
        ]
        outcomes.append(delivery.expired(one, AT))
    return [None, *receipts, *outcomes]


# -- statuses of SMPP


def test_every_status_stands_by_its_action() -> None:
    page = read(STATUSES)
    rows = table(section(page, "Of a submit_sm").body)
    told = {action: cells[1].split(", ") for action, cells in rows.items()}
    assert told == {
        str(action): [named(status) for status, its in ACTIONS.items() if its is action]
        for action in Action
    }
    binds = table(section(page, "Of a bind").body)
    assert set(binds) == {str(action) for action in BindAction}
    for action in BindAction:
        known = [named(status) for status in range(0x100) if bind_action(status) is action]
        if action is not BindAction.BACKOFF:  # every other
            assert sorted(binds[action][1].split(", ")) == sorted(known)


def named(status: int) -> str:
    name = status_name(status)
    return (
        f"0x{status:02X} {name.removeprefix('ESME_')}"
        if name.startswith("ESME_")
        else f"0x{status:02X}"
    )


def test_waits_are_those_of_the_code() -> None:
    page = read(STATUSES)
    submit = section(page, "Of a submit_sm").body
    assert f"after {seconds(RETRY_DELAYS_S)}, then it has failed" in submit
    assert f"is retried after {seconds(VENDOR_RETRY_DELAYS_S)}." in submit
    assert f"again after {FREE.throttle_delay_s} s," in submit
    assert f"again after {FREE.rebind_delay_s} s;" in submit
    assert CONFIGURATION_FAILURES_MAX == 10
    assert f"pause the link for {SessionLimits().configuration_pause_s:.0f} s" in submit
    binds = table(section(page, "Of a bind").body)
    for action, delays in BIND_BACKOFFS_S.items():
        if action is not BindAction.BOUND:
            assert binds[action][0].startswith(seconds(delays))


def seconds(delays: tuple[int, ...]) -> str:
    return ", ".join(map(str, delays)) + " s"
