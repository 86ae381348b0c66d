"""Whom we trust over TLS, and what we show of ourselves."""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrtest.call.tls_problem import Verified
from ivrtest.source.system import unread

_NO_KEY: Final = 'it must be a PEM file with a certificate, those of the authorities between it and the root, and its "PRIVATE KEY"'


class TlsError(Exception):
    """Certificates that cannot be used. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates, ours and theirs. By default every server must have one for its name from an authority that this machine trusts."""

    ca: Path | None = None
    """A PEM file with the authorities to trust, in place of this machine's. A server that has it asks its callers for a certificate."""
    certificate: Path | None = None
    """A PEM file with our certificate and its key. Servers need one; callers only where the server asks for it."""
    fingerprint: str = ""
    """The SHA-256 of the only certificate that a server may have, in hexadecimal digits. Neither its name nor who signed it nor its dates
    matter then: for servers in laboratories, with certificates of their own making."""

    @property
    def pin(self) -> str:
        """The fingerprint as digits only. Raises TlsError for what is none."""
        digits = self.fingerprint.replace(":", "").lower()
        if self.fingerprint and not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise TlsError(
                f'fingerprint "{self.fingerprint}" is none. it must be the SHA-256 of a certificate, 64 hexadecimal digits, '
                "as openssl x509 -noout -fingerprint -sha256 prints it"
            )
        return digits

    def client_context(self) -> ssl.SSLContext:
        """Return how to connect to servers. Raises TlsError."""
        context = self._context(ssl.Purpose.SERVER_AUTH)
        context.sslobject_class = Verified
        if self.pin:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def server_context(self) -> ssl.SSLContext:
        """Return how to take connections. Raises TlsError."""
        if self.certificate is None:
            raise TlsError(f"a server on TLS needs a certificate. {_NO_KEY}")
        context = self._context(ssl.Purpose.CLIENT_AUTH)
        if self.ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def check(self, connection: ssl.SSLObject) -> None:
        """Raise TlsError if a server's certificate is not the one that is pinned."""
        if self.pin:
            actual = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(actual, self.pin):
                raise TlsError(f'its certificate has the fingerprint "{_written(actual)}", and "{_written(self.pin)}" is pinned')

    def _context(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(purpose, cafile=self.ca)
        except ssl.SSLError as error:
            raise TlsError(f'ca "{self.ca}" cannot be used: it must be a PEM file with certificates of authorities') from error
        except OSError as error:
            raise TlsError(f'ca "{self.ca}" cannot be read: {unread(error)}') from error
        if self.certificate is not None:
            try:
                # Without a password of ours, OpenSSL would ask for that of a locked key on the terminal.
                context.load_cert_chain(self.certificate, password="")
            except ssl.SSLError as error:
                raise TlsError(f'certificate "{self.certificate}" cannot be used: {_NO_KEY}, not locked') from error
            except OSError as error:
                raise TlsError(f'certificate "{self.certificate}" cannot be read: {unread(error)}') from error
        return context


def _written(digits: str) -> str:
    return ":".join(digits[place : place + 2].upper() for place in range(0, len(digits), 2))
