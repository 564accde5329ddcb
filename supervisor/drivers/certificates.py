"""Our own OPC UA application certificate: made when missing, checked before each use.

OPC 10000-6, 6.2.2: the certificate bears our application URI, and a server may refuse a client whose URI differs; so
the URI that we announce is always the one that stands in the certificate.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_BITS = 2048
VALID_DAYS = 3 * 365
"""Long enough to be planned, short enough to be renewed; the servers that trust it must learn the next one in time."""


class CertificateError(Exception):
    """A certificate or key is missing, unreadable, expired, or does not fit; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One application certificate and its key, as bytes."""

    certificate: bytes
    """DER."""
    private_key: bytes
    """DER, PKCS8, not encrypted; in memory only."""
    uri: str
    """The application URI that the certificate bears."""


def own_identity(certificate: Path, private_key: Path) -> Identity:
    """Return our identity from two files, made first when both are missing. Raises CertificateError."""
    if not certificate.exists() and not private_key.exists():
        _make(certificate, private_key)
    if private_key.exists() and private_key.stat().st_mode & 0o077:
        raise CertificateError(f"{private_key} is open to others: chmod 600 {private_key}")
    parsed = _certificate(certificate)
    key = _key(private_key)
    if key.public_key() != parsed.public_key():
        raise CertificateError(f"{private_key} is not the key of {certificate}")
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise CertificateError(f"{certificate} bears no application URI") from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if not uris:
        raise CertificateError(f"{certificate} bears no application URI")
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Identity(parsed.public_bytes(serialization.Encoding.DER), der, uris[0])


def pinned(path: Path) -> bytes:
    """Return the server's certificate as DER bytes. Raises CertificateError when missing, unreadable or expired."""
    return _certificate(path).public_bytes(serialization.Encoding.DER)


def _certificate(path: Path) -> x509.Certificate:
    content = _content(path)
    try:
        pem = content.lstrip().startswith(b"-----BEGIN")
        parsed = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise CertificateError(f"{path} is not a certificate") from error
    if not parsed.not_valid_before_utc <= dt.datetime.now(dt.UTC) <= parsed.not_valid_after_utc:
        raise CertificateError(
            f"{path} is valid from {parsed.not_valid_before_utc:%Y-%m-%d} to {parsed.not_valid_after_utc:%Y-%m-%d}"
        )
    return parsed


def _key(path: Path) -> rsa.RSAPrivateKey:
    content = _content(path)
    try:
        pem = content.lstrip().startswith(b"-----BEGIN")
        load = serialization.load_pem_private_key if pem else serialization.load_der_private_key
        key = load(content, password=None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"{path} is not a private key without password") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CertificateError(f"{path} is not an RSA key")
    return key


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}") from error


def _make(certificate: Path, private_key: Path) -> None:
    host = socket.gethostname()
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Setwise on {host}"[:64])])
    now = dt.datetime.now(dt.UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_cert_sign=True,  # self-signed: it signs itself (OPC 10000-6, 6.2.2)
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    names = [x509.UniformResourceIdentifier(f"urn:{host}:setwise"), x509.DNSName(host)]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # a controller's clock may be behind
        .not_valid_after(now + dt.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=False)
        .add_extension(usage, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        for path in (private_key, certificate):
            path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(private_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        certificate.write_bytes(built.public_bytes(serialization.Encoding.DER))
    except OSError as error:
        raise CertificateError(f"{error.filename}: {error.strerror}") from error
