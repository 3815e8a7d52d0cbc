"""`jauap demo`: the whole service on this machine, played by citizens.

Two operators' SMSCs (the simulator), the gateway on SQLite, the IVR webhook and the web pages;
real SMPP and HTTP on loopback, the clock fixed, so that what is printed is always the same.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import msgspec

from gateway import app, config, logs
from gateway.clock import KAZAKHSTAN, Clock, fixed
from gateway.commands.demo_call import play_call
from gateway.commands.demo_print import Printer
from gateway.core.call_records import CallRecord
from gateway.core.records import Chain, ReplyState
from gateway.feeds.parts import registry_path
from gateway.keys import Keys, read_key_file
from gateway.parts import Parts
from gateway.settings import Settings, load
from lookup.registry.importing import import_bodies, import_tickets
from lookup.registry.source import Registry
from smpp.simulator import ReceiptForm, ReceiptPolicy, Smsc
from smpp.simulator.mo import Mo
from smpp.simulator.serve import terminal_lines

SECRET = "demo-pw"
WAIT_S = 15.0  # for anything that should happen at once
LOOK_S = 0.02  # between looks at the ledger
MOVING = (ReplyState.QUEUED, ReplyState.SUBMITTING, ReplyState.SUBMITTED, ReplyState.UNKNOWN)
CITIZENS_DAY = (20_261_120, 20_261_120)


class Stage(NamedTuple):
    """The running service and the world around it."""

    parts: Parts
    http: str
    operators: dict[str, Smsc]


@click.command()
def demo() -> None:
    """Play a conversation of citizens; at a terminal, stay up and take further messages."""
    asyncio.run(_demo())


async def _demo() -> None:
    script = config.table("demo/script.toml")
    printer = Printer(click.echo)
    async with _stage(script) as stage:
        seen: set[int] = set()
        sent: dict[tuple[str, str], Mo] = {}
        for text in script["text"]:
            await _play(stage, text, printer, seen, sent)
        public_url = load(config.folder() / "demo.toml").http.public_url
        heard = await play_call(stage.http, public_url, script["call"], SECRET)
        printer.call(script["call"], heard)
        chains = await _chains(stage)
        printer.call_entry(next(chain for chain in chains if chain.channel == "ivr"))
        printer.legs(await _legs(stage))
        printer.totals(chains)
        if sys.stdin.isatty():
            await _take_lines(stage, printer, seen)


async def _play(
    stage: Stage,
    text: dict[str, Any],
    printer: Printer,
    seen: set[int],
    sent: dict[tuple[str, str], Mo],
) -> None:
    smsc = stage.operators[text["operator"]]
    printer.question(text)
    same = (text["from"], text["says"])
    if text.get("again"):
        before = await _chains(stage)
        result = await smsc.redeliver(sent[same])
        after = await _chains(stage)
        entries = sum(len(chain.entries) for chain in after)
        unchanged = entries == sum(len(chain.entries) for chain in before)
        printer.again(result.ok, unchanged and len(after) == len(before))
        return
    result = await smsc.send_mo(*same)
    sent[same] = result.mo
    mt = await smsc.next_mt(text["from"], WAIT_S)
    chain = await _settled(stage, seen)
    printer.answered(result.attempts, chain)
    printer.reply(mt, chain)


async def _settled(stage: Stage, seen: set[int]) -> Chain:
    """The newest question, once its replies have come to rest."""
    async with asyncio.timeout(WAIT_S):
        while True:
            for chain in await _chains(stage):
                if chain.question_id not in seen and chain.replies:
                    if any(reply.state in MOVING for reply in chain.replies):
                        break
                    seen.add(chain.question_id)
                    return chain
            await asyncio.sleep(LOOK_S)


async def _chains(stage: Stage) -> list[Chain]:
    return [chain async for chain in stage.parts.journal.chains(*CITIZENS_DAY)]


async def _legs(stage: Stage) -> list[CallRecord]:
    """What became of each leg of the call, once all are closed."""
    async with asyncio.timeout(WAIT_S):
        while True:
            traces = [trace async for trace in stage.parts.journal.call_legs(*CITIZENS_DAY)]
            closed = [trace.last for trace in traces if trace.last is not None]
            if closed and len(closed) == len(traces):
                return closed
            await asyncio.sleep(LOOK_S)


async def _take_lines(stage: Stage, printer: Printer, seen: set[int]) -> None:
    """Lines `MSISDN text` (or a text alone) as further messages, until the input ends."""
    printer.invite(stage.http)
    operator, smsc = next(iter(stage.operators.items()))
    async for line in terminal_lines(sys.stdin.fileno()):
        head, _, rest = line.strip().partition(" ")
        whole = head.isascii() and head.isdecimal() and len(head) == 11 and bool(rest)
        msisdn, words = (head, rest) if whole else ("77010000099", line.strip())
        if not words:
            continue
        text = {"from": msisdn, "says": words, "operator": operator}
        printer.question(text)
        await smsc.send_mo(msisdn, words)
        try:
            mt = await smsc.next_mt(msisdn, 2.0)
        except TimeoutError:
            printer.silence()
            continue
        printer.reply(mt, await _settled(stage, seen))


@asynccontextmanager
async def _stage(script: dict[str, Any]) -> AsyncIterator[Stage]:
    """Everything up and bound; down again in reverse."""
    async with AsyncExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="jauap-demo-")))
        (folder / "secret").write_text(SECRET, encoding="ascii")
        now_us = fixed(script["clock"])
        operators: dict[str, Smsc] = {}
        base = load(config.folder() / "demo.toml")
        for link in base.link:
            ways = script["operator"][link.name]
            smsc = Smsc(
                password=SECRET,
                short_code=link.short_codes[0],
                ids=ways["ids"],
                form=ways["form"],
                dc0=ways["dc0"],
                receipts=ReceiptPolicy(form=ReceiptForm(ways["receipts"])),
                wall=lambda: _wall(now_us),
            )
            operators[link.name] = await held.enter_async_context(smsc)
        settings = _settings(base, folder, operators)
        keys = read_key_file(folder / "jauap.key", create=True)
        logs.configure(settings.logs.level, settings.logs.format, keys.log)
        await _import(settings, keys)
        stop = asyncio.Event()
        ready: asyncio.Future[tuple[Parts, str]] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            group.create_task(
                app.run(
                    settings,
                    keys,
                    clock=Clock(now_us),
                    stop=stop,
                    on_ready=lambda parts, http: ready.set_result((parts, http)),
                )
            )
            parts, http = await asyncio.wait_for(ready, WAIT_S)
            for smsc in operators.values():
                await smsc.bound(1, WAIT_S)
            yield Stage(parts, http, operators)
            stop.set()


def _settings(base: Settings, folder: Path, operators: dict[str, Smsc]) -> Settings:
    replace = msgspec.structs.replace
    secret = {"password_env": None, "password_file": str(folder / "secret")}
    return replace(
        base,
        store=replace(
            base.store, url=f"sqlite://{folder}/journal.db", key_file=str(folder / "jauap.key")
        ),
        link=tuple(replace(link, port=operators[link.name].port, **secret) for link in base.link),
        source=tuple(replace(source, path=f"{folder}/tickets.db") for source in base.source),
        ivr=tuple(
            replace(call, secret_env=None, secret_file=str(folder / "secret")) for call in base.ivr
        ),
    )


async def _import(settings: Settings, keys: Keys) -> None:
    path = registry_path(settings)
    # A copy: what is imported is locked, and its rejects are written beside it.
    feed = Path(shutil.copy(config.folder() / "demo" / "tickets.ndjson", path.parent))
    registry = await Registry.open(path, create=True)
    try:
        await import_bodies(registry, config.folder() / "demo" / "bodies.json")
        await import_tickets(registry, [feed], hash_phone=keys.owner)
    finally:
        await registry.close()


def _wall(now_us: Callable[[], int]) -> datetime:
    return datetime.fromtimestamp(now_us() // 1_000_000, KAZAKHSTAN)
