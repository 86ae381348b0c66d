"""Keys for SRTP in session descriptions: `a=crypto` (SDES, RFC 4568)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from ivrtest.sip.grammar import shown
from ivrtest.sip.session_description import Media, SdpSyntaxError

SUITES: Final = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_256_GCM": 44,
    "AEAD_AES_128_GCM": 28,
}
"""Octets of master key and salt together (RFC 4568 section 6.2, RFC 7714 section 12). In the order that we offer them."""
_INLINE: Final = re.compile(rb"(inline:)([A-Za-z0-9+/=]+)")


class Srtp(StrEnum):
    """Whether sound is encrypted."""

    OFF = "off"
    OPTIONAL = "optional"
    """Where the other side can too (RTP/AVP with `a=crypto`, best effort); whoever asks for it gets it."""
    MANDATORY = "mandatory"
    """Or there is no call (RTP/SAVP)."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One `a=crypto` line: what its writer encrypts with."""

    tag: int
    """Its number, by which an answer names it."""
    suite: str
    """One of `SUITES`."""
    key: bytes = field(repr=False)
    """Master key and salt."""

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read the value of an `a=crypto` line. None for one that asks for what we cannot do: an unknown suite, several keys, a master key
        identifier, or a session that is not encrypted or not authenticated. Raises SdpSyntaxError, which does not repeat the key."""
        words = text.split()
        if len(words) < 3 or not (words[0].isascii() and words[0].isdigit() and len(words[0]) <= 9):
            raise SdpSyntaxError(
                'SDP attribute "crypto" must be a number, a suite and a key, such as "1 AES_CM_128_HMAC_SHA1_80 inline:..."'
            )
        suite = words[1].upper()
        if suite not in SUITES or any(word.upper().startswith(("UNENCRYPTED_", "UNAUTHENTICATED_")) for word in words[3:]):
            return None
        method, _, parameters = words[2].partition(":")
        if method.lower() != "inline":
            return None
        # After the key may stand a lifetime and a master key identifier, which has a colon in it. ";" begins another key.
        encoded, *more = parameters.split("|")
        if ";" in parameters or any(":" in each for each in more):
            return None
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise SdpSyntaxError(f"the key of the {shown(suite)} line is no base64") from None
        if len(key) != SUITES[suite]:
            raise SdpSyntaxError(f"the key of the {shown(suite)} line has {len(key)} octets. it must have {SUITES[suite]}")
        return cls(int(words[0]), suite, key)

    def written(self) -> str:
        """Return the value of the line. Not `str`, so that no key slips into a text for people."""
        return f"{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}"


def offered_keys(media: Media) -> tuple[Crypto, ...]:
    """Return the `a=crypto` lines of a section that can be used, best first. Raises SdpSyntaxError."""
    return tuple(found for text in media.attributes("crypto") if (found := Crypto.read(text)) is not None)


def without_keys(message: bytes) -> bytes:
    """Return a SIP message with the keys in its description made unreadable; it stays as long as it was."""
    return _INLINE.sub(lambda found: found[1] + b"x" * len(found[2]), message) if b"inline:" in message else message
