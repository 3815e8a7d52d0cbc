"""TLS from files: what cannot be used is named, and what changes on disk serves what comes next."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from smpp.tls import TlsError, TlsFiles, days_left, earliest_expiry
from tests.support.certificates import FROM, UNTIL, Authority

SPRING = datetime(2100, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def pair(tmp_path: Path, authority: Authority) -> tuple[Path, Path]:
    certificate, key = tmp_path / "jauap.crt", tmp_path / "jauap.key"
    authority.identity("esme.test").write(certificate, key)
    return certificate, key


def files(pair: tuple[Path, Path], *, server_side: bool = True, **more: Any) -> TlsFiles:
    return TlsFiles(server_side=server_side, cert_file=str(pair[0]), key_file=str(pair[1]), **more)


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Both ends in memory; the client's, once both are satisfied."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    far = server.wrap_bio(to_server, to_client, server_side=True)
    near = client.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):  # flights
        for end in (near, far):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert near.version() is not None
    far.write(b"hello")
    assert near.read(5) == b"hello"
    return near


def serial(end: ssl.SSLObject) -> int:
    found = end.getpeercert()
    assert found is not None
    return int(str(found["serialNumber"]), 16)


def test_both_roles_speak_no_tls_before_1_2_and_renegotiate_nothing(
    pair: tuple[Path, Path],
) -> None:
    for side in (True, False):
        context = files(pair, server_side=side).context()
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.options & ssl.OP_NO_RENEGOTIATION


def test_a_client_checks_chain_and_name_whatever_files_it_has(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    authority.write(tmp_path / "ca.crt")
    for made in (
        TlsFiles(server_side=False),
        TlsFiles(server_side=False, ca_file=str(tmp_path / "ca.crt")),
        files(pair, server_side=False),
    ):
        assert made.context().verify_mode is ssl.CERT_REQUIRED
        assert made.context().check_hostname


def test_a_client_trusts_its_ca_file_alone(tmp_path: Path, authority: Authority) -> None:
    authority.write(tmp_path / "ca.crt")
    context = TlsFiles(server_side=False, ca_file=str(tmp_path / "ca.crt")).context()
    assert context.cert_store_stats()["x509"] == 1


def test_a_pinned_certificate_is_trusted_without_its_authority_and_no_other_is(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    client = TlsFiles(server_side=False, ca_file=str(pair[0])).context()
    handshake(client, files(pair).context(), "esme.test")
    other = tmp_path / "other.pem"
    authority.identity("esme.test").write(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(client, TlsFiles(server_side=True, cert_file=str(other)).context(), "esme.test")


def test_a_server_asks_for_certificates_where_it_has_authorities_to_check_them(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    assert files(pair).context().verify_mode is ssl.CERT_NONE
    authority.write(tmp_path / "ca.crt")
    strict = files(pair, ca_file=str(tmp_path / "ca.crt")).context()
    assert strict.verify_mode is ssl.CERT_REQUIRED
    nameless = TlsFiles(server_side=False, ca_file=str(tmp_path / "ca.crt")).context()
    with pytest.raises(ssl.SSLError):
        handshake(nameless, strict, "esme.test")
    named = files(pair, server_side=False, ca_file=str(tmp_path / "ca.crt")).context()
    handshake(named, strict, "esme.test")


def test_unchanged_files_keep_their_context(pair: tuple[Path, Path]) -> None:
    made = files(pair)
    assert made.context() is made.context()


def test_a_new_pair_serves_the_next_connection(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    authority.write(tmp_path / "ca.crt")
    client = TlsFiles(server_side=False, ca_file=str(tmp_path / "ca.crt")).context()
    made = files(pair)
    before = made.context()
    renewed = authority.identity("esme.test", SPRING)
    with capture_logs() as lines:
        renewed.write(*pair)
        assert serial(handshake(client, made.context(), "esme.test")) == renewed.serial
    assert serial(handshake(client, before, "esme.test")) != renewed.serial
    assert [(line["event"], line["not_after"]) for line in lines] == [
        ("tls_files_loaded", "2100-03-01T12:00:00+00:00")
    ]


def _swapped(path: Path, data: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    beside.replace(path)


def _linked(path: Path, data: bytes) -> None:
    """As a cluster mounts secrets: the name is a symbolic link into a folder of today."""
    today = path.parent / "today"
    today.mkdir(exist_ok=True)
    (today / path.name).write_bytes(data)
    path.unlink()
    path.symlink_to(today / path.name)


def _copied_with_its_times(path: Path, data: bytes) -> None:
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [Path.write_bytes, _swapped, _linked, _copied_with_its_times])
def test_a_file_changes_in_place_by_rename_by_link_or_with_its_old_times(
    change: Callable[[Path, bytes], object], tmp_path: Path, authority: Authority
) -> None:
    both = tmp_path / "jauap.pem"
    authority.identity("esme.test").write(both)
    made = TlsFiles(server_side=True, cert_file=str(both))
    renewed = authority.identity("esme.test", SPRING)
    change(both, renewed.certificate + renewed.key)
    assert made.not_after() == SPRING


def test_authorities_that_change_serve_the_next_connection(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    ca_file, stranger = tmp_path / "ca.crt", Authority("other.test")
    stranger.write(ca_file)
    client = TlsFiles(server_side=False, ca_file=str(ca_file))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(client.context(), files(pair).context(), "esme.test")
    authority.write(ca_file)
    handshake(client.context(), files(pair).context(), "esme.test")


def test_half_of_a_new_pair_changes_nothing_and_is_told_once(
    pair: tuple[Path, Path], authority: Authority
) -> None:
    made = files(pair)
    before = made.context()
    renewed = authority.identity("esme.test", SPRING)
    with capture_logs() as lines:
        pair[0].write_bytes(renewed.certificate)  # the key of the old one still stands beside
        for _ in range(3):
            assert made.context() is before
        assert made.not_after() == UNTIL
        assert str(pair[0]) in made.state().problem
        pair[1].write_bytes(renewed.key)
        assert made.context() is not before
    assert made.not_after() == SPRING
    assert made.state().problem == ""
    assert [line["event"] for line in lines] == ["tls_files_unusable", "tls_files_loaded"]


@pytest.mark.parametrize("what", ["gone", "empty", "rubbish", "torn"])
def test_a_file_that_breaks_later_leaves_the_old_one_in_use(
    what: str, pair: tuple[Path, Path]
) -> None:
    made = files(pair)
    before = made.context()
    whole = pair[0].read_bytes()
    if what == "gone":
        pair[0].unlink()
    else:
        pair[0].write_bytes({"empty": b"", "rubbish": b"x" * 99, "torn": whole[:200]}[what])
    assert made.context() is before
    assert made.state().problem


def test_a_certificate_that_comes_back_is_used_again(pair: tuple[Path, Path]) -> None:
    made = files(pair)
    before, whole = made.context(), pair[0].read_bytes()
    pair[0].unlink()
    assert made.context() is before
    pair[0].write_bytes(whole)
    assert made.context() is not before
    assert made.state().problem == ""


def test_what_is_missing_at_the_start_is_named(pair: tuple[Path, Path], tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.pem")
    with pytest.raises(TlsError, match=r"cert_file .*absent\.pem: cannot be read \(No such file"):
        TlsFiles(server_side=True, cert_file=absent)
    with pytest.raises(TlsError, match=r"key_file .*absent\.pem: cannot be read"):
        TlsFiles(server_side=True, cert_file=str(pair[0]), key_file=absent)
    with pytest.raises(TlsError, match=r"ca_file .*absent\.pem: cannot be read"):
        TlsFiles(server_side=False, ca_file=absent)
    with pytest.raises(TlsError, match="listener needs cert_file"):
        TlsFiles(server_side=True)
    with pytest.raises(TlsError, match="without cert_file"):
        TlsFiles(server_side=False, key_file=str(pair[1]))


def test_what_does_not_fit_at_the_start_is_named(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    foreign = tmp_path / "foreign.key"
    foreign.write_bytes(authority.identity("esme.test").key)
    with pytest.raises(TlsError, match=r"cert_file .*jauap\.crt, key in .*foreign\.key: "):
        files((pair[0], foreign))
    with pytest.raises(TlsError, match="key in the same file"):
        TlsFiles(server_side=True, cert_file=str(pair[0]))
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"no certificate")
    with pytest.raises(TlsError, match=r"ca_file .*rubbish: cannot be used"):
        TlsFiles(server_side=False, ca_file=str(rubbish))


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(
    pair: tuple[Path, Path], tmp_path: Path, authority: Authority
) -> None:
    locked = authority.identity("esme.test")
    pair[0].write_bytes(locked.certificate)
    pair[1].write_bytes(locked.locked_key(b"sesame"))
    with pytest.raises(TlsError, match="the key is encrypted"):
        files(pair)


def test_the_expiry_is_that_of_the_first_of_the_chain(
    pair: tuple[Path, Path], authority: Authority
) -> None:
    leaf = authority.identity("esme.test")
    middle = authority.identity("middle.test", SPRING)
    pair[0].write_bytes(leaf.certificate + middle.certificate)
    pair[1].write_bytes(leaf.key)
    made = files(pair)
    assert made.not_after() == SPRING
    assert made.days_left(SPRING - timedelta(days=30)) == pytest.approx(30)
    assert made.state() == (str(pair[0]), SPRING, "")
    assert earliest_expiry(pair[0].read_bytes()) == SPRING


def test_without_a_certificate_of_ours_nothing_expires() -> None:
    client = TlsFiles(server_side=False)
    assert client.not_after() is None
    assert client.days_left(FROM) is None
    assert client.state() == (None, None, "")


def test_days_left_fall_below_zero_after_the_expiry() -> None:
    assert days_left(SPRING, SPRING + timedelta(hours=36)) == pytest.approx(-1.5)


def test_it_shows_its_files_and_no_content(pair: tuple[Path, Path]) -> None:
    assert repr(files(pair)) == f"<TlsFiles of a server: {pair[0]}, {pair[1]}>"
    assert repr(TlsFiles(server_side=False)).endswith("the trust of the system>")
