"""Each type of source from its table of the settings. Errors name key and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from gateway.settings import SettingsError, SourceSettings, secret
from gateway.settings.sources import HttpSourceSettings, SoapSourceSettings
from lookup.files import FilesSettings, FilesSource, OnDelivery
from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign
from lookup.foreign.times import zone_of
from lookup.http.source import HttpSettings, HttpSource
from lookup.outgoing.certificates import OnCertificates
from lookup.outgoing.client import Outbound, OutboundSettings
from lookup.postgres import PostgresSettings, PostgresSource
from lookup.soap.source import SoapSettings, SoapSource

DEADLINE_SHARE: Final = 0.9  # of a source's deadline: what was answered until then still gets out

T = TypeVar("T")


async def open_files(
    table: SourceSettings,
    hash_phone: Callable[[str], str],
    now_us: Callable[[], int],
    on_delivery: OnDelivery,
) -> FilesSource:
    """Raises RegistryError, OSError, ValueError."""
    given = _given(table.files)
    settings = FilesSettings(
        folder=Path(given.folder),
        zone=zone_of(given.zone, "[source.files]", "zone"),
        registry=Path(table.path),
        poll_s=given.poll_s,
        settle_s=given.settle_s,
        keep_days=given.keep_days,
        delivery_octets_max=given.delivery_octets_max,
    )
    return await FilesSource.open(
        settings,
        name=table.name,
        kinds=frozenset(table.kinds),
        hash_phone=hash_phone,
        fields=None if table.map is None else field_map(table.map),
        now_us=now_us,
        on_delivery=on_delivery,
    )


async def open_postgres(table: SourceSettings, foreign: Foreign) -> PostgresSource:
    """Raises SettingsError, ValueError."""
    given = _given(table.postgres)
    settings = PostgresSettings(
        dsn=secret(f"[[source]] '{table.name}': dsn", given.dsn_env, given.dsn_file),
        view=given.view,
        number_column=given.number_column,
        connections_max=given.connections_max,
        statement_timeout_ms=given.statement_timeout_ms,
    )
    return await PostgresSource.open(settings, foreign)


async def open_http(
    table: SourceSettings, foreign: Foreign, deadline_ms: int, on_certificates: OnCertificates
) -> HttpSource:
    """Raises SettingsError, ValueError."""
    given = _given(table.http)
    settings = HttpSettings(
        url=given.url,
        method=given.method,
        body=given.body,
        numbers_max=given.numbers_max,
        items=given.items,
        absent_statuses=given.absent_statuses,
        auth=given.auth,
        auth_name=given.auth_name,
        secret=_secret(table.name, given),
        retries_max=given.retries_max,
        retry_percent_max=given.retry_percent_max,
        deadline_ms=deadline_ms,
        outbound=_outbound(given),
    )
    outbound = Outbound(settings.outbound, on_certificates=on_certificates)
    return await HttpSource.open(settings, foreign, outbound=outbound)


async def open_soap(
    table: SourceSettings, foreign: Foreign, deadline_ms: int, on_certificates: OnCertificates
) -> SoapSource:
    """Raises SettingsError, SoapSetupError, ValueError."""
    given = _given(table.soap)
    settings = SoapSettings(
        wsdl=Path(given.wsdl),
        operation=given.operation,
        arguments=given.arguments,
        url=given.url,
        service=given.service,
        port=given.port,
        items=given.items,
        absent_faults=given.absent_faults,
        absent_values=given.absent_values,
        auth=given.auth,
        auth_name=given.auth_name,
        secret=_secret(table.name, given),
        outbound=_outbound(given),
        retries_max=given.retries_max,
        retry_percent_max=given.retry_percent_max,
        deadline_s=deadline_ms / 1_000 * DEADLINE_SHARE,
    )
    outbound = Outbound(settings.outbound, on_certificates=on_certificates)
    return await SoapSource.open(settings, foreign, outbound=outbound)


def _given(table: T | None) -> T:
    """The table of a source's own type: the checks of the settings have made sure of it."""
    if table is None:
        raise SettingsError("a source lacks the table of its type")
    return table


def _secret(name: str, given: HttpSourceSettings | SoapSourceSettings) -> str:
    if given.auth == "none":
        return ""
    return secret(f"[[source]] '{name}': secret", given.secret_env, given.secret_file)


def _outbound(given: HttpSourceSettings | SoapSourceSettings) -> OutboundSettings:
    return OutboundSettings(
        connections_max=given.connections_max,
        ca_file=_path(given.ca_file),
        cert_file=_path(given.cert_file),
        key_file=_path(given.key_file),
        private_networks=given.private_networks,
        answer_octets_max=given.answer_octets_max,
    )


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def field_map(name: str) -> FieldMap:
    """Raises OSError, or ValueError that names file, key and remedy."""
    try:
        text = Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"map: {name} is no text in UTF-8; write it anew") from None
    return FieldMap.from_toml(text, name)
