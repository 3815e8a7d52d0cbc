"""FastAGI tables from settings: which addresses Asterisk connects to, and from where."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from gateway.settings import IvrSettings, SettingsError
from gateway.settings.checks import host_and_port
from ivr.attendant.attendant import Attendant, CallCounters
from ivr.fastagi import AgiTable, FastAgi

DIALECT = "fastagi"  # these tables are called over a port of their own, not over HTTP


def make_fastagi(
    attended: Sequence[tuple[IvrSettings, Attendant]], counters: CallCounters
) -> tuple[FastAgi, ...]:
    """One server for each address that the tables listen on; tables of one address share it."""
    by_listen: dict[str, dict[str, AgiTable]] = {}
    for call, attendant in attended:
        if call.dialect == DIALECT:
            peers = [ipaddress.ip_network(peer) for peer in call.peers]
            table = AgiTable(attendant=attendant, peers=peers)
            by_listen.setdefault(call.listen, {})[call.name] = table
    return tuple(_server(listen, tables, counters) for listen, tables in by_listen.items())


def bind(servers: Sequence[FastAgi]) -> list[str]:
    """Take the ports; the addresses as agi:// has them. Raises SettingsError."""
    for server in servers:
        try:
            server.bind()
        except OSError as problem:
            raise SettingsError(
                f"[[ivr]] listen = '{server.host}:{server.port}': {problem.strerror}; "
                "is the port taken? choose another"
            ) from problem
    return [f"{server.host}:{server.port}" for server in servers]


def _server(listen: str, tables: Mapping[str, AgiTable], counters: CallCounters) -> FastAgi:
    host, port = host_and_port(listen)
    return FastAgi(host=host, port=port, tables=tables, counters=counters)
