"""What goes wrong with TLS, in words: whose certificate it is, how long it was good, and for whom."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ivrtest.sip.grammar import shown

_HAS_EXPIRED, _NOT_YET_VALID = 10, 9
_SIGNED_BY_ITSELF = 18
_SIGNED_BY_STRANGER: Final = frozenset({2, 19, 20, 21, 27})
_OTHER_NAME: Final = frozenset({62, 64})
"""`X509_V_ERR_...` of OpenSSL."""
_ALERT: Final = re.compile(r"(?:TLSV?[0-9]*|SSLV?[0-9]*)_ALERT_")
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
_MOST_NAMES: Final = 5

Certificate = Mapping[str, Any]
"""As `SSLObject.getpeercert` has it; empty where it is not known."""


class UntrustedError(ssl.SSLCertVerificationError):
    """A server's certificate cannot be trusted. The message says why."""


class Verified(ssl.SSLObject):
    """Our end of a connection. Raises UntrustedError where the far side's certificate is no good: later nobody has it any more."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            problem = certificate_problem(error.verify_code, error.verify_message, self.server_hostname or "", self._certificate())
            raise UntrustedError(ssl.SSL_ERROR_SSL, problem) from error

    def _certificate(self) -> Certificate:
        # OpenSSL (from 3.0 on) keeps what it refused, and Python has no public way to it that tells more than its bytes.
        chain = getattr(self, "_sslobj", None)
        given: Sequence[Any] = getattr(chain, "get_unverified_chain", list)() or ()
        return given[0].get_info() if given else {}


def certificate_problem(code: int, said: str, name: str, certificate: Certificate) -> str:
    """Say what is wrong with the certificate of a server that should be `name`, by OpenSSL's code and its words."""
    its = f'the certificate of "{name}"'
    if code == _HAS_EXPIRED:
        if "notAfter" not in certificate:
            return f"{its} has expired. it needs a new one"
        if (until := ssl.cert_time_to_seconds(certificate["notAfter"])) > time.time():
            return f'a certificate has expired with which that of "{name}" is signed. it needs a new one'
        return f"{its} expired on {_date(until)}. it needs a new one"
    if code == _NOT_YET_VALID:
        since = f", only from {_date(ssl.cert_time_to_seconds(certificate['notBefore']))} on" if "notBefore" in certificate else ""
        return f"{its} is not valid yet{since}. compare the clocks"
    if code == _SIGNED_BY_ITSELF:
        return f'{its} is signed by itself. give it as "ca", or its "fingerprint"'
    if code in _SIGNED_BY_STRANGER:
        return f'{its} is signed by nobody we trust. give the certificate of who signed it as "ca", or its own "fingerprint"'
    if code in _OTHER_NAME:
        names = [str(value) for _, value in certificate.get("subjectAltName", ())]
        if not names:
            return f'{its} is not for "{name}". call it by a name that the certificate has, or give its "fingerprint"'
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return f'{its} is for {", ".join(map(shown, names[:_MOST_NAMES]))}{more}. call it by such a name, or give its "fingerprint"'
    return f"{its} cannot be trusted: {said}"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def tls_problem(error: ssl.SSLError) -> str:
    """Say what went wrong with TLS."""
    if isinstance(error, UntrustedError):
        return str(error)
    reason = error.reason or ""
    if reason in _NO_TLS:
        return "it does not speak TLS there"
    if found := _ALERT.match(reason):
        return f"it refused our side of TLS: {reason[found.end() :].lower().replace('_', ' ')}"
    return f"TLS failed: {reason.lower().replace('_', ' ') or error.strerror}"
