"""How other systems may be reached: what the settings say, checked before anything is sent."""

from __future__ import annotations

import ssl
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yarl import URL

from lookup.outgoing.networks import address_of

Auth = Literal["none", "basic", "bearer", "header"]


class OutboundConfigError(ValueError):
    """The settings cannot be used; the message names what and the remedy, never a secret."""


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """How one system may be reached."""

    connections_max: int = 8
    ca_file: Path | None = None  # PEM; None: the system's authorities
    cert_file: Path | None = None  # what we show, PEM, with the key where key_file is None
    key_file: Path | None = None
    private_networks: tuple[str, ...] = ()  # may be reached although not public
    answer_octets_max: int = 65_536


def check_url(url: str) -> str | None:
    """Why an address of the settings cannot be used, or None."""
    try:
        parsed = URL(url, encoded=True)
        if parsed.scheme not in ("http", "https") or not parsed.host or not parsed.port:
            return "must begin with https:// or http:// and name a host"
        if parsed.raw_user is not None or parsed.raw_password is not None:
            return "must hold no user and password: name them by auth_name and secret_env"
    except ValueError:  # its words would quote the whole address
        return "is no web address"
    try:
        address_of(parsed.host)
    except ValueError as error:
        return str(error)
    if not url.isascii() or not url.isprintable() or " " in url:
        return "must be in plain ASCII, everything else percent-escaped"
    return None


def auth_headers(kind: Auth, name: str, secret: str) -> dict[str, str]:
    """The headers by which we say who we are. Raises OutboundConfigError."""
    if kind == "none":
        return {}
    if not secret:
        raise OutboundConfigError(f'auth = "{kind}" needs a secret: name secret_env or secret_file')
    if kind == "basic":
        if not name or ":" in name:
            raise OutboundConfigError("auth_name must be the user's name, without a colon")
        return {"Authorization": f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"}
    if not secret.isascii() or not secret.isprintable():
        raise OutboundConfigError("the secret holds signs that no header can carry")
    if kind == "bearer":
        return {"Authorization": f"Bearer {secret}"}
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise OutboundConfigError('auth_name must be the name of a header, such as "X-Api-Key"')
    return {name: secret}


def tls_context(settings: OutboundSettings) -> ssl.SSLContext:
    """Peers are always checked: against `ca_file` alone, or the system's authorities.

    Raises OutboundConfigError.
    """
    given = (settings.ca_file, settings.cert_file, settings.key_file)
    if settings.key_file is not None and settings.cert_file is None:
        raise OutboundConfigError("key_file needs cert_file: the certificate it belongs to")
    for file in given:
        if file is not None and not file.is_file():
            raise OutboundConfigError(f"{file} is no file; name a PEM file that can be read")
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file, password=_no_password)
    except (ValueError, OSError) as error:  # ssl.SSLError is an OSError
        files = ", ".join(str(file) for file in given if file is not None)
        raise OutboundConfigError(
            f"{files}: cannot be used ({error}); PEM is needed, the key without a password"
        ) from None
    return context


def _no_password() -> str:
    """Instead of a question at the terminal, at which a service would wait for ever."""
    raise ValueError("the key has a password")
