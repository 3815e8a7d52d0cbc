"""Links from settings: sessions with their profile, their policy, their TLS and their secrets."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from gateway.clock import Clock, day_date
from gateway.core.delivery import Policy
from gateway.core.results import Result
from gateway.core.tariff import Tariffs, Trigger
from gateway.ports import SmsPort, Terms
from gateway.rules import load_profile
from gateway.settings import LinkSettings, SettingsError, TlsSettings, secret
from smpp import esme
from smpp.capture.ring import Captures
from smpp.operators import BindForm, OperatorProfile, UnknownPolicy
from smpp.owner import Owner
from smpp.tls import TlsError, TlsFiles


class LinkPart(NamedTuple):
    """A link and how the gateway sees it."""

    port: SmsPort
    link: esme.Link
    tls: TlsFiles | None
    outbind: Callable[[str, str], bool]  # whether system_id and password of an outbind are its own


def make_link(
    link: LinkSettings,
    tariffs: Tariffs,
    owner: Owner,
    next_session: Callable[[], int],
    jitter: Callable[[], float],
    clock: Clock,
    captures: Captures,
    reply_validity_s: int,
) -> LinkPart:
    """One [[link]] ready to run. Raises SettingsError."""
    profile = load_profile(link.profile)
    operator = link.operator or link.name
    tls = link_tls(link)
    live = esme.Link(
        esme.LinkSettings(
            name=link.name,
            host=link.host,
            port=link.port,
            system_id=link.system_id,
            bind=profile.bind if link.bind is None else BindForm(link.bind),
            binds=profile.binds if link.binds is None else link.binds,
            window=profile.window if link.window is None else link.window,
            tps_max=profile.tps_max if link.tps_max is None else link.tps_max,
            short_codes=link.short_codes,
            tls=tls,
            tls_server_name=(link.tls and link.tls.server_name) or "",
        ),
        profile,
        owner,
        next_session=next_session,
        jitter=jitter,
        wall_clock=clock.now,
        password=secret(f"[[link]] '{link.name}'", link.password_env, link.password_file),
        taps=lambda bind: captures.tap(link.name, bind, link.capture_pdus),
    )
    port = SmsPort(
        name=link.name,
        operator=operator,
        link=live,
        profile=profile,
        policy=policy_of(profile, tariffs, operator, day_date(clock.day(clock.now_us()))),
        receipts=link.receipts,
        terms=Terms(reply_validity_us=reply_validity_s * 1_000_000),
    )
    return LinkPart(port, live, tls, _outbind(link))


def policy_of(profile: OperatorProfile, tariffs: Tariffs, operator: str, today: date) -> Policy:
    """Where each MT costs, a reply of unknown fate is held, not sent again."""
    rated = tariffs.rate(operator=operator, channel="sms", on=today, result=Result.STATUS)
    return Policy(
        resend_unknown=rated.trigger is None and profile.unknown_policy is UnknownPolicy.RESEND,
        charge_on_submit=rated.trigger is Trigger.SUBMITTED,
    )


def link_tls(link: LinkSettings) -> TlsFiles | None:
    """The files of a link that has TLS. Raises SettingsError."""
    tls = link.tls
    if not isinstance(tls, TlsSettings):
        return None
    try:
        return TlsFiles(
            server_side=False, cert_file=tls.cert_file, key_file=tls.key_file, ca_file=tls.ca_file
        )
    except TlsError as problem:
        raise SettingsError(f"[[link]] '{link.name}': {problem}") from problem


def _outbind(link: LinkSettings) -> Callable[[str, str], bool]:
    if link.outbind_system_id is None:
        return lambda system_id, password: False
    what = f"[[link]] '{link.name}', outbind"
    ours = _joined(
        link.outbind_system_id,
        secret(what, link.outbind_password_env, link.outbind_password_file),
    )

    def matches(system_id: str, password: str) -> bool:
        return hmac.compare_digest(_joined(system_id, password), ours)

    return matches


def _joined(system_id: str, password: str) -> bytes:
    """Neither holds a NUL on the wire."""
    return f"{system_id}\0{password}".encode()
