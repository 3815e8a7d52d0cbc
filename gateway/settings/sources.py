"""The tables of `[[source]]`: where statuses come from. See docs/reference/settings.md."""

from __future__ import annotations

from typing import Literal

import msgspec

from gateway.settings.section import Section


class PostgresSourceSettings(Section, frozen=True, kw_only=True):
    """A view in somebody's PostgreSQL; its columns are named in the source's `map`."""

    dsn_env: str | None = None  # postgresql://user:password@host/database
    dsn_file: str | None = None
    view: str = "jauap_tickets"  # perhaps with its schema: public.jauap_tickets
    number_column: str = "number"
    connections_max: int = 4
    statement_timeout_ms: int = 1_000


class HttpSourceSettings(Section, frozen=True, kw_only=True):
    """JSON over HTTP; where its fields lie is named in the source's `map`."""

    url: str = ""  # {number} and {kind} are filled in, escaped
    method: Literal["GET", "POST"] = "GET"
    body: str | None = None  # of a POST: JSON, {number} or {numbers} filled in
    numbers_max: int = 1  # numbers in one request; more than 1 needs {numbers}
    items: str = ""  # path to the ticket, or the list of tickets, in the answer; "": all of it
    absent_statuses: tuple[int, ...] = (404,)  # these say: no such ticket
    auth: Literal["none", "basic", "bearer", "header"] = "none"
    auth_name: str = ""  # basic: the user; header: the header's name
    secret_env: str | None = None
    secret_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    private_networks: tuple[str, ...] = ()  # networks it may be reached in although not public
    connections_max: int = 8
    answer_octets_max: int = 65_536
    retries_max: int = 1  # of one request
    retry_percent_max: int = 10  # of the requests lately made: no storm on a source in trouble


class SoapSourceSettings(Section, frozen=True, kw_only=True):
    """One operation of a SOAP service; where its fields lie is named in the source's `map`."""

    wsdl: str = ""  # a file: what a service looks like is agreed, not asked of it
    url: str | None = None  # None: the address of the WSDL's port
    service: str | None = None  # None: the only one
    port: str | None = None
    operation: str = ""
    # path of an argument -> its value; {number} and {kind} are filled in
    arguments: dict[str, str] = msgspec.field(default_factory=dict)
    items: str = ""  # path to the ticket, or the list of tickets, in the answer; "": all of it
    absent_faults: tuple[str, ...] = ()  # fault codes that say: no such ticket
    # path in an answer without a ticket -> the value that says: no such ticket; {}: its lack does
    absent_values: dict[str, str] = msgspec.field(default_factory=dict)
    auth: Literal["none", "basic", "username_token", "username_digest"] = "none"
    auth_name: str = ""
    secret_env: str | None = None
    secret_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    private_networks: tuple[str, ...] = ()
    connections_max: int = 8
    answer_octets_max: int = 262_144
    retries_max: int = 1
    retry_percent_max: int = 10


class FilesSourceSettings(Section, frozen=True, kw_only=True):
    """A folder into which a body lays its deliveries; they go into the registry at `path`."""

    folder: str = ""
    zone: str = "Asia/Almaty"  # of times without an offset in files of our own form
    poll_s: float = 5.0
    settle_s: float = 10.0  # a file whose size has not changed so long is whole
    keep_days: int = 30  # deliveries taken, in the folder `done`
    delivery_octets_max: int = 10_737_418_240


class SourceSettings(Section, frozen=True, kw_only=True):
    """One source; the table of its type has what only that type needs."""

    name: str
    type: Literal["registry", "postgres", "http", "soap", "files"] = "registry"
    kinds: tuple[str, ...] = ("*",)
    path: str = "/var/lib/jauap/tickets.db"  # registry, files: the registry's file
    base: str | None = None  # what citizens know it as: a key of config/bases.toml
    map: str | None = None  # postgres, http, soap, files: the file of the field map
    deadline_ms: int | None = None  # None: [lookup] source_deadline_ms
    in_flight_max: int | None = None  # None: [lookup] in_flight_max
    cache_ttl_ms: int | None = None  # None: [lookup] cache_ttl_ms
    stale_s: int = 0  # so old an answer of it may be told while it is asked anew, or silent
    copy_age_max_s: int = 0  # older, this copy does not say "not registered"; 0: it is no copy
    failures_max: int = 5  # in a row, before it is left alone
    open_s: float = 10.0  # left alone so long before one probe
    postgres: PostgresSourceSettings | None = None
    http: HttpSourceSettings | None = None
    soap: SoapSourceSettings | None = None
    files: FilesSourceSettings | None = None
