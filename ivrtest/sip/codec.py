"""Codecs as session descriptions name them. How they are coded is said in `call.codecs`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivrtest.sip.session_description import RtpFormat


@dataclass(frozen=True, slots=True)
class Codec:
    """A way to write sound into packets."""

    name: str
    clock_rate: int
    """Hz of the RTP timestamp."""
    payload_type: int
    """The static payload type, or the dynamic one to offer (96 to 127)."""
    channels: int = 1
    parameters: str | None = None
    """The `fmtp` text to offer."""

    def __str__(self) -> str:
        channels = "" if self.channels == 1 else f"/{self.channels}"
        return f"{self.name}/{self.clock_rate}{channels}"

    def carried_by(self, rtp_format: RtpFormat) -> bool:
        """Whether a payload type carries this codec."""
        return rtp_format.same_encoding(self.name, self.clock_rate, self.channels)


PCMU: Final = Codec("PCMU", 8000, 0)
PCMA: Final = Codec("PCMA", 8000, 8)
G722: Final = Codec("G722", 8000, 9)
L16_44100: Final = Codec("L16", 44100, 11)
L16_8000: Final = Codec("L16", 8000, 96)
L16_16000: Final = Codec("L16", 16000, 97)
OPUS: Final = Codec("opus", 48000, 98, 2, "maxplaybackrate=8000;sprop-maxcapturerate=8000")
"""Always written with 48,000 Hz and two channels, whatever is spoken (RFC 7587 section 7). The parameters say that more than telephone
sound would be wasted on us."""
CODECS: Final = (PCMU, PCMA)
"""What is offered unless something else is asked for, best first."""
