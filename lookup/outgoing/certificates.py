"""Certificates of an outgoing connection, read again when their files change.

A body's certificate is renewed every few months, ours too: the next connection uses what then
lies there, those that live go on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from lookup.outgoing.settings import OutboundConfigError, OutboundSettings, tls_context

OnCertificates = Callable[[tuple[str, ...], str], None]
"""Told of files that changed; the second is why they cannot be used, or empty. Must not wait."""

_Marks = tuple[tuple[int, int, int, int] | None, ...]


class Certificates:
    """The files of one system, loaded when made. Raises OutboundConfigError."""

    def __init__(self, settings: OutboundSettings, on_change: OnCertificates | None = None) -> None:
        given = (settings.ca_file, settings.cert_file, settings.key_file)
        self._settings = settings
        self._on_change = on_change
        self._files = tuple(file for file in given if file is not None)
        self._seen = self._marks()
        self._context = tls_context(settings)

    def context(self) -> ssl.SSLContext:
        """For one new connection; costs a stat of each file.

        New files that cannot be used change nothing, and are told once: half of a new pair is
        such, until the other half lies there too.
        """
        marks = self._marks()
        if marks != self._seen:
            self._seen = marks
            problem = ""
            try:
                self._context = tls_context(self._settings)
            except OutboundConfigError as error:
                problem = str(error)
            if self._on_change is not None:
                self._on_change(tuple(str(file) for file in self._files), problem)
        return self._context

    def _marks(self) -> _Marks:
        return tuple(_mark(file) for file in self._files)


def _mark(file: Path) -> tuple[int, int, int, int] | None:
    """What changes when a file is rewritten, replaced, or swapped behind a symbolic link."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
