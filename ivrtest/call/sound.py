"""What a line would like of the sound of its calls: codecs, encryption, addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivrtest.call.codecs import Codec, SoundError, chosen_codecs
from ivrtest.rtp.srtp import SrtpError, check_library
from ivrtest.sip.sdes import Srtp

__all__ = ["DEFAULT_CODECS", "PTIMES_MS", "SoundOptions", "Srtp"]

DEFAULT_CODECS: Final = ("PCMU", "PCMA")
PTIMES_MS: Final = (10, 20, 30, 40, 50, 60)


@dataclass(frozen=True, slots=True)
class SoundOptions:
    """Applies to every call of a line. Raises SoundError for what cannot be used here, ValueError for a packet time out of range."""

    codecs: tuple[str, ...] = ()
    """The names of what is spoken, best first; see `ivrtest.call.codecs.CODECS`. Empty: G.711, in the order of whoever calls."""
    ptime_ms: int = 20
    """Milliseconds of sound that we would like to get in each packet, and send where the far side wishes nothing else."""
    srtp: Srtp = Srtp.OFF
    srtp_in_clear: bool = False
    """Whether keys for SRTP may go over signalling that is not encrypted, where everybody on the way can read them."""
    comfort_noise: bool = False
    """Whether to send comfort noise (RFC 3389) in place of silence, where the far side takes it."""

    def __post_init__(self) -> None:
        chosen_codecs(self.codecs or DEFAULT_CODECS)
        if self.srtp is not Srtp.OFF:
            try:
                check_library()
            except SrtpError as error:
                raise SoundError(str(error)) from error
        if self.ptime_ms not in PTIMES_MS:
            raise ValueError(f'a packet holds {", ".join(map(str, PTIMES_MS[:-1]))} or {PTIMES_MS[-1]} ms of sound, not "{self.ptime_ms}"')

    @property
    def chosen(self) -> tuple[Codec, ...]:
        """The codecs, best first."""
        return chosen_codecs(self.codecs or DEFAULT_CODECS)
