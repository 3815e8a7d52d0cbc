"""What must hold between the keys of a `[[source]]`, each with its remedy. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.settings.sources import (
    FilesSourceSettings,
    HttpSourceSettings,
    PostgresSourceSettings,
    SoapSourceSettings,
    SourceSettings,
)
from lookup.foreign.paths import MapError
from lookup.foreign.times import zone_of

_TABLES: Final = ("postgres", "http", "soap", "files")
_REGISTRIES: Final = ("registry", "files")  # types that keep a registry on this machine


def problems_of_sources(sources: Sequence[SourceSettings]) -> Iterator[str]:
    for source in sources:
        here = f"[[source]] '{source.name}'"
        yield from _of_tables(source, here)
        yield from _of_numbers(source, here)
        if not source.kinds:
            yield f'{here}: kinds names no kind; write kinds = ["*"] for all'
        if source.map is not None and source.type == "registry":
            yield f"{here}: a registry has no map; remove it, or choose another type"
        if source.copy_age_max_s and source.type not in _REGISTRIES:
            yield f"{here}: copy_age_max_s is for copies, of type registry or files; remove it"
        if source.postgres is not None:
            yield from _of_postgres(source.postgres, f"{here}, [source.postgres]")
        if source.http is not None:
            yield from _of_http(source.http, f"{here}, [source.http]")
        if source.soap is not None:
            yield from _of_soap(source.soap, f"{here}, [source.soap]")
        if source.files is not None:
            yield from _of_files(source.files, f"{here}, [source.files]")


def _of_tables(source: SourceSettings, here: str) -> Iterator[str]:
    for name in _TABLES:
        given = getattr(source, name) is not None
        if given and name != source.type:
            yield (
                f"{here}: it is of type '{source.type}', but has a table [source.{name}]; "
                f'remove the table, or set type = "{name}"'
            )
        elif not given and name == source.type:
            yield f"{here}: a source of type '{name}' needs a table [source.{name}]; add it"


def _of_numbers(source: SourceSettings, here: str) -> Iterator[str]:
    least_one = (source.deadline_ms, source.in_flight_max, source.failures_max)
    if any(value is not None and value < 1 for value in least_one) or source.open_s <= 0:
        yield f"{here}: deadline_ms, in_flight_max, failures_max start at 1, open_s above 0"
    if min(source.cache_ttl_ms or 0, source.stale_s, source.copy_age_max_s) < 0:
        yield f"{here}: cache_ttl_ms, stale_s and copy_age_max_s start at 0"


def _of_postgres(table: PostgresSourceSettings, here: str) -> Iterator[str]:
    yield from _secret(here, "dsn", table.dsn_env, table.dsn_file, needed=True)
    if not table.view or not table.number_column:
        yield f"{here}: view and number_column must be named"
    if min(table.connections_max, table.statement_timeout_ms) < 1:
        yield f"{here}: connections_max and statement_timeout_ms start at 1"


def _of_http(table: HttpSourceSettings, here: str) -> Iterator[str]:
    asked = table.url + (table.body or "")
    if not table.url:
        yield f"{here}: url is missing"
    if table.body is not None and table.method != "POST":
        yield f'{here}: a body needs method = "POST"'
    if table.numbers_max > 1 and "{numbers}" not in asked:
        yield f"{here}: numbers_max above 1 needs {{numbers}} in url or body"
    elif "{number}" not in asked and "{numbers}" not in asked:
        yield f"{here}: {{number}} stands neither in url nor in body, so it would not be asked"
    if table.auth in ("basic", "header") and not table.auth_name:
        yield f"{here}: auth = '{table.auth}' needs auth_name"
    yield from _secret(
        here, "secret", table.secret_env, table.secret_file, needed=table.auth != "none"
    )
    yield from _of_outgoing(table, here)


def _of_soap(table: SoapSourceSettings, here: str) -> Iterator[str]:
    for key in ("wsdl", "operation"):
        if not getattr(table, key):
            yield f"{here}: {key} is missing"
    if not any("{number}" in value for value in table.arguments.values()):
        yield f"{here}: {{number}} stands in no value of arguments, so it would not be asked"
    if table.auth != "none" and not table.auth_name:
        yield f"{here}: auth = '{table.auth}' needs auth_name"
    yield from _secret(
        here, "secret", table.secret_env, table.secret_file, needed=table.auth != "none"
    )
    yield from _of_outgoing(table, here)


def _of_outgoing(table: HttpSourceSettings | SoapSourceSettings, here: str) -> Iterator[str]:
    if table.key_file is not None and table.cert_file is None:
        yield f"{here}: key_file without cert_file; name both"
    for network in table.private_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            yield f"{here}: private_networks: '{network}' is no network; write it as '10.20.0.0/16'"
    if min(table.connections_max, table.answer_octets_max) < 1:
        yield f"{here}: connections_max and answer_octets_max start at 1"
    if table.retries_max < 0 or not 0 <= table.retry_percent_max <= 100:
        yield f"{here}: retries_max starts at 0, retry_percent_max is 0 to 100"
    if isinstance(table, HttpSourceSettings) and table.numbers_max < 1:
        yield f"{here}: numbers_max starts at 1"


def _of_files(table: FilesSourceSettings, here: str) -> Iterator[str]:
    if not table.folder:
        yield f"{here}: folder is missing"
    try:
        zone_of(table.zone, here, "zone")
    except MapError as error:
        yield str(error)
    if table.poll_s <= 0 or table.settle_s < 0:
        yield f"{here}: poll_s lies above 0, settle_s starts at 0"
    if min(table.keep_days, table.delivery_octets_max) < 1:
        yield f"{here}: keep_days and delivery_octets_max start at 1"


def _secret(
    here: str, key: str, env: str | None, file: str | None, *, needed: bool
) -> Iterator[str]:
    if env and file:
        yield f"{here}: give either {key}_env or {key}_file, not both"
    elif needed and not env and not file:
        yield f"{here}: {key}_env or {key}_file is missing"
    elif not needed and (env or file):
        yield f"{here}: {key}_env and {key}_file need auth; set it, or remove them"
