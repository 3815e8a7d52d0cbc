"""A source that is a view in somebody's PostgreSQL, read with the rights they give.

One query a batch. Rows come as JSON, made by the server: a date of the year 4713 BC or a type
that no client knows spoils its own ticket alone. No session is kept: a pooler may stand between.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg

from lookup.feed.fields import Refused
from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign, Sorted, merged
from lookup.postgres_wire import bound_asyncpg
from lookup.source import Answers, SourceHealth, SourceUnavailableError
from lookup.status import Wanted

NUMBERS_PER_QUERY_MAX: Final = 1_000
NUMBERS_PER_TURN: Final = 32  # read in some 4 ms; then the others on the event loop get theirs
ROWS_PER_NUMBER_MAX: Final = 20  # several kinds, several systems behind the view
ROW_OCTETS_MAX: Final = 262_144  # of a row as JSON; of a longer one nothing is fetched
CONNECT_S: Final = 5.0  # for a connection, its TLS and its password
ANSWER_GRACE_S: Final = 1.0  # for the way of an answer, beside the server's own time limit
IDLE_S_MAX: Final = 300.0  # firewalls forget connections that say nothing
CLOSE_S: Final = 1.0
WHOLE_DIGITS_MAX: Final = 18  # a larger number stays as it is: 1e999999999 would fill the memory
IDENTIFIER_OCTETS_MAX: Final = 63  # NAMEDATALEN - 1

# What went wrong, by SQLSTATE or its class, where the server's words may quote a ticket's values
# or are not for people. The words of those in _TOLD name only tables, columns and rights.
_TOLD: Final = frozenset({"3D000", "3F000", "42501", "42703", "42883", "42P01"})
_REASONS: Final = {
    "25006": "the view tries to write, and this connection may only read",
    "28": "the server refuses the user or the password",
    "53300": "the server has no connection left for us",
    "57014": "the query was stopped by its time limit",
    "57P01": "the server is being shut down",
    "57P02": "the server has crashed and is being restarted",
    "57P03": "the server is starting up or shutting down",
    "22": "the view cannot make sense of a value of its own",
    "08": "the connection was lost",
    "53": "the server is out of memory or disk",
}
_TOO_MANY: Final = f"has more than {ROWS_PER_NUMBER_MAX} rows for a number"

_Connection: TypeAlias = asyncpg.Connection


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """Where the view is. `dsn` holds a password and is not shown."""

    dsn: str = field(repr=False)  # postgresql://user:password@host/database?sslmode=verify-full
    view: str  # perhaps with its schema before a dot; written as the server stores it
    number_column: str = "number"  # of type text: leading zeros count
    connections_max: int = 4
    statement_timeout_ms: int = 1_000


class PostgresSource:
    """The tickets of one view. Connects when it is asked, so that the server may be away for
    days; a lookup that fails or is given up costs its connection, never the next lookup."""

    def __init__(self, settings: PostgresSettings, foreign: Foreign) -> None:
        """Use `open`."""
        self._foreign = foreign
        self._dsn = settings.dsn
        mapped = foreign.fields != FieldMap.identity()
        self._query = _query(settings, foreign.fields.names if mapped else frozenset())
        self._begin = (
            "BEGIN READ ONLY;"
            f" SET LOCAL statement_timeout = {settings.statement_timeout_ms:d};"
            " SET LOCAL TimeZone = 'UTC'"
        )
        self._answer_s = settings.statement_timeout_ms / 1_000 + ANSWER_GRACE_S
        self._slots = asyncio.Semaphore(settings.connections_max)
        self._idle: list[tuple[_Connection, float]] = []  # with the loop's time of its last use
        self._closed = False

    @classmethod
    async def open(cls, settings: PostgresSettings, foreign: Foreign) -> PostgresSource:
        """Connects to nothing yet. Raises ValueError, without the password, for bad settings."""
        _check_dsn(settings.dsn)
        if settings.connections_max < 1 or settings.statement_timeout_ms < 1:
            raise ValueError("connections_max and statement_timeout_ms must be above 0")
        bound_asyncpg()
        return cls(settings, foreign)

    @property
    def name(self) -> str:
        return self._foreign.name

    @property
    def kinds(self) -> frozenset[str]:
        return self._foreign.kinds

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        numbers = self._foreign.askable(wanted)
        outs: list[Sorted] = []
        for start in range(0, len(numbers), NUMBERS_PER_QUERY_MAX):
            for number, rows in (await self._rows(numbers[start:][:NUMBERS_PER_QUERY_MAX])).items():
                if len(outs) % NUMBERS_PER_TURN == 0:
                    await asyncio.sleep(0)
                try:
                    if rows is None or len(rows) > ROWS_PER_NUMBER_MAX:
                        raise Refused("view", _TOO_MANY)
                    outs.append(self._foreign.sort_out([number], [_values(row) for row in rows]))
                except Refused as refusal:
                    outs.append(Sorted({}, {number: str(refusal)}, frozenset({number})))
        return self._foreign.answers(wanted, merged(outs))

    async def health(self) -> SourceHealth:
        """Asks the view for nothing: that the server, the view and its columns are there."""
        try:
            await self._rows([])
        except SourceUnavailableError as error:
            return SourceHealth(self.name, False, error.reason)
        return SourceHealth(self.name, True, "PostgreSQL")

    async def close(self) -> None:
        self._closed = True
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            try:
                await connection.close(timeout=CLOSE_S)
            except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError):
                connection.terminate()

    async def _rows(self, numbers: list[str]) -> dict[str, set[str | None] | None]:
        """The rows of each number as JSON, None for too many; a join may give one twice."""
        rows_max = len(numbers) * ROWS_PER_NUMBER_MAX
        try:
            async with self._connection() as connection:
                rows = await self._fetch(connection, numbers, rows_max + 1)
        except asyncpg.PostgresError as error:
            raise SourceUnavailableError(self.name, _reason(error)) from error
        except TimeoutError as error:
            raise SourceUnavailableError(self.name, "the server does not answer") from error
        except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise SourceUnavailableError(
                self.name, f"the connection was lost: {_words(error)}"
            ) from error
        except UnicodeError as error:
            raise SourceUnavailableError(self.name, "it sends text that is not UTF-8") from error
        except Exception as error:  # what asyncpg meets a message with that is cut or mixed up
            reason = f"it sends what no PostgreSQL does ({type(error).__name__})"
            raise SourceUnavailableError(self.name, reason) from error
        if len(rows) > rows_max:  # of others, some may be left out: each is asked without it
            if len(numbers) == 1:
                return {numbers[0]: None}
            half = len(numbers) // 2
            return await self._rows(numbers[:half]) | await self._rows(numbers[half:])
        found: dict[str, set[str | None]] = {number: set() for number in numbers}
        for number, row in rows:
            if number not in found:
                raise SourceUnavailableError(self.name, "it answered for another number")
            found[number].add(row)
        return {**found}

    async def _fetch(
        self, connection: _Connection, numbers: list[str], limit: int
    ) -> list[tuple[str, str | None]]:
        """One transaction that reads; not asyncpg's own, which waits when cancelled, for ever."""
        await connection.execute(self._begin)
        try:
            rows = await connection.fetch(self._query, numbers, ROW_OCTETS_MAX, limit)
        except asyncpg.PostgresError:
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")
        return [(row[0], row[1]) for row in rows]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        """A connection that is ours alone. It is kept for the next one only where everything
        went well, or where the server itself said no and stands ready again: what was given up
        half-way is cut off, since to wait until it is over might take for ever."""
        async with self._slots:
            connection = self._kept() or await self._connect()
            try:
                yield connection
            except asyncpg.PostgresError:
                self._keep(connection)
                raise
            except BaseException:
                connection.terminate()
                raise
            self._keep(connection)

    def _kept(self) -> _Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, used_at = self._idle.pop()  # the one used last: the others grow old
            if now - used_at <= IDLE_S_MAX and not connection.is_closed():
                return connection
            connection.terminate()
        return None

    def _keep(self, connection: _Connection) -> None:
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append((connection, asyncio.get_running_loop().time()))

    async def _connect(self) -> _Connection:
        if self._closed:
            raise asyncpg.InterfaceError("the source is closed")
        return await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_S,
            command_timeout=self._answer_s,
            statement_cache_size=0,  # prepared statements are lost behind a pooler
            server_settings={"application_name": "jauap"},
        )


def _check_dsn(dsn: str) -> None:
    """What asyncpg would find only when it connects; it would quote parts of the password."""
    try:
        parts = urlsplit(dsn)
        for host in parts.netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{host}").port
        parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError(
            "the DSN cannot be read: it is postgresql://user:password@host:port/database?key=value;"
            " write / ? # [ ] @ % of user and password as %2F %3F %23 %5B %5D %40 %25"
        ) from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("the DSN must begin with postgresql://")


def _query(settings: PostgresSettings, columns: Set[str]) -> str:
    """Names are quoted, values come as parameters alone. Only the columns that the map names are
    read: what we don't need of a citizen stays where it is. Without a map it is all of them."""
    number = _quoted(settings.number_column)
    view = ".".join(_quoted(part) for part in settings.view.split("."))
    read = ", ".join(sorted({number, *map(_quoted, columns)})) if columns else "*"
    return (
        "SELECT n, CASE WHEN octet_length(j) <= $2 THEN j END"  # noqa: S608 - names, quoted
        f" FROM (SELECT jauap_row.{number}::text AS n, row_to_json(jauap_row)::text AS j"
        f" FROM (SELECT {read} FROM {view} WHERE {number} = ANY($1::text[]) LIMIT $3)"
        " AS jauap_row) AS jauap_rows"
    )


def _quoted(name: str) -> str:
    """A name of the settings as SQL reads it, letter for letter."""
    if not name or "\0" in name or len(name.encode()) > IDENTIFIER_OCTETS_MAX:
        raise ValueError(
            f"{name!r} is no name of a view or column: 1 to {IDENTIFIER_OCTETS_MAX} octets"
        )
    return '"' + name.replace('"', '""') + '"'


def _values(row: str | None) -> object:
    """A row's columns. Raises Refused."""
    if row is None:
        raise Refused("row", f"is longer than {ROW_OCTETS_MAX} octets")
    try:
        return json.loads(row, parse_float=_number)
    except (ValueError, RecursionError):
        raise Refused("row", "holds JSON that cannot be read") from None


def _number(written: str) -> int | Decimal:
    """numeric(12,2) comes as 19660.00, and 19660 is meant."""
    try:
        value = Decimal(written)
    except InvalidOperation:  # 1e999999999999999999999
        raise ValueError("the number is too large") from None
    whole = value.adjusted() < WHOLE_DIGITS_MAX and value == value.to_integral_value()
    return int(value) if whole else value


def _reason(error: asyncpg.PostgresError) -> str:
    state = error.sqlstate or ""
    if state in _TOLD:
        return _words(error)
    told = _REASONS.get(state) or _REASONS.get(state[:2])
    return f"{told} ({state})" if told else f"the server reports error {state}"


def _words(error: Exception) -> str:
    """The first line of an error that is known to quote no ticket."""
    return (str(error) or type(error).__name__).splitlines()[0]
