"""Certificates made in a test, where a test wants them to change, to expire or to be mixed up."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

FROM = datetime(2020, 1, 1, tzinfo=UTC)
UNTIL = datetime(2120, 1, 1, tzinfo=UTC)  # so that no test fails by the date


_sizes = itertools.count(1)


class Identity:
    """A certificate and its key, as PEM. Each is of another size, so that a file that changes
    twice within a tick of the file system's clock is seen to."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.serial = certificate.serial_number
        self.certificate = certificate.public_bytes(Encoding.PEM) + b"#" * next(_sizes) + b"\n"
        self._key = key

    @property
    def key(self) -> bytes:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def locked_key(self, password: bytes) -> bytes:
        secret = BestAvailableEncryption(password)
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)

    def write(self, certificate: Path, key: Path | None = None) -> None:
        """In place, as a careless tool does; without a path for the key both go in one file."""
        if key is None:
            certificate.write_bytes(self.certificate + self.key)
        else:
            certificate.write_bytes(self.certificate)
            key.write_bytes(self.key)


class Authority:
    def __init__(self, name: str = "ca.test") -> None:
        self._name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(self._name, self._key, UNTIL, None).public_bytes(
            Encoding.PEM
        )

    def identity(self, name: str, until: datetime = UNTIL) -> Identity:
        """Signed by this authority for one DNS name."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Identity(self._signed(_named(name), key, until, name), key)

    def write(self, file: Path) -> None:
        file.write_bytes(self.certificate)

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        until: datetime,
        dns: str | None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder(subject_name=subject, issuer_name=self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(FROM)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=dns is None, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if dns is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(dns)])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
