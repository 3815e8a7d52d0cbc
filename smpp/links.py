"""A link's settings and the limits of its sessions, as values. Pure.

The operator's profile holds what the operator decides; this is what the installation decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smpp import pdu
from smpp.backoff import BackoffLimits
from smpp.operators import BindForm

if TYPE_CHECKING:
    from smpp.tls import TlsFiles


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Seconds and counts that do not depend on the operator."""

    deliveries_max: int = 2_000  # unanswered deliveries of a bind
    connect_s: float = 10.0  # TCP and TLS
    unbind_s: float = 5.0  # how long unbind_resp is waited for
    linger_s: float = 2.0  # late responses after the peer's unbind
    close_s: float = 5.0  # then a connection that does not close is cut
    throttle_pause_s: float = 1.0  # after a throttle status
    configuration_pause_s: float = 300.0  # after ten refusals in a row for how we are set up
    outbind_s: float = 10.0  # between two outbinds that cut a wait short: a flood binds no faster
    expired_max: int = 0  # submits in a row without a response that end a session; 0: any number
    deaf_s: float = 30.0  # with expired_max: or one, if none is answered so long after
    first_sequence: int = 1  # of a session's own requests
    backoff: BackoffLimits = field(default_factory=BackoffLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """One link to an operator's SMSC. The password is no part of it, so that it can be shown."""

    name: str
    host: str
    port: int
    system_id: str
    bind: BindForm = BindForm.TRANSCEIVER
    binds: int = 1  # sessions, or pairs of them, to hold at any time
    window: int = 10  # open submits per session
    tps_max: int = 100  # submits a second over all sessions; 0 is unlimited
    short_codes: tuple[str, ...] = ()
    tls: TlsFiles | None = None  # None: plain
    tls_server_name: str = ""  # the name in the peer's certificate; empty: `host`
    limits: SessionLimits = field(default_factory=SessionLimits)

    def __post_init__(self) -> None:
        if self.binds < 1:
            raise ValueError(f"link {self.name}: binds is {self.binds}, it must be at least 1")
        if self.window < 1:
            raise ValueError(f"link {self.name}: window is {self.window}, it must be at least 1")
        if self.tps_max < 0:
            raise ValueError(
                f"link {self.name}: tps_max is {self.tps_max}, it must be 0 (unlimited) or more"
            )
        if self.tls_server_name.startswith("."):
            raise ValueError(
                f"link {self.name}: tls_server_name is {self.tls_server_name!r}, "
                "it must be a whole name such as smsc.example.kz"
            )


@dataclass(frozen=True, slots=True)
class Role:
    """What a session of a link does (SMPP 3.4 2.2)."""

    command_id: int  # of its bind request
    title: str
    sends: bool  # submits; all but a transmitter are delivered to


TRANSCEIVER = Role(pdu.BIND_TRANSCEIVER, "transceiver", sends=True)
TRANSMITTER = Role(pdu.BIND_TRANSMITTER, "transmitter", sends=True)
RECEIVER = Role(pdu.BIND_RECEIVER, "receiver", sends=False)


def roles(form: BindForm) -> tuple[Role, ...]:
    """The sessions that make one bind of this form."""
    return (TRANSMITTER, RECEIVER) if BindForm(form) is BindForm.PAIR else (TRANSCEIVER,)
