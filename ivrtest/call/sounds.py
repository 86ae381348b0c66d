"""The sound of a line's calls: media sessions of one engine, and what is negotiated about them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ivrtest.call.capture import Capture
from ivrtest.call.media import MediaEngine
from ivrtest.call.media_session import MediaSession
from ivrtest.call.negotiation import Negotiation, expected_media
from ivrtest.call.remote_media import Address
from ivrtest.call.sound import SoundOptions, Srtp
from ivrtest.call.sound_hosts import SoundHosts


@dataclass(frozen=True, slots=True)
class Sounds:
    """Opens the sound of calls, all of them alike."""

    engine: MediaEngine
    options: SoundOptions
    advertise: str
    """The address that others reach us at; empty: our own."""
    records: bool
    """Whether the sound of every call is kept."""

    def open(self, capture: Capture | None, *, hears_tones: bool) -> MediaSession:
        """Open the sound of a call. Raises MediaError."""
        return self.engine.open(
            record=self.records,
            capture=capture,
            hears_tones=hears_tones,
            expected=expected_media(self.options),
            comfort_noise=self.options.comfort_noise,
            secured=self.options.srtp is not Srtp.OFF,
        )

    def negotiation(self, local: Address, *, confidential: bool, hosts: SoundHosts) -> Negotiation:
        """Begin to negotiate for a session that receives at `local`. `confidential`: the signalling is encrypted. `hosts`: where the sound
        may go."""
        host, port = local
        return Negotiation(
            (self.advertise or host, port),
            # 62 bits, as it has to fit a signed 64-bit integer (RFC 4566 section 5.2 leaves it open).
            session_id=secrets.randbits(62),
            sound=self.options,
            confidential=confidential,
            token=secrets.token_bytes,
            hosts=hosts,
        )
