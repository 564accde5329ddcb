from __future__ import annotations

import datetime as dt
import socket
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from supervisor.drivers.certificates import CertificateError, own_identity, pinned
from tests.supervisor.drivers.uaserver import make_pki


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    identity = own_identity(folder / "sub/own.der", folder / "sub/own.pem")
    return folder / "sub", identity


def test_a_made_certificate_has_what_opc_ua_asks_for(made):
    folder, identity = made
    certificate = x509.load_der_x509_certificate((folder / "own.der").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [identity.uri]
    assert names.get_values_for_type(x509.DNSName) == [socket.gethostname()]
    assert usage.digital_signature and usage.content_commitment
    assert usage.key_encipherment and usage.data_encipherment
    assert ExtendedKeyUsageOID.CLIENT_AUTH in list(extended)
    assert certificate.public_key().key_size == 2048
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    assert certificate.not_valid_after_utc > dt.datetime.now(dt.UTC) + dt.timedelta(days=900)


def test_the_key_is_its_owners_only(made):
    assert stat.S_IMODE((made[0] / "own.pem").stat().st_mode) == 0o600


def test_what_is_there_is_used_again(made):
    folder, identity = made
    assert own_identity(folder / "own.der", folder / "own.pem") == identity


def test_an_open_key_is_refused(made, tmp_path):
    folder, _ = made
    (tmp_path / "own.pem").write_bytes((folder / "own.pem").read_bytes())
    (tmp_path / "own.pem").chmod(0o640)
    with pytest.raises(CertificateError, match="chmod 600"):
        own_identity(folder / "own.der", tmp_path / "own.pem")


@pytest.mark.parametrize("lost", ["own.der", "own.pem"])
def test_half_a_pair_is_never_replaced(made, tmp_path, lost):
    folder, _ = made
    for name in {"own.der", "own.pem"} - {lost}:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    with pytest.raises(CertificateError, match=lost):
        own_identity(tmp_path / "own.der", tmp_path / "own.pem")
    assert not (tmp_path / lost).exists()


def test_a_key_of_another_certificate_is_refused(made, tmp_path):
    folder, _ = made
    other = make_pki(tmp_path)
    other.key.chmod(0o600)
    with pytest.raises(CertificateError, match="not the key of"):
        own_identity(folder / "own.der", other.key)


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----"])
def test_a_file_that_is_no_certificate_is_refused(tmp_path, content):
    (tmp_path / "x.der").write_bytes(content)
    with pytest.raises(CertificateError, match="not a certificate"):
        pinned(tmp_path / "x.der")


def test_a_missing_pin_is_refused(tmp_path):
    with pytest.raises(CertificateError, match="No such file"):
        pinned(tmp_path / "x.der")


def test_a_key_that_is_not_rsa_is_refused(made, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "k.pem").write_bytes(key)
    (tmp_path / "k.pem").chmod(0o600)
    with pytest.raises(CertificateError, match="not an RSA key"):
        own_identity(made[0] / "own.der", tmp_path / "k.pem")


def test_pem_and_der_are_both_read_whatever_the_name(made, tmp_path):
    folder, identity = made
    certificate = x509.load_der_x509_certificate((folder / "own.der").read_bytes())
    (tmp_path / "own.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    assert own_identity(tmp_path / "own.crt", folder / "own.pem") == identity
    assert pinned(tmp_path / "own.crt") == identity.certificate


@pytest.mark.parametrize("shift_days", [-100, 100])
def test_a_certificate_outside_its_time_is_refused(tmp_path, shift_days):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = dt.datetime.now(dt.UTC) + dt.timedelta(days=shift_days)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "x.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    with pytest.raises(CertificateError, match="is valid from"):
        pinned(tmp_path / "x.der")
