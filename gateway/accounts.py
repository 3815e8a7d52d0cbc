"""The server role from settings: who may bind to us, and how the gateway sees each of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from gateway.clock import Clock, day_date
from gateway.core.delivery import Policy
from gateway.core.results import Result
from gateway.core.tariff import Tariffs
from gateway.links import LinkPart, policy_of
from gateway.ports import SmsPort, Terms
from gateway.rules import load_profile
from gateway.settings import (
    ServerTlsSettings,
    SettingsError,
    SmscAccountSettings,
    SmscSettings,
    secret,
)
from gateway.settings.checks import host_and_port
from smpp.capture.ring import Captures
from smpp.operators import ReplyCommand
from smpp.owner import Owner
from smpp.server.accounts import AccountSettings, Password
from smpp.smsc import ServerLimits, ServerSettings, Smsc
from smpp.tls import TlsError, TlsFiles

HOUR_US = 3_600 * 1_000_000
RESENDS_MAX = 5  # of what a peer has not acknowledged: more would be texts in a row for somebody


class ServerPart(NamedTuple):
    """The listener, and its accounts as the gateway sees them."""

    smsc: Smsc
    host: str
    ports: Sequence[SmsPort]
    tls: TlsFiles | None


def make_server(
    settings: SmscSettings,
    links: Sequence[LinkPart],
    tariffs: Tariffs,
    owner: Owner,
    next_session: Callable[[], int],
    jitter: Callable[[], float],
    clock: Clock,
    captures: Captures,
) -> ServerPart | None:
    """[smsc] ready to run; None where nobody may bind to us. Raises SettingsError."""
    if settings.listen is None:
        return None
    tls = _tls(settings.tls) if isinstance(settings.tls, ServerTlsSettings) else None
    captured = {account.name: account.capture_pdus for account in settings.account}
    host, port = host_and_port(settings.listen)
    smsc = Smsc(
        ServerSettings(
            host=host,
            port=port,
            tls=tls,
            system_id=settings.system_id,
            limits=ServerLimits(
                connections_max=settings.connections_max,
                address_connections_max=settings.address_connections_max,
                bind_within_s=settings.bind_within_s,
            ),
        ),
        [_account(account) for account in settings.account],
        owner,
        next_session=next_session,
        jitter=jitter,
        wall_clock=clock.now,
        outbind=lambda system_id, password, address: heed(links, system_id, password),
        taps=lambda name, bind: captures.tap(name, bind, captured[name]),
    )
    today = day_date(clock.day(clock.now_us()))
    ports = [_port(account, smsc, tariffs, today) for account in settings.account]
    return ServerPart(smsc, host, ports, tls)


def _account(account: SmscAccountSettings) -> AccountSettings:
    here = f"[[smsc.account]] '{account.name}'"
    profile = load_profile(account.profile)
    outbind = ""
    if account.outbind is not None:
        what = f"{here}, outbind"
        outbind = secret(what, account.outbind_password_env, account.outbind_password_file)
    try:
        return AccountSettings(
            name=account.name,
            system_id=account.system_id,
            password=_password(account, here),
            profile=profile,
            addresses=tuple(ipaddress.ip_network(network) for network in account.addresses),
            binds_max=account.binds_max,
            window=profile.window if account.window is None else account.window,
            tps_max=account.tps_max,
            short_codes=account.short_codes,
            outbind=account.outbind,
            outbind_system_id=account.outbind_system_id or "",
            outbind_password=outbind,
        )
    except ValueError as problem:
        raise SettingsError(f"{here}: {problem}") from problem


def _password(account: SmscAccountSettings, here: str) -> Password:
    if account.password_hash is not None:
        return Password.of_hash(account.password_hash)
    return Password.of_secret(secret(here, account.password_env, account.password_file))


def _port(account: SmscAccountSettings, smsc: Smsc, tariffs: Tariffs, today: date) -> SmsPort:
    live = smsc.accounts[account.name]
    profile = live.settings.profile
    operator = account.operator or account.name
    receipts = account.receipts and profile.reply_command is ReplyCommand.SUBMIT_SM
    policy = policy_of(profile, tariffs, operator, today)._replace(resends_max=RESENDS_MAX)
    if not receipts:
        policy = _charging_at_once(policy, tariffs, operator, today)
    return SmsPort(
        name=account.name,
        operator=operator,
        link=live,
        profile=profile,
        policy=policy,
        receipts=receipts,
        terms=Terms(
            reply_validity_us=account.reply_hours * HOUR_US,
            receipt_validity_us=account.receipt_hours * HOUR_US,
            queue_max=account.queue_max,
            server_role=True,
        ),
    )


def _charging_at_once(policy: Policy, tariffs: Tariffs, operator: str, today: date) -> Policy:
    """No receipt will ever tell of a reply that went as deliver_sm: that the peer has taken it is
    all there is to charge on."""
    rated = tariffs.rate(operator=operator, channel="sms", on=today, result=Result.STATUS)
    return policy._replace(charge_on_submit=rated.trigger is not None)


def heed(links: Sequence[LinkPart], system_id: str, password: str) -> bool:
    """An operator calls us to bind (2.2.1): whose link it names binds at once, to the host of its
    settings and to no other. Every link is compared, so that the time tells nothing."""
    called = [part for part in links if part.outbind(system_id, password)]
    for part in called:
        part.link.bind_now()
    return bool(called)


def _tls(tls: ServerTlsSettings) -> TlsFiles:
    try:
        return TlsFiles(
            server_side=True, cert_file=tls.cert_file, key_file=tls.key_file, ca_file=tls.ca_file
        )
    except TlsError as problem:
        raise SettingsError(f"[smsc]: {problem}") from problem
