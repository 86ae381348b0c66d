"""Certificates for one test, from an authority that nobody else trusts."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Authority:
    """Writes its own certificate and those that it signs into a folder."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._ca = trustme.CA()
        self._folder = folder
        self.file = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def certificate(self, *names: str, days: float = 1.0) -> Path:
        """Return a file with a certificate and its key, good for so many days; for fewer than none it has expired."""
        now = datetime.now(UTC)
        issued = self._ca.issue_cert(*names, not_before=now - timedelta(days=30), not_after=now + timedelta(days=days))
        path = self._folder / f"{names[0]}-{days:g}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path


def expiry(certificate: Path) -> str:
    """Return until when the first certificate in a file is good, as messages write it."""
    return x509.load_pem_x509_certificates(certificate.read_bytes())[0].not_valid_after_utc.strftime("%Y-%m-%d %H:%M UTC")


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of the first certificate in a file, as openssl prints it."""
    text = certificate.read_text()
    first = text[text.index("-----BEGIN CERTIFICATE") : text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")]
    return ":".join(f"{octet:02X}" for octet in hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).digest())


def self_signed(folder: Path, name: str = "127.0.0.1") -> Path:
    """Return a file with a certificate that nobody but itself vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = built.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False).sign(key, SHA256())
    path = folder / "self-signed.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path
