"""The ways of a key: as an RTP event, as a SIP request of its own (INFO), or as a tone."""

from __future__ import annotations

import re
from typing import Final, Literal

from ivrtest.rtp.dtmf import KEYS

KeyMode = Literal["rfc4733", "info", "inband", "auto"]
"""How to send keys: `rfc4733`, RTP events, and nothing else; `info`, SIP INFO; `inband`, tones in the sound; `auto`, RTP events where the
far side takes them, else tones."""

DTMF_RELAY: Final = "application/dtmf-relay"
INFO_MS: Final = 160
"""How long a key lasts that we send by INFO."""
_UNSAID_MS: Final = 100
"""How long a key lasts that does not say so."""

_KEY: Final = rb"(1[0-5]|[0-9*#A-D])"
_SIGNAL: Final = re.compile(rb"^[ \t]*Signal[ \t]*=[ \t]*" + _KEY + rb"[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DURATION: Final = re.compile(rb"^[ \t]*Duration[ \t]*=[ \t]*([0-9]{1,5})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_ALONE: Final = re.compile(rb"\s*" + _KEY + rb"\s*", re.IGNORECASE)
_WRITTEN: Final = re.compile(rb"(^[ \t]*Signal[ \t]*=[ \t]*|\r\n\r\n\s*)(?:1[0-5]|[0-9*#A-D])(?=\s*$)", re.IGNORECASE | re.MULTILINE)


def key_by_info(key: str) -> bytes:
    """Return the body of an INFO for a key, as `application/dtmf-relay`. There is no standard; gateways made it one."""
    return f"Signal={key}\r\nDuration={INFO_MS}\r\n".encode()


def key_in_info(content_type: str, body: bytes) -> tuple[str, float] | None:
    """Return the key in an INFO and its seconds; None where there is none. `application/dtmf` has the key alone, or its event code."""
    found = _ALONE.fullmatch(body) if content_type == "application/dtmf" else _SIGNAL.search(body)
    if found is None:
        return None
    name = found[1].decode().upper()
    length = _DURATION.search(body)
    # Two digits are an event code (RFC 4733): 10 and 11 are * and #.
    return KEYS[int(name)] if len(name) == 2 else name, (int(length[1]) if length else _UNSAID_MS) / 1000


def without_key(message: bytes) -> bytes:
    """Return a SIP message with the key in it, if there is one, replaced by a question mark."""
    return _WRITTEN.sub(rb"\1?", message) if message.startswith(b"INFO ") else message
