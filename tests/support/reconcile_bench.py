"""`python -m tests.support.reconcile_bench FOLDER [COUNT [OPERATORS]]`: a month of COUNT messages,
reconciled with each operator from a real journal and held against the truth about every difference;
beside it DuckDB's plain join of the same data. By hand: making the journal takes minutes. A folder
made once is used again.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from gateway.billing.reconcile.records import Cause, Class
from gateway.core.records import (
    Answer,
    Chain,
    Outcome,
    Question,
    QuestionState,
    ReceiptSeen,
    Reply,
    ReplyState,
)
from gateway.keys import KEY_OCTETS, Keys
from gateway.store import Journal, open_store
from smpp.message_ids import canonical_id
from tests.support.operator_files import (
    MONTH,
    OPERATORS,
    Operator,
    Traffic,
    counted,
    map_of,
    write_csv,
)
from tests.support.plain_join import plain_join, write_ours

BATCH = 2_000
EVERY = 100  # one message in so many differs


async def store(journal: Journal, chains: Sequence[Chain]) -> None:
    """As they came to be: asked, answered, submitted, received."""
    asked, answers, outcomes, receipts = [], [], [], []
    for chain in chains:
        trace = chain.replies[0]
        assert chain.msisdn is not None
        assert chain.answered_us is not None
        asked.append(
            Question(
                chain.question_id,
                chain.link,
                chain.operator,
                1,
                f"f{chain.question_id}",
                chain.party,
                chain.msisdn,
                chain.short_code,
                "sms",
                chain.received_us,
                chain.day,
                "lookup",
                None,
                chain.parts,
            )
        )
        out = Reply(
            trace.id, chain.question_id, 0, 1, 1, chain.link, chain.msisdn, "1012", "-",
            trace.text_id, 0, ReplyState.SUBMITTING, 0, chain.received_us + 10**12, receipt=True,
        )  # fmt: skip
        answers.append(
            Answer(
                chain.question_id,
                QuestionState.ANSWERED,
                "ru",
                chain.result or "status",
                None,
                chain.answered_us,
                (out,),
                chain.entries,
                None,
            )
        )
        if trace.message_id is None or trace.submitted_us is None or trace.done_us is None:
            outcomes.append(Outcome(trace.id, ReplyState.UNKNOWN, at_us=chain.answered_us))
            continue
        name = canonical_id(trace.message_id)
        outcomes.append(
            Outcome(
                trace.id, ReplyState.SUBMITTED, 0, trace.message_id, name, at_us=trace.submitted_us
            )
        )
        receipts.append(
            ReceiptSeen(
                chain.link,
                name,
                ReplyState.DELIVERED,
                "DELIVRD",
                "000",
                None,
                trace.done_us,
                party=chain.party,
            )
        )
    await journal.take(asked, answers)
    again = [
        each._replace(id=each.id + 60)
        for each, chain in zip(asked, chains, strict=True)
        if chain.duplicates
    ]
    await journal.take(again)
    await journal.settle(outcomes)
    await journal.receipts(receipts)


async def build(path: Path, traffic: Traffic) -> None:
    journal = await open_store(f"sqlite://{path}", keys=Keys(bytes(KEY_OCTETS)))
    try:
        every = (chain for each in traffic for chain in each.chains)
        while batch := list(islice(every, BATCH)):
            await store(journal, batch)
    finally:
        await journal.close()


def lay_out(folder: Path, traffic: Traffic, operators: tuple[Operator, ...]) -> None:
    """The journal, each operator's file and map, and what the command needs besides."""
    journal, key = folder / "journal.db", folder / "key"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "part.db"
    asyncio.run(build(part, traffic))
    part.rename(journal)
    key.write_text("00" * KEY_OCTETS, encoding="ascii")
    key.chmod(0o600)
    (folder / "jauap.toml").write_text(
        f'[store]\nurl = "sqlite://{journal}"\nkey_file = "{key}"\n', encoding="utf-8"
    )
    for operator in operators:
        name = operator.name
        write_csv(folder / f"{name}.csv", sorted(traffic.lines(name)), encoding="utf-8")
        layout = toml(map_of(name, encoding="utf-8"))
        (folder / f"{name}.toml").write_text(layout, encoding="utf-8")


def run(folder: Path, name: str) -> dict[str, Any]:
    """The summary, from a process of its own."""
    done = subprocess.run(
        [
            Path(sys.executable).parent / "jauap", "ledger", "reconcile",
            "-c", folder / "jauap.toml", "--operator", name, "--month", str(MONTH),
            "--map", folder / f"{name}.toml", "--out", folder / f"out-{name}", "--json",
            folder / f"{name}.csv",
        ],
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(folder: Path, count: int, operators: tuple[Operator, ...]) -> None:
    traffic = Traffic(Keys(bytes(KEY_OCTETS)).party, count=count, every=EVERY, operators=operators)
    if not (folder / "journal.db").exists():
        lay_out(folder, traffic, operators)
    for operator in operators:
        name = operator.name
        began = perf_counter()
        summary = run(folder, name)
        took_s = perf_counter() - began
        peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        truth = counted(traffic.truth(name))
        matched = truth.pop((Class.MATCHED, Cause.NONE))
        told = {(each["class"], each["cause"]): each["rows"] for each in summary["causes"]}
        right = told == truth and summary["classes"]["matched"]["rows"] == matched
        ours = write_ours(
            folder / "ours.csv", (c for each in traffic for c in each.chains), name, 202611
        )
        began = perf_counter()
        joined = plain_join(ours, folder / f"{name}.csv", skew_s=summary["skew_s"])
        joined_s = perf_counter() - began
        say(json.dumps(summary, indent=1, ensure_ascii=False))
        say(f"{name}: {'as the truth has it' if right else f'NOT THE TRUTH: {truth}'}")
        say(f"jauap {took_s:.1f} s, {peak_kib / 1024:.0f} MiB; DuckDB {joined_s:.1f} s")
        alone = f"{len(joined.only_ours)} and {len(joined.only_theirs)}"
        say(f"DuckDB: {joined.pairs} pairs, alone {alone}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def toml(table: dict[str, object]) -> str:
    """The map as a file; JSON's texts, lists and flat tables are TOML's too."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = []
    for key, value in plain.items():
        if key == "leave_out":
            inner = [
                ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in each.items())
                for each in value
            ]
            lines.append(f"{key} = [{', '.join(f'{{{each}}}' for each in inner)}]")
        else:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    for key, value in table.items():
        if isinstance(value, dict):
            lines.append(f"[{key}]")
            lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000,
        OPERATORS[: int(sys.argv[3])] if len(sys.argv) > 3 else OPERATORS[:1],
    )
