"""`jauap feeds`: the API keys by which bodies push their tickets."""

from __future__ import annotations

import ipaddress
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from gateway.clock import KAZAKHSTAN, wall_us
from gateway.commands.options import json_option, settings_option, show
from gateway.commands.registries import with_registry
from gateway.feeds.parts import registry_path
from gateway.settings import Settings, SettingsError
from lookup.feed.fields import is_number
from lookup.registry.feed_keys import (
    ID_OCTETS,
    LIVE_MAX,
    NAME,
    RIGHTS,
    SECRET_OCTETS,
    WRITE,
    FeedKey,
    Scope,
    digest_of,
    id_of,
    make_key,
)
from lookup.registry.feeds import FeedStore, TooManyKeysError
from lookup.registry.source import Registry

DAY_US = 86_400_000_000
DAYS_MAX = 366

T = TypeVar("T")


@click.group()
def feeds() -> None:
    """API keys of bodies that push their tickets."""


@feeds.command("add")
@settings_option
@click.argument("feed")
@click.option("--body", "bodies", multiple=True, required=True, help="An id of the directory.")
@click.option("--subtree", is_flag=True, help="And all bodies below them.")
@click.option("--kind", "kinds", multiple=True, help="A kind of ticket; none: all.")
@click.option(
    "--right", "rights", multiple=True, type=click.Choice(list(RIGHTS)), help="None: write."
)
@click.option("--numbers", multiple=True, help="Only new numbers that begin so; none: all.")
@click.option("--network", "networks", multiple=True, help="It may come from there alone.")
@click.option("--days", type=click.IntRange(1, DAYS_MAX), default=365, help="Until it expires.")
@json_option
def add(
    settings: Settings,
    feed: str,
    bodies: tuple[str, ...],
    subtree: bool,
    kinds: tuple[str, ...],
    rights: tuple[str, ...],
    numbers: tuple[str, ...],
    networks: tuple[str, ...],
    days: int,
    as_json: bool,
) -> None:
    """Make a key and show it this once. FEED is the source_system that it writes as."""
    if not NAME.fullmatch(feed):
        raise SettingsError(f"'{feed}' is no name of a feed: small Latin letters, digits, _ and -")
    scope = Scope(
        bodies=bodies,
        subtree=subtree,
        kinds=kinds or Scope(()).kinds,
        rights=rights or (WRITE,),
        networks=tuple(_network(network) for network in networks),
        numbers=tuple(_beginning(number) for number in numbers),
    )
    text = make_key(secrets.token_bytes(ID_OCTETS), secrets.token_bytes(SECRET_OCTETS))
    identity = id_of(text)
    assert identity is not None
    now_us = wall_us()
    key = FeedKey(identity, feed, digest_of(text), scope, now_us, now_us + days * DAY_US)

    async def work(store: FeedStore) -> None:
        tree = await store.tree()
        for body in bodies:
            if tree.known(body) != body:
                raise SettingsError(f"'{body}' is no id of the directory; see jauap bodies import")
        try:
            await store.add_key(key)
        except TooManyKeysError:
            raise SettingsError(
                f"'{feed}' has {LIVE_MAX} live keys; revoke one first: jauap feeds revoke ID"
            ) from None

    _with_store(settings, work)

    def tell() -> None:
        click.echo(f"{text}\nShown this once. Id {key.id}, valid until {_day(key.expires_us)}.")

    show({"key": text} | _document(key, now_us), as_json, tell)


@feeds.command("list")
@settings_option
@json_option
def list_keys(settings: Settings, as_json: bool) -> None:
    """The keys, what they may do and when they were last used."""
    now_us = wall_us()
    rows = [_document(key, now_us) for key in _with_store(settings, lambda store: store.keys())]

    def tell() -> None:
        for row in rows:
            click.echo(f"{row['id']} {row['feed']} {row['state']}")
            for name, value in row.items():
                if name not in {"id", "feed", "state"} and value:
                    told = ", ".join(value) if isinstance(value, list) else value
                    click.echo(f"  {name:12} {told}")

    show(rows, as_json, tell)


@feeds.command("revoke")
@settings_option
@click.argument("key_id")
def revoke(settings: Settings, key_id: str) -> None:
    """End a key at once; a running service knows at the next request."""
    identity = id_of(key_id) or key_id
    if _with_store(settings, lambda store: store.revoke_key(identity, wall_us())):
        click.echo(f"{identity} revoked")
        return
    click.echo("there is no such key, or it was revoked before", err=True)
    sys.exit(1)


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as problem:
        raise SettingsError(f"--network: {problem}; write '192.0.2.0/24'") from None


def _beginning(text: str) -> str:
    if not is_number(text):
        raise SettingsError(f"--numbers: '{text}' begins no number: capitals, digits and hyphens")
    return text


def _document(key: FeedKey, now_us: int) -> dict[str, Any]:
    state = "live"
    if not key.live(now_us):
        state = "expired" if key.revoked_us is None else "revoked"
    return {
        "id": key.id,
        "feed": key.feed,
        "state": state,
        "bodies": list(key.scope.bodies),
        "subtree": key.scope.subtree,
        "kinds": list(key.scope.kinds),
        "rights": list(key.scope.rights),
        "networks": list(key.scope.networks),
        "numbers": list(key.scope.numbers),
        "created": _time(key.created_us),
        "expires": _time(key.expires_us),
        "revoked": _time(key.revoked_us),
        "last_used": _time(key.used_us),
    }


def _time(at_us: int | None) -> str | None:
    if at_us is None:
        return None
    return datetime.fromtimestamp(at_us // 1_000_000, KAZAKHSTAN).isoformat()


def _day(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, KAZAKHSTAN).date().isoformat()


def _with_store(settings: Settings, work: Callable[[FeedStore], Awaitable[T]]) -> T:
    async def run(registry: Registry) -> T:
        store = await FeedStore.open(registry)
        try:
            return await work(store)
        finally:
            await store.close()

    registry_path(settings)  # refuses where only a folder feeds one: that takes no pushes
    return with_registry(settings, run, create=True)
