"""What must hold between the keys of the settings file, each with its remedy. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from gateway.settings.checks_calls import problems_of_calls
from gateway.settings.checks_sources import problems_of_sources
from gateway.settings.tables import (
    IvrSettings,
    LinkSettings,
    OperatorsSettings,
    Settings,
    SmscAccountSettings,
    SmscSettings,
)

PHC_PREFIX = "$argon2"


class SettingsError(Exception):
    """A setting is missing, unknown or impossible; the text says which and what to do."""


def host_and_port(address: str) -> tuple[str, int]:
    """The halves of `host:port`, `[v6]:port`. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"'{address}' is not host:port")
    if host.startswith("[") and host.endswith("]"):
        host = str(ipaddress.IPv6Address(host[1:-1]))
    elif ":" in host:
        raise ValueError(f"'{address}' is not host:port; an IPv6 address stands in brackets")
    return host, int(port)


def check(settings: Settings, where: str) -> None:
    """Raises SettingsError for the first thing that does not fit; `where` is the file."""
    for problem in _problems(settings):
        raise SettingsError(f"{where}: {problem}")


def _problems(settings: Settings) -> Iterator[str]:
    for section in ("link", "source", "ivr"):
        yield from _repeated(section, [item.name for item in getattr(settings, section)])
    for link in settings.link:
        yield from _of_link(link)
    yield from _of_smsc(settings.smsc)
    links = {link.name for link in settings.link}
    for account in settings.smsc.account:
        yield from _of_account(account)
        if account.name in links:
            yield (
                f"[[smsc.account]] '{account.name}': a [[link]] has this name; both stand under "
                "it in the ledger, rename one"
            )
    yield from problems_of_calls(settings.ivr, settings.link)
    for ivr in settings.ivr:
        if ivr.dialect == "fastagi":
            yield from _of_fastagi(ivr)
    yield from problems_of_sources(settings.source)
    yield from _of_feeds(settings)
    yield from _of_operators(settings.operators)
    if settings.prompts.folder == "":
        yield "prompts.folder is empty; name a folder, or leave it out: it is then beside the keys"
    if not 0 <= settings.service.node <= 1023:
        yield f"service.node is {settings.service.node}; it is 0 to 1023"


def _of_fastagi(ivr: IvrSettings) -> Iterator[str]:
    """It has no encryption and no passwords."""
    here = f"[[ivr]] '{ivr.name}'"
    try:
        host, _ = host_and_port(ivr.listen)
    except ValueError as problem:
        yield f"{here}: listen: {problem}; write it as '127.0.0.1:4573'"
        return
    if not _is_loopback(host) and not _is_private(host):
        yield (
            f"{here}: listen '{host}' is no private address, and FastAGI goes unprotected: give "
            "this machine's own, or that of a tunnel between it and Asterisk"
        )
    if not ivr.peers:
        yield f"{here}: peers is empty, so nobody may connect; name Asterisk's addresses"
    for peer in ivr.peers:
        try:
            ipaddress.ip_network(peer)
        except ValueError as problem:
            yield f"{here}: peers: {problem}; write '192.0.2.10' or '192.0.2.0/24'"


def _of_feeds(settings: Settings) -> Iterator[str]:
    feeds = settings.feeds
    if feeds.enabled and not any(source.type == "registry" for source in settings.source):
        yield "[feeds] is enabled, but no [[source]] of type 'registry' takes the tickets; add one"
    counts = (feeds.burst, feeds.ticket_octets_max, feeds.batch_octets_max, feeds.batch_lines_max)
    if min(*counts, feeds.batches_max, feeds.repeat_hours) < 1:
        yield "[feeds]: burst, octets, lines, batches and repeat_hours start at 1"
    if min(feeds.requests_per_s, feeds.idle_s) <= 0:
        yield "[feeds]: requests_per_s and idle_s lie above 0"


def _of_operators(operators: OperatorsSettings) -> Iterator[str]:
    for key in ("workday_hours", "day_off_hours"):
        first, end = getattr(operators, key)
        if not 0 <= first <= end <= 24:
            yield f"[operators] {key}: two hours of one day, 0 to 24, the earlier first: [9, 18]"
    if operators.call_backs_max < 0:
        yield "[operators] call_backs_max starts at 0: nobody is called back"


def _repeated(section: str, names: list[str]) -> Iterator[str]:
    for name in {n for n in names if names.count(n) > 1}:
        yield f"two [[{section}]] tables are called '{name}'; rename one"


def _of_link(link: LinkSettings) -> Iterator[str]:
    here = f"[[link]] '{link.name}'"
    given = (link.window, link.binds, None if link.tps_max is None else link.tps_max + 1)
    if any(number is not None and number < 1 for number in given):
        yield f"{here}: window and binds start at 1, tps_max at 0"
    if link.capture_pdus < 0:
        yield f"{here}: capture_pdus is {link.capture_pdus}; it starts at 0"
    if link.password_env is None and link.password_file is None:
        yield f"{here} has no password; set password_env or password_file"
    secret = link.outbind_password_env or link.outbind_password_file
    if (link.outbind_system_id is None) != (secret is None):
        yield (
            f"{here}: outbind needs both outbind_system_id and outbind_password_env (or _file), "
            "as the operator sends them"
        )
    yield from _unprotected(here, "host", link.host, tls=link.tls, insecure=link.insecure)


def _of_smsc(smsc: SmscSettings) -> Iterator[str]:
    yield from _repeated("smsc.account", [account.name for account in smsc.account])
    yield from _same_system_id(smsc)
    if smsc.listen is None:
        if smsc.account:
            yield "[smsc] has accounts and no address; set listen, such as '127.0.0.1:2776'"
        return
    try:
        host, _ = host_and_port(smsc.listen)
    except ValueError as problem:
        yield f"[smsc] listen: {problem}; write it as '127.0.0.1:2776'"
        return
    yield from _unprotected("[smsc]", "listen", host, tls=smsc.tls, insecure=smsc.insecure)
    if min(smsc.connections_max, smsc.address_connections_max) < 1 or smsc.bind_within_s <= 0:
        yield (
            "[smsc]: connections_max and address_connections_max start at 1, bind_within_s lies "
            "above 0"
        )


def _same_system_id(smsc: SmscSettings) -> Iterator[str]:
    ids = [account.system_id for account in smsc.account]
    for system_id in {each for each in ids if ids.count(each) > 1}:
        yield (
            f"two [[smsc.account]] tables have the system_id '{system_id}'; a bind must tell whose "
            "it is, change one"
        )


def _of_account(account: SmscAccountSettings) -> Iterator[str]:
    here = f"[[smsc.account]] '{account.name}'"
    secrets = (account.password_env, account.password_file, account.password_hash)
    if sum(secret is not None for secret in secrets) != 1:
        yield f"{here} needs one of password_env, password_file and password_hash"
    if account.password_hash is not None and not account.password_hash.startswith(PHC_PREFIX):
        yield (
            f"{here}: password_hash is no argon2 hash; write the whole PHC string, "
            "'$argon2id$v=19$...'"
        )
    for network in account.addresses:
        try:
            ipaddress.ip_network(network)
        except ValueError as problem:
            yield f"{here}: addresses: {problem}; write '192.0.2.10' or '192.0.2.0/24'"
    counts = (account.binds_max, account.queue_max, account.reply_hours, account.receipt_hours)
    if min(counts) < 1 or (account.window is not None and account.window < 1):
        yield (f"{here}: binds_max, window, queue_max, reply_hours and receipt_hours start at 1")
    if min(account.tps_max, account.capture_pdus) < 0:
        yield f"{here}: tps_max and capture_pdus start at 0"
    yield from _of_outbind(account, here)


def _of_outbind(account: SmscAccountSettings, here: str) -> Iterator[str]:
    secret = account.outbind_password_env or account.outbind_password_file
    if account.outbind is None:
        return
    if secret is None:
        yield f"{here}: outbind needs outbind_password_env or outbind_password_file"
    try:
        host_and_port(account.outbind)
    except ValueError as problem:
        yield f"{here}: outbind: {problem}; write it as '192.0.2.10:2775'"


def _unprotected(here: str, key: str, host: str, *, tls: object, insecure: bool) -> Iterator[str]:
    """Why a connection to (or on) this host may not be without TLS; a table of TLS: nothing."""
    if (tls is not None and tls is not False) or _is_loopback(host):
        return
    if tls is None:
        yield (
            f"{here}: {key} '{host}' is not this machine: say how it is protected, with a table "
            "tls, or tls = false where the way there is a tunnel"
        )
    elif not _is_private(host) and not insecure:
        yield (
            f"{here}: tls = false, and {key} '{host}' is no private address: whoever is on the way "
            "reads phones and passwords. Set a table tls, or insecure = true"
        )


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _is_private(host: str) -> bool:
    """0.0.0.0 and :: are every address of this machine, the public ones as well."""
    address = _address(host)
    return address is not None and address.is_private and not address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
