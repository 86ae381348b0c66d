"""Certificates for one test, from an authority that nobody else trusts."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


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


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of the first certificate in a file, as openssl prints it."""
    text = certificate.read_text()
    first = text[text.index("-----BEGIN CERTIFICATE") : text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")]
    return ":".join(f"{octet:02X}" for octet in hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).digest())
