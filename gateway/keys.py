"""The one secret of the store and the keys derived from it.

A phone appears in the ledger, in logs and in fingerprints only as a keyed hash, each use with a
key of its own, so that none can be joined with another without the key file.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from gateway.settings import SettingsError

KEY_OCTETS = 32
_DIGEST_OCTETS = 16


class Keys:
    """Keyed hashes by purpose; all return lower-case hex."""

    def __init__(self, master: bytes) -> None:
        self._master = master

        def key(purpose: bytes) -> bytes:
            return blake2b(purpose, key=master, digest_size=32).digest()

        self._party = blake2b(key=key(b"party"), digest_size=_DIGEST_OCTETS)
        self._owner = blake2b(key=key(b"owner"), digest_size=_DIGEST_OCTETS)
        self._fingerprint = blake2b(key=key(b"fingerprint"), digest_size=_DIGEST_OCTETS)
        self._log = blake2b(key=key(b"log"), digest_size=6)
        self._staff = blake2b(key=key(b"staff"), digest_size=32)
        self.seal = key(b"seal")  # of the chain of seals over the ledger
        self.prompts = key(b"prompts")  # names of spoken answers
        self.calls = key(b"calls").hex()  # nonces and references of calls
        self.capture_token = key(b"capture").hex()  # who holds the key file may see captures

    def __reduce__(self) -> tuple[type[Keys], tuple[bytes]]:
        """For a process of ours that reads feeds: a keyed state itself cannot be sent there."""
        return Keys, (self._master,)

    def party(self, msisdn: str) -> str:
        """The subscriber as the ledger knows him."""
        return _hashed(self._party, msisdn.encode())

    def owner(self, msisdn: str) -> str:
        """The phone given at filing, as the ticket registry knows it."""
        return _hashed(self._owner, msisdn.encode())

    def fingerprint(self, identity: bytes) -> str:
        """What makes two deliveries the same message."""
        return _hashed(self._fingerprint, identity)

    def staff(self, name: str, role: str, key: str) -> str:
        """The key by which a person proves himself: good for that name and role alone."""
        return _hashed(self._staff, f"{name}\0{role}\0{key}".encode())

    def log(self, value: str) -> str:
        """A phone or a ticket number in a log line."""
        return _hashed(self._log, value.encode())


def _hashed(keyed: blake2b, value: bytes) -> str:
    state = keyed.copy()  # copying a keyed state is cheaper than keying anew
    state.update(value)
    return state.hexdigest()


def read_key_file(path: Path, *, create: bool = False) -> Keys:
    """Keys from a file of 64 hex digits with mode 0600. Raises SettingsError."""
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_OCTETS))
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path}: others may read the key file; run chmod 600 {path}")
        master = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as problem:
        raise SettingsError(
            f"{path}: the key file cannot be read ({problem.strerror}); make one with "
            f"'jauap key {path}'"
        ) from problem
    except ValueError as problem:
        raise SettingsError(
            f"{path}: the key file must hold {2 * KEY_OCTETS} hex digits"
        ) from problem
    if len(master) != KEY_OCTETS:
        raise SettingsError(f"{path}: the key file must hold {2 * KEY_OCTETS} hex digits")
    return Keys(master)
