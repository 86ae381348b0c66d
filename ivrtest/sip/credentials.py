"""Credentials in a SIP message that is shown or kept: whoever reads a digest can try passwords against it, at leisure."""

from __future__ import annotations

import re
from typing import Final

_HEADER: Final = re.compile(
    rb"^((?:Proxy-)?(?:Authorization|Authentication-Info)[ \t]*:)([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_SCHEME: Final = re.compile(rb"\s*([A-Za-z0-9-]+)(?=\s|$)")
_PARAMETER: Final = re.compile(rb'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)(\s*=\s*"?)((?<=")(?:[^"\\]|\\.)*|(?<!")[^\s,"]*)("?)', re.DOTALL)
_HASHES: Final = (b"response", b"rspauth")
"""What is computed from the password (RFC 7616 sections 3.4 and 3.5)."""
_PASSWORD: Final = re.compile(rb"(sips?:[^:@\s;<>?\"]+:)([\w.!~*'()&=+$,%-]+)(?=@)", re.IGNORECASE)
_VISIBLE: Final = re.compile(rb"\S")


def without_credentials(message: bytes) -> bytes:
    """Return a SIP message with passwords, and what is computed from them, made unreadable; it stays as long as it was, and all else
    in it as it is."""
    message = _HEADER.sub(lambda found: found[1] + _blank(found[2]), message)
    return _PASSWORD.sub(lambda found: found[1] + b"x" * len(found[2]), message) if b"@" in message else message


def _blank(value: bytes) -> bytes:
    """Return the value of a header without its secret; the end of its line may stand behind it."""
    end = b"\r" * value.endswith(b"\r")
    value = value.removesuffix(end)
    scheme = _SCHEME.match(value)
    if scheme is not None and scheme[1].lower() != b"digest":
        # Basic has the password itself in it, others a token that is as good.
        return value[: scheme.end()] + _VISIBLE.sub(b"x", value[scheme.end() :]) + end
    return _PARAMETER.sub(_blank_parameter, value) + end


def _blank_parameter(found: re.Match[bytes]) -> bytes:
    return found[1] + found[2] + b"x" * len(found[3]) + found[4] if found[1].lower() in _HASHES else found[0]
