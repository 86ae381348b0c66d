"""How good one call was: its packets, its sound, and what a listener would have thought of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np

from ivrtest.audio.level import SILENT_DBOV, Echo, Loudness, find_echo, loudness, noise_level
from ivrtest.call.codecs import CODECS
from ivrtest.call.recording import Recording
from ivrtest.call.remote_media import Address, MediaStats
from ivrtest.rtp.emodel import burst_ratio
from ivrtest.rtp.packet_log import Packets
from ivrtest.rtp.quality import StreamQuality, stream_quality
from ivrtest.rtp.rating import Rating, Unrated, listening

HARDLY: Final = 0.95
"""Who misses so much of what we sent hears nothing of us."""

A_CROWD: Final = 200
"""Packets. Of fewer it is not told at what pace they come: some may have waited somewhere and come at once."""

TELLING_S: Final = 3.0
"""Silence of a shorter call tells nothing: an IVR takes a moment before it speaks, and callers wait for so long."""


@dataclass(frozen=True, slots=True)
class CallQuality:
    """Of an answered call: what came, what left, and how it sounded."""

    codec: str
    """What most packets were encoded with; empty where none came."""
    stream: StreamQuality
    """The packets that came."""
    first_s: float | None
    """When the first packet came, in seconds on the call's clock; None where none did."""
    late: int
    """Packets that came too late to be heard."""
    overrun: int
    """Datagrams that came and were dropped, because this machine was too busy to read them. They are lost packets, too."""
    sent: int
    unsent: int
    """Packets that this machine could not send."""
    remote_lost: int | None
    """How many of our packets the far side misses, by its own reports (RTCP); None if it sent none."""
    remote_jitter_ms: float | None
    """Jitter of our packets there, by the same."""
    round_trip_ms: float | None
    """How long a packet takes there and back, by the same."""
    encrypted: str
    """The SRTP suite; empty for none."""
    rating: Rating | Unrated
    """What a listener would think of it."""
    heard: Loudness
    said: Loudness
    echo: Echo | None
    """What came back of our own voice. None where nothing was found to come back."""
    noise_dbov: float = -inf
    """Noise in the far side's pauses, in dBov; -inf where there is none."""
    codecs: tuple[str, ...] = ()
    """All that packets were encoded with, in the order in which they were first used."""
    strangers: int = 0
    """Datagrams from other addresses than the far side's. They were not heard."""
    stranger: Address | None = None
    """The latest of those addresses."""
    moved: int = 0
    """How often the far side's sound went on from another address, without a word about it."""
    pace: float | None = None
    """Packets a second, while they came; None where too few did."""

    @property
    def unheard(self) -> float:
        """The share of packets that were lost or came too late, 0 to 1."""
        return min(1.0, (self.stream.lost + self.late) / self.stream.expected) if self.stream.expected else 0.0

    @property
    def flood(self) -> float:
        """How many times as many packets came as the sound takes; 1.0 where nothing is known."""
        return self.pace * self.stream.frame_ms / 1000 if self.pace is not None and self.stream.frame_ms is not None else 1.0

    @property
    def one_way(self) -> str:
        """Say which direction carried nothing; empty where both did."""
        if not self.stream.received:
            return "no packet came from the far side" if self.sent else "no packet came, and none left"
        if not self.sent:
            return "no packet of ours left"
        if self.remote_lost is not None and self.remote_lost >= HARDLY * self.sent:
            return "the far side reports that our packets do not arrive"
        if self.heard.level_dbov < SILENT_DBOV and self.stream.received * (self.stream.frame_ms or 0.0) >= 1000 * TELLING_S:
            return "nothing but silence came from the far side"
        return ""


def call_quality(packets: Packets, codecs: Mapping[int, str], stats: MediaStats, recording: Recording) -> CallQuality:
    """Put together what is known of a call. `codecs`: what each payload type of audio stands for."""
    stream = stream_quality(packets, {payload_type: CODECS[name].wire.clock_rate for payload_type, name in codecs.items()})
    used = Counter(payload_type for payload_type in packets.payload_type.tolist() if payload_type in codecs)
    codec = codecs[used.most_common(1)[0][0]] if used else ""
    unheard = min(1.0, (stream.lost + stats.late) / stream.expected) if stream.expected else 1.0
    return CallQuality(
        codec=codec,
        stream=stream,
        first_s=float(packets.arrival_s.min()) if len(packets) else None,
        late=stats.late,
        overrun=stats.overrun,
        sent=stats.sent,
        unsent=stats.unsent,
        remote_lost=stats.remote_lost,
        remote_jitter_ms=stats.remote_jitter_ms,
        round_trip_ms=stats.round_trip_ms,
        encrypted=stats.encrypted,
        rating=rated(codec, stream, unheard),
        heard=loudness(recording.heard),
        said=loudness(recording.sent),
        echo=find_echo(recording.sent, recording.heard),
        noise_dbov=noise_level(recording.heard, unheard),
        codecs=tuple(dict.fromkeys(codecs[payload_type] for payload_type in used)),
        strangers=stats.strangers,
        stranger=stats.stranger,
        moved=stats.moved,
        pace=pace_of(packets),
    )


def pace_of(packets: Packets) -> float | None:
    """Return how many packets came a second."""
    seconds = float(np.ptp(packets.arrival_s)) if len(packets) else 0.0
    return len(packets) / seconds if len(packets) >= A_CROWD and seconds else None


def rated(codec: str, stream: StreamQuality, unheard: float) -> Rating | Unrated:
    if not codec:
        return Unrated("no packet with sound came from the far side")
    return listening(codec, unheard, burst_ratio(stream.bursts.runs, stream.lost, stream.loss))
