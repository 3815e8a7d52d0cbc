"""Links from settings: sessions with their profile, their policy and their secrets."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import date

from gateway.clock import Clock, day_date
from gateway.core.delivery import Policy
from gateway.core.results import Result
from gateway.core.tariff import Tariffs, Trigger
from gateway.ports import SmsPort
from gateway.rules import load_profile
from gateway.settings import LinkSettings, SettingsError, TlsSettings, secret
from smpp import esme
from smpp.operators import BindForm, OperatorProfile, UnknownPolicy
from smpp.owner import Owner


def make_port(
    link: LinkSettings,
    tariffs: Tariffs,
    owner: Owner,
    next_session: Callable[[], int],
    jitter: Callable[[], float],
    clock: Clock,
) -> SmsPort:
    """One [[link]] ready to run. Raises SettingsError."""
    profile = load_profile(link.profile)
    operator = link.operator or link.name
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
            tls=_tls(link.name, link.tls) if isinstance(link.tls, TlsSettings) else None,
            tls_server_name=(link.tls and link.tls.server_name) or "",
        ),
        profile,
        owner,
        next_session=next_session,
        jitter=jitter,
        wall_clock=clock.now,
        password=secret(f"[[link]] '{link.name}'", link.password_env, link.password_file),
    )
    return SmsPort(
        name=link.name,
        operator=operator,
        link=live,
        profile=profile,
        policy=_policy(profile, tariffs, operator, day_date(clock.day(clock.now_us()))),
        receipts=link.receipts,
    )


def _policy(profile: OperatorProfile, tariffs: Tariffs, operator: str, today: date) -> Policy:
    """Where each MT costs, a reply of unknown fate is held, not sent again."""
    rated = tariffs.rate(operator=operator, channel="sms", on=today, result=Result.STATUS)
    return Policy(
        resend_unknown=rated.trigger is None and profile.unknown_policy is UnknownPolicy.RESEND,
        charge_on_submit=rated.trigger is Trigger.SUBMITTED,
    )


def _tls(name: str, tls: TlsSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as problem:
        raise SettingsError(
            f"[[link]] '{name}': TLS files cannot be used ({problem}); check ca_file, cert_file "
            "and key_file"
        ) from problem
    return context
