"""The listener's settings and limits, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smpp.links import SessionLimits
from smpp.server.access import AccessLimits

if TYPE_CHECKING:
    from smpp.tls import TlsFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Seconds and counts."""

    connections_max: int = 200  # bound and not yet bound, all accounts together
    address_connections_max: int = 50  # of one address
    bind_within_s: float = 10.0  # from the connection to its bind
    handshake_s: float = 5.0  # TLS
    ghost_s: float = 1.0  # for sessions to show life when another wants their place
    accept_pause_s: float = 1.0  # after the system had no room for a connection
    access: AccessLimits = field(default_factory=AccessLimits)
    session: SessionLimits = field(default_factory=lambda: SessionLimits(expired_max=10))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    host: str
    port: int  # 0: any
    tls: TlsFiles | None = None  # None: plain
    system_id: str = "jauap"  # ours, in the responses to binds
    limits: ServerLimits = field(default_factory=ServerLimits)
