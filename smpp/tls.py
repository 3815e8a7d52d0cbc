"""TLS from files, for both roles: who we are, whom we trust, and a new context when a file changes.

A session keeps the context that it was made with, so a certificate that is replaced on disk
serves the next sessions while those that live go on.
"""

from __future__ import annotations

import os
import ssl
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from cryptography import x509

__all__ = ["TlsError", "TlsFiles", "TlsState", "days_left", "earliest_expiry"]

_log = structlog.get_logger()

_Marks = tuple[tuple[int, int, int, int] | None, ...]


class TlsError(ValueError):
    """The files cannot be used; the message names the setting, the file, why and the remedy."""


class TlsState(NamedTuple):
    """What the next connection uses, for health and metrics."""

    cert_file: str | None  # None: we show no certificate
    not_after: datetime | None  # of the certificate in use, aware; None: no certificate
    problem: str  # why a newer file is not in use; empty: the files are as loaded


class TlsFiles:
    """Files of one link or one listener, loaded when made.

    A client always checks the peer's name and chain: against `ca_file` alone, or against the
    system's trust without one. `ca_file` may hold authorities, or the very certificate of the
    peer: that pins it. `cert_file` is for peers that ask who we are.

    A server shows `cert_file`; with a `ca_file` it takes only clients whose certificate is in it
    or signed by it.

    `cert_file` holds the certificate and its chain in PEM, and the key where no `key_file` is
    named. Raises TlsError.
    """

    def __init__(
        self,
        *,
        server_side: bool,
        cert_file: str | None = None,
        key_file: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        if server_side and not cert_file:
            raise TlsError("TLS of a listener needs cert_file: the certificate that it shows")
        if key_file and not cert_file:
            raise TlsError(f"key_file {key_file}: without cert_file it is of no use; name both")
        self._server_side = server_side
        self._cert_file = cert_file
        self._key_file = key_file
        self._ca_file = ca_file
        self._files = tuple(file for file in (cert_file, key_file, ca_file) if file)
        self._seen = self._marks()
        self._problem = ""
        self._context, self._not_after = self._load()

    def __repr__(self) -> str:
        role = "server" if self._server_side else "client"
        return f"<TlsFiles of a {role}: {', '.join(self._files) or 'the trust of the system'}>"

    def context(self) -> ssl.SSLContext:
        """For one new connection. Costs a stat of each file; loads only what has changed.

        A new file that cannot be used changes nothing, and is told once: what was loaded before
        serves on until the file changes again.
        """
        marks = self._marks()
        if marks != self._seen:
            self._seen = marks
            self._reload()
        return self._context

    def not_after(self) -> datetime | None:
        """When the first certificate of our own chain in use expires; None: we show none."""
        self.context()
        return self._not_after

    def days_left(self, now: datetime) -> float | None:
        """Days from `now`, aware, to `not_after`; below 0 once expired."""
        not_after = self.not_after()
        return None if not_after is None else days_left(not_after, now)

    def state(self) -> TlsState:
        self.context()
        return TlsState(self._cert_file, self._not_after, self._problem)

    def _reload(self) -> None:
        try:
            self._context, self._not_after = self._load()
        except TlsError as error:
            self._problem = str(error)
            _log.error("tls_files_unusable", files=self._files, detail=self._problem)
            return
        self._problem = ""
        not_after = "" if self._not_after is None else self._not_after.isoformat()
        _log.info("tls_files_loaded", files=self._files, not_after=not_after)

    def _marks(self) -> _Marks:
        """What changes when a file is rewritten, replaced, or swapped behind a symbolic link."""
        return tuple(_mark(file) for file in self._files)

    def _load(self) -> tuple[ssl.SSLContext, datetime | None]:
        context = ssl.SSLContext(
            ssl.PROTOCOL_TLS_SERVER if self._server_side else ssl.PROTOCOL_TLS_CLIENT
        )
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        if self._ca_file:
            _trust(context, self._ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        elif not self._server_side:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if self._cert_file is None:
            return context, None
        chain = _read("cert_file", self._cert_file)
        if self._key_file:
            _read("key_file", self._key_file)
        try:
            context.load_cert_chain(self._cert_file, self._key_file, password=_no_password)
            return context, earliest_expiry(chain)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise TlsError(
                f"cert_file {self._cert_file}, key in {self._key_file or 'the same file'}: "
                f"cannot be used ({error}); put the certificate, its chain and its own key there, "
                "in PEM"
            ) from error


def earliest_expiry(chain: bytes) -> datetime:
    """When the first of the certificates in this PEM expires, in UTC. Raises ValueError. Pure."""
    return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(chain))


def days_left(not_after: datetime, now: datetime) -> float:
    """Both aware. Pure."""
    return (not_after - now) / timedelta(days=1)


def _trust(context: ssl.SSLContext, ca_file: str) -> None:
    _read("ca_file", ca_file)
    # What the file holds is trusted as it stands, also a peer's own certificate: a pin.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:
        raise TlsError(
            f"ca_file {ca_file}: cannot be used ({error}); put the certificates of whom to trust "
            "there, in PEM"
        ) from error


def _read(setting: str, file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise TlsError(
            f"{setting} {file}: cannot be read ({error.strerror}); check the path, and that the "
            "user of this service may read it"
        ) from error


def _mark(file: str) -> tuple[int, int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _no_password() -> str:
    """A key with a password: without this the library would ask for it on the terminal."""
    raise ValueError("the key is encrypted: a service has nobody to ask for its password")
