"""A real PostgreSQL server of the tests' own, and a fresh database for each test.

The server listens at a socket in its folder, and at a loopback port where it is asked to; it
keeps nothing (fsync is off). initdb refuses root, so root starts it as another account. What it
writes is kept for the message of a test that fails.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

ACCOUNTS = ("postgres", "nobody")  # whose rights it gets where the tests run as root
START_S = 30.0
STOP_S = 10.0  # then it is killed
LINES_KEPT = 200
READY = "database system is ready to accept connections"
PORT = 5432  # only names the socket's file

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "30",
    "lc_messages": "C",
    "log_min_messages": "log",
    "autovacuum": "off",
    "timezone": "UTC",
}


class PostgresError(AssertionError):
    """The server did not do what a test needs of it; the message holds what it wrote."""


def binary(name: str) -> Path:
    """A program of the newest PostgreSQL installed. A missing one fails the test: no skip."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(path.parent.parent.name),
    )
    path = str(found[-1]) if found else shutil.which(name)
    assert path is not None, f"{name} of PostgreSQL is not installed: run `make peers`"
    return Path(path)


def _account() -> Mapping[str, Any]:
    """What subprocess needs so as not to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PostgresError(f"PostgreSQL refuses root, and none of {ACCOUNTS} is an account here")


class PostgresServer:
    """One server in a folder. `extra` are further settings, such as ssl; with `port` it also
    listens on loopback."""

    def __init__(
        self, folder: Path, extra: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._port = port
        self._settings = {**_SETTINGS, **(extra or {})}
        self._process: subprocess.Popen[str] | None = None
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._ready = threading.Event()
        self._reader: threading.Thread | None = None
        self._names = itertools.count(1)

    def create(self) -> None:
        """initdb, a second."""
        self.own(self.folder)
        made = subprocess.run(
            [
                *(str(binary("initdb")), "-D", str(self._data), "-U", "postgres"),
                *("-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync", "--no-instructions"),
            ],
            cwd=self.folder, capture_output=True, text=True, timeout=START_S, check=False,
            **_account(),
        )  # fmt: skip
        if made.returncode:
            raise PostgresError(f"initdb failed:\n{made.stdout}{made.stderr}")

    def own(self, path: Path, mode: int = 0o700) -> None:
        """Hand a file or folder to the server's account."""
        account = _account()
        if account:
            os.chown(path, account["user"], account["group"])
        path.chmod(mode)

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        assert self._process is None, "it runs already"
        self._ready.clear()
        settings = {
            "unix_socket_directories": str(self.folder),
            "listen_addresses": "127.0.0.1" if self._port else "",
            "port": str(self._port or PORT),
        }
        options = itertools.chain.from_iterable(
            ("-c", f"{name}={value}") for name, value in {**settings, **self._settings}.items()
        )
        self._process = process = subprocess.Popen(
            [str(binary("postgres")), "-D", str(self._data), *options],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", **_account(),
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        if not self._ready.wait(START_S) or process.poll() is not None:
            self.stop()
            raise PostgresError(f"PostgreSQL did not start:\n{self.last_words}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.append(line)
            if READY in line:
                self._ready.set()
        self._ready.set()  # it has ended: nobody needs to wait any longer

    @property
    def last_words(self) -> str:
        return "".join(self._lines)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it at once, whoever is connected; may be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)  # else a stopped one would not hear the next
        process.send_signal(signal.SIGINT)  # "fast shutdown"
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # ends its children as well, unlike SIGKILL
            process.wait(STOP_S)
        assert self._reader is not None
        self._reader.join(STOP_S)
        assert process.stdout is not None
        process.stdout.close()

    @contextmanager
    def hung(self, *pids: int) -> Iterator[None]:
        """Neither the server nor these of its processes say anything inside the block."""
        assert self._process is not None
        stopped = [self._process.pid, *pids]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        socket = quote(str(self.folder), safe="")
        return f"postgresql://{user}@/{database}?host={socket}&port={self._port or PORT}"

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """A database of the test's own, empty; it goes at the end whoever is still connected."""
        name = f"test_{next(self._names)}"
        await self._run(f"CREATE DATABASE {name} STRATEGY file_copy")
        database = Database(self, name)
        try:
            yield database
        finally:
            await self._run(f"DROP DATABASE {name} WITH (FORCE)")

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn(), timeout=START_S)
        try:
            await connection.execute(statement, timeout=START_S)
        finally:
            await connection.close(timeout=STOP_S)


class Database:
    """A database and its owner's connection to it, opened for each statement."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name
        self.dsn = server.dsn(name)

    async def run(self, script: str) -> None:
        """Statements without a result, parted by semicolons."""
        async with self.connected() as connection:
            await connection.execute(script, timeout=START_S)

    async def rows(self, query: str, *values: object) -> list[Any]:
        async with self.connected() as connection:
            return list(await connection.fetch(query, *values, timeout=START_S))

    async def insert(
        self, table: str, columns: tuple[str, ...], rows: list[Any], schema: str = "public"
    ) -> None:
        async with self.connected() as connection:
            await connection.copy_records_to_table(
                table, schema_name=schema, columns=columns, records=rows, timeout=START_S
            )

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.dsn, timeout=START_S)
        try:
            yield connection
        finally:
            await connection.close(timeout=STOP_S)


@contextmanager
def own_server(
    extra: Mapping[str, str] | None = None,
    port: int | None = None,
    prepare: Callable[[PostgresServer], None] | None = None,
) -> Iterator[PostgresServer]:
    """A server that a test may stop, hang and start again. `prepare` is called before its start."""
    # Not below pytest's folder, which is for the eyes of who runs the tests alone; and a short
    # path, since that of a socket may have 107 octets.
    with tempfile.TemporaryDirectory(prefix="jauap-pg-") as folder:
        server = PostgresServer(Path(folder), extra, port)
        server.create()
        if prepare is not None:
            prepare(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class _Shared:
    """The server that the tests of one process share, started by who needs it first."""

    def __init__(self) -> None:
        self._held: Any = None

    def get(self) -> PostgresServer:
        if self._held is None:
            held = own_server()
            server = held.__enter__()
            self._held = (held, server)
        return self._held[1]

    def stop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held[0].__exit__(None, None, None)


shared = _Shared()
