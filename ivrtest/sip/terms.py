"""What one side would like of an audio stream, and why two sides may not come together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivrtest.sip.codec import CODECS, Codec
from ivrtest.sip.sdes import Crypto, Srtp
from ivrtest.sip.session_description import RtpFormat

PROTOCOLS: Final = ("RTP/AVP", "RTP/AVPF")
"""What is understood in an `m=` line. Feedback messages (AVPF, RFC 4585) may be left out by either side."""
SECURE_PROTOCOLS: Final = ("RTP/SAVP", "RTP/SAVPF")
"""The same over SRTP."""
TELEPHONE_EVENT: Final = "telephone-event"
COMFORT_NOISE: Final = RtpFormat(13, "CN", 8000)
"""RFC 3389."""
KEYS: Final = "0-15"
"""The events of RFC 4733 that are keys: digits, `*`, `#` and A to D."""
DEFAULT_PTIME_MS: Final = 20
"""RFC 3551 section 4.2."""


class NegotiationError(ValueError):
    """Two descriptions that come to no audio stream. The text says why."""


class NoAudio(NegotiationError):  # noqa: N818  # named after what happened
    """No audio stream is offered, or it was refused."""


class NoCommonCodec(NegotiationError):  # noqa: N818  # named after what happened
    """The two sides know no common codec."""


class NoEncryption(NegotiationError):  # noqa: N818  # named after what happened
    """One side wants sound to be encrypted, and the other does not, or not in a way that both know."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What this side would like of an audio stream."""

    codecs: tuple[Codec, ...] = CODECS
    """What it speaks, best first."""
    own_order: bool = False
    """Whether an answer takes the best of `codecs`; else it is the best of the offer's (RFC 3264 section 6.1)."""
    ptime_ms: int = DEFAULT_PTIME_MS
    """Milliseconds of sound that it would like to receive in each packet."""
    dtmf_payload_type: int | None = 101
    """What to offer for keys; the payload types after it are for codecs with other clocks. None: no keys."""
    comfort_noise: bool = False
    """Whether to offer to send comfort noise in place of silence (RFC 3389). Whoever offers it may send it, anyway."""
    rtcp_mux: bool = False
    """Whether reports may come to the port of the sound (RFC 5761)."""
    srtp: Srtp = Srtp.OFF
    crypto: tuple[Crypto, ...] = ()
    """What we would encrypt with; each of another suite. An offer has them all, an answer the one that fits, under the offer's tag."""
