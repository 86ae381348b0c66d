"""SRTP and SRTCP (RFC 3711, RFC 7714), by libsrtp. Its Python binding is imported when the first key is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_PROFILES: Final = {
    "AES_CM_128_HMAC_SHA1_80": "SRTP_PROFILE_AES128_CM_SHA1_80",
    "AES_CM_128_HMAC_SHA1_32": "SRTP_PROFILE_AES128_CM_SHA1_32",
    "AEAD_AES_128_GCM": "SRTP_PROFILE_AEAD_AES_128_GCM",
    "AEAD_AES_256_GCM": "SRTP_PROFILE_AEAD_AES_256_GCM",
}
_WINDOW: Final = 1024
"""How far out of order a packet may come and still be told from one that came before."""


class SrtpError(Exception):
    """Encryption that cannot be had, or a packet that was not encrypted with the right key. The message says what would help."""


class SrtpReplay(SrtpError):  # noqa: N818  # named after what happened
    """A packet that came before, or too late to say whether it did."""


def check_library() -> None:
    """Raise SrtpError unless the library is installed."""
    try:
        import_module("pylibsrtp")
    except ImportError as error:
        raise SrtpError('SRTP needs the extra "srtp". install it: pip install "ivrtest[srtp]"') from error


class SrtpSender:
    """Encrypts what one source sends."""

    def __init__(self, suite: str, key: bytes) -> None:
        """`suite` by its name in RFC 4568, `key` the master key and salt. Raises SrtpError."""
        self._session = _session(suite, key, outbound=True)

    def protect(self, packet: bytes) -> bytes:
        """Return an RTP packet encrypted."""
        protected: bytes = self._session.protect(packet)
        return protected

    def protect_rtcp(self, packet: bytes) -> bytes:
        """Return an RTCP packet encrypted."""
        protected: bytes = self._session.protect_rtcp(packet)
        return protected


class SrtpReceiver:
    """Decrypts what one side sends, whatever its sources are called."""

    def __init__(self, suite: str, key: bytes) -> None:
        """As of `SrtpSender`."""
        self._session = _session(suite, key, outbound=False)
        self._error: type[Exception] = import_module("pylibsrtp").Error

    def unprotect(self, packet: bytes) -> bytes:
        """Return an RTP packet as it was before. Raises SrtpError, SrtpReplay."""
        return self._opened(self._session.unprotect, packet)

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """Return an RTCP packet as it was before. Raises SrtpError, SrtpReplay."""
        return self._opened(self._session.unprotect_rtcp, packet)

    def _opened(self, unprotect: Any, packet: bytes) -> bytes:
        try:
            opened: bytes = unprotect(packet)
        except self._error as error:
            raise (SrtpReplay if "replay" in str(error) else SrtpError)(str(error)) from error
        except ValueError as error:
            # Longer than libsrtp's buffer.
            raise SrtpError(str(error)) from error
        return opened


def _session(suite: str, key: bytes, *, outbound: bool) -> Any:
    check_library()
    library = import_module("pylibsrtp")
    policy = library.Policy(
        key=key,
        ssrc_type=library.Policy.SSRC_ANY_OUTBOUND if outbound else library.Policy.SSRC_ANY_INBOUND,
        srtp_profile=getattr(library.Policy, _PROFILES[suite]),
    )
    policy.window_size = _WINDOW
    try:
        return library.Session(policy)
    except library.Error as error:
        raise SrtpError(f'SRTP cannot encrypt with "{suite}": {error}') from error
