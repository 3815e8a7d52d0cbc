"""The program as a process of its own: made ready in a folder, started, watched, killed, asked.

Nothing of the gateway is imported to run it: what tests learn of it comes over SMPP, over HTTP,
from its log on stderr and from its commands.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from gateway.keys import read_key_file
from lookup.registry.importing import import_bodies, import_tickets
from lookup.registry.source import Registry
from tests.support.tickets import ticket

DEMO = Path(__file__).parents[2] / "config" / "demo"
JAUAP = (str(Path(sys.executable).parent / "jauap"),)
SECRET = "s3cret"

FAR = "2099-12-31"  # due then: whatever the day of the test is, nothing is overdue

START_S = 20.0  # until ready; how long it really takes is what `start` returns
STOP_S = 40.0  # above the service's own limit of 30 s
COMMAND_S = 30.0
LOOK_S = 0.02


@dataclass(frozen=True)
class LinkTo:
    """A [[link]] of the settings: to a simulator's port."""

    name: str
    port: int
    profile: str = "default"
    bind: str = "transceiver"
    binds: int = 1
    window: int = 50
    tps_max: int = 0
    receipts: bool = True
    host: str = "127.0.0.1"
    system_id: str = "1012"
    short_codes: tuple[str, ...] = ("1012",)


class Finished(NamedTuple):
    """A command that ran to its end."""

    code: int
    out: str
    err: str


class Books(NamedTuple):
    """The ledger's export."""

    questions: list[dict[str, Any]]
    replies: list[dict[str, Any]]
    trailer: dict[str, Any]


async def a_look() -> None:
    """The pause between two looks at something that announces itself to nobody."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(LOOK_S, over.set_result, None)
    try:
        await over
    finally:
        timer.cancel()


async def until(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Look until it is true. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not true():
            await a_look()


def write_open_tickets(path: Path, start: int, count: int) -> Path:
    """Appeals under review whose answer does not change with the day of the test."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(start, start + count):
            row = ticket(number) | {"status": "in_review", "due_on": FAR, "forward_count": 0}
            file.write(json.dumps(row) + "\n")
    return path


def toml(table: dict[str, Any]) -> str:
    """One table's lines; JSON writes strings, numbers, booleans and lists as TOML does."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


async def make_folder(
    folder: Path,
    links: Sequence[LinkTo],
    *,
    tickets: Sequence[Path] = (DEMO / "tickets.ndjson",),
    level: str = "info",
    accounts: Sequence[dict[str, Any]] = (),
    smsc_tls: dict[str, Any] | None = None,
    more: str = "",
    **sections: dict[str, Any],
) -> Path:
    """Key, secret, registry and settings in `folder`; the path of the settings, which end with
    `more`.

    `sections` are further tables, such as `lookup={"batch_budget_ms": 10}`; with `accounts` others
    can bind to us, at `Service.smsc_port`.
    """
    keys = read_key_file(folder / "jauap.key", create=True)
    own = [Path(shutil.copy(each, folder / f"fed-{each.name}")) for each in tickets]
    (folder / "secret").write_text(SECRET, encoding="ascii")
    registry = await Registry.open(folder / "tickets.db", create=True)
    try:
        await import_bodies(registry, DEMO / "bodies.json")
        await import_tickets(registry, own, hash_phone=keys.owner, pause_ms=0)
    finally:
        await registry.close()
    store = {"url": f"sqlite://{folder}/journal.db", "key_file": f"{folder}/jauap.key"}
    tables = {"store": store, "http": {"listen": "127.0.0.1:0"}, "logs": {"level": level}}
    if accounts:
        tables["smsc"] = {"listen": "127.0.0.1:0"}
    for name, table in sections.items():
        tables[name] = tables.get(name, {}) | table
    if smsc_tls is not None:
        tables["smsc.tls"] = smsc_tls
    text = "".join(f"[{name}]\n{toml(table)}\n" for name, table in tables.items())
    for account in accounts:
        known = {"system_id": account["name"], "password_file": f"{folder}/secret"}
        text += f"[[smsc.account]]\n{toml(known | account)}\n"
    for link in links:
        text += f"[[link]]\n{toml(asdict(link) | {'password_file': f'{folder}/secret'})}\n"
    text += f"[[source]]\n{toml({'name': 'registry', 'path': f'{folder}/tickets.db'})}{more}"
    settings = folder / "jauap.toml"
    settings.write_text(text, encoding="utf-8")
    return settings


class _Process(asyncio.SubprocessProtocol):
    """What a process writes, and its end. `news` is set by either."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.news = asyncio.Event()
        self.over = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.octets += data
        self.news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()
        self.news.set()


class Service:
    """`jauap run -c settings`, again and again over the same folder.

    `program` runs something else than the console script, such as the gateway with a fault in it.
    """

    def __init__(self, settings: Path, program: Sequence[str] = JAUAP) -> None:
        self.settings = settings
        self.folder = settings.parent
        self.program = tuple(program)
        self.http = ""
        self.lives = 0
        self._written = bytearray()  # by the processes before this one
        self._process = _Process()
        self._process.over.set()
        self._transport: asyncio.SubprocessTransport | None = None

    # -- the process

    async def start(self, *, ready: bool = True) -> float:
        """Run it; the seconds until it was ready (or only started, with `ready` false)."""
        assert self._transport is None, "it runs already"
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._written += self._process.octets
        self._process = process = _Process()
        self._transport, _ = await loop.subprocess_exec(
            lambda: process,
            *self.program,
            "run",
            "-c",
            str(self.settings),
            stdin=None,
            cwd=self.folder,
        )
        self.lives += 1
        line = await self.logged("gateway_started", START_S)
        self.http = line["http"]
        if ready:
            await self.readiness(200, START_S)
        return loop.time() - began

    @property
    def smsc_port(self) -> int:
        """Where others bind to it."""
        (line,) = self.events("gateway_started")
        return int(line["smsc"].rpartition(":")[2])

    @property
    def pid(self) -> int:
        assert self._transport is not None, "it does not run"
        return self._transport.get_pid()

    @property
    def running(self) -> bool:
        return self._transport is not None and not self._process.over.is_set()

    def send(self, number: signal.Signals) -> None:
        """A signal to this very process, if it still lives."""
        if self.running:
            os.kill(self.pid, number)

    async def ended(self, timeout_s: float = STOP_S) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        assert self._transport is not None, "it does not run"
        async with asyncio.timeout(timeout_s):
            await self._process.over.wait()
        code = self._transport.get_returncode()
        self._transport.close()
        self._transport = None
        assert code is not None
        return code

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.send(signal.SIGTERM)
        return await self.ended()

    # -- what it says

    @property
    def written(self) -> str:
        """All that its processes wrote to stdout and stderr."""
        return (self._written + self._process.octets).decode(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of this life with that event name."""
        mark = b'"event":"%s"' % name.encode()
        lines = bytes(self._process.octets).splitlines()
        return [json.loads(line) for line in lines if mark in line]

    async def logged(self, name: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """Wait for a log line with that event name in this life; the first one."""
        process = self._process
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := self.events(name)):
                    assert not process.over.is_set(), f"it ended:\n{self.written[-4000:]}"
                    process.news.clear()
                    await process.news.wait()
        except TimeoutError:
            raise TimeoutError(f"no {name} within {timeout_s} s:\n{self.written[-4000:]}") from None
        return found[0]

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of an HTTP GET."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(self.http + path) as response,
            ):
                return response.status, await response.text()
        except aiohttp.ClientError as problem:
            raise AssertionError(f"{path}: {problem}:\n{self.written[-4000:]}") from problem

    async def readiness(self, status: int, timeout_s: float = 10.0) -> dict[str, Any]:
        """Wait until /health/ready answers with that status; its body."""
        last = ""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    got, last = await self.get("/health/ready")
                    if got == status:
                        body: dict[str, Any] = json.loads(last)
                        return body
                    await a_look()
        except TimeoutError:
            raise TimeoutError(f"not {status} within {timeout_s} s, last: {last}") from None

    async def counted(self, metric: str, least: float, timeout_s: float = 10.0) -> float:
        """Wait until a metric, summed over its labels, reaches a value."""
        value = -1.0
        try:
            async with asyncio.timeout(timeout_s):
                while value < least:
                    if value >= 0:
                        await a_look()
                    value = await self.metric(metric)
        except TimeoutError:
            raise TimeoutError(f"{metric} is {value}, not {least}, after {timeout_s} s") from None
        return value

    async def metric(self, name: str) -> float:
        """A counter or gauge summed over its labels."""
        _, page = await self.get("/metrics")
        lines = (line.rpartition(" ") for line in page.splitlines() if not line.startswith("#"))
        return sum(float(value) for head, _, value in lines if head.partition("{")[0] == name)

    # -- its commands

    async def command(self, *words: str) -> Finished:
        """`jauap WORDS`, to its end."""
        process = await asyncio.create_subprocess_exec(
            *JAUAP,
            *words,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(COMMAND_S):
                out, err = await process.communicate()
        except TimeoutError:
            process.terminate()  # so that it ends what it has started
            await process.communicate()
            raise
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())

    async def verify(self) -> dict[str, Any]:
        """`jauap ledger verify --json`; whatever happened, all that was sealed is as it was."""
        done = await self.command("ledger", "verify", "-c", str(self.settings), "--json")
        assert done.code in (0, 1), done.err
        report: dict[str, Any] = json.loads(done.out)
        assert report["sealed"]["findings"] == []
        assert done.code == bool(report["findings_count"])
        return report

    async def export(self) -> Books:
        """`jauap ledger export --format ndjson`, read back."""
        path = self.folder / "ledger.ndjson"
        done = await self.command(
            "ledger", "export", "-c", str(self.settings), "--format", "ndjson", str(path), "--json"
        )
        assert done.code == 0, done.err
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        *rows, trailer = rows
        assert trailer["record_type"] == "trailer"
        assert trailer["seq"] == len(rows)
        questions = [row for row in rows if row["record_type"] != "mt"]
        return Books(questions, [row for row in rows if row["record_type"] == "mt"], trailer)


@asynccontextmanager
async def serving(
    folder: Path, *links: LinkTo, program: Sequence[str] = JAUAP, **options: Any
) -> AsyncIterator[Service]:
    """A folder made ready and the service over it, started and ready; gone at the end."""
    service = Service(await make_folder(folder, links, **options), program)
    try:
        await service.start()
        yield service
    finally:
        if service.running:
            await service.kill()
