"""What two sides agreed on, and how well it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivrtest.call.codecs import CodecName
from ivrtest.sip.sdes import Crypto

Address = tuple[str, int]


class MediaError(Exception):
    """The sound of a call cannot go on, or could not be opened. The message says why and what would help."""


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """What offer and answer agreed on (RFC 3264), as the media thread needs it."""

    address: Address
    """Where the far side said it receives: an IP address and a port."""
    payload_type: int = 0
    """The payload type that we send with."""
    codec: CodecName = "PCMU"
    """What `payload_type` stands for."""
    key_payload_type: int | None = 101
    """The payload type of telephone-event (RFC 4733) that we send with. None: the far side takes none, and keys go as tones."""
    key_clock_rate: int | None = None
    """Hz of the durations of those events. None: that of the codec, as it should be (RFC 4733 section 2.1)."""
    receive_codecs: Mapping[int, CodecName] = field(default_factory=lambda: {0: "PCMU", 8: "PCMA"})
    """Payload types that we said we take, and what they stand for."""
    receive_keys: Mapping[int, int] = field(default_factory=lambda: {101: 8000})
    """Payload types of telephone-event that we said we take, and the Hz of their timestamps."""
    ptime_ms: int = 20
    """How much sound to put into each packet: a multiple of 10 ms that the codec can do."""
    noise_payload_type: int | None = None
    """The payload type of comfort noise (RFC 3389) that we may send in place of silence. None: silence is sent as it is."""
    rtcp_address: Address | None = None
    """Where reports go. None: none are sent."""
    rtcp_mux: bool = False
    """Whether reports go from and to the ports of the sound (RFC 5761)."""
    send_crypto: Crypto | None = None
    """What we encrypt with (SRTP). None: not at all."""
    receive_crypto: Crypto | None = None
    """What the far side encrypts with."""
    hosts: frozenset[str] | None = None
    """The only hosts whose sound is heard, and that ours goes to. None: behind a NAT, the far side may be at any."""
    sends: bool = True
    """Whether we may send: False for `recvonly` and `inactive`, seen from us. What is being played waits meanwhile."""
    receives: bool = True
    """Whether the far side may send: False for `sendonly` and `inactive`, seen from us. What comes all the same is not heard."""


@dataclass(frozen=True, slots=True)
class MediaStats:
    """How well the sound travelled. Numbers of one session so far."""

    sent: int = 0
    """RTP packets sent."""
    unsent: int = 0
    """RTP packets that the system refused to send: no route, or a firewall of our own."""
    received: int = 0
    """RTP packets taken from the far side, keys included."""
    lost: int = 0
    """Packets that never came, by their sequence numbers (RFC 3550 A.3)."""
    overrun: int = 0
    """Datagrams that came, from whomever, and were dropped: this machine was too busy to read them in time. So many of the lost packets may
    be our own fault."""
    late: int = 0
    """Packets that came after their time had been delivered."""
    duplicated: int = 0
    reordered: int = 0
    jitter_ms: float = 0.0
    """Interarrival jitter (RFC 3550 A.8), from the kernel's receive times."""
    reanchored: int = 0
    """How often the far side's timestamps were tied to our clock anew: another SSRC, a jump, a delay that stayed."""
    slipped_samples: int = 0
    """Samples repeated (positive) or left out (negative) because the far side's clock runs slower or faster than ours."""
    strangers: int = 0
    """Datagrams from addresses that are not the far side's. Not heard."""
    stranger: Address | None = None
    """The latest of those addresses."""
    moved: int = 0
    """How often the far side's sound went on from another address, without a word about it."""
    malformed: int = 0
    """Datagrams from the far side that are no RTP."""
    unauthenticated: int = 0
    """SRTP packets of the far side that were not encrypted with the agreed key, or came twice. Not heard."""
    unknown_payloads: int = 0
    """RTP packets of a payload type that was not agreed on. Not heard."""
    foreign: tuple[tuple[int, int], ...] = ()
    """Of those, how many packets of sound came of each payload type."""
    late_ticks: int = 0
    """Frames that we sent more than 5 ms after their time, because the machine was busy."""
    worst_late_ms: float = 0.0
    """The worst of them."""
    send_spacing_ms: tuple[float, float] | None = None
    """Shortest and longest time between two packets that we sent; None before the second."""
    late_p99_ms: float = 0.0
    """99 of 100 packets left at most this late, to 1 ms."""
    lateness: tuple[int, ...] = ()
    """How many packets left less than 1 ms, less than 2 ms ... after their time; the last number counts all that left even later."""
    unevenness: tuple[int, ...] = ()
    """The same for how much longer or shorter it was from one packet to the next than it should have been."""
    noise_dbov: int | None = None
    """How loud the far side said its silence is (RFC 3389); None if it did not."""
    after_goodbye: int = 0
    """RTP packets that came after the far side had said goodbye (RTCP BYE). They are heard."""
    encrypted: str = ""
    """The SRTP suite that we send with; empty where sound is not encrypted."""
    remote_lost: int | None = None
    """How many of our packets the far side misses, by its reports; None if it sent none."""
    remote_jitter_ms: float | None = None
    """Interarrival jitter of our packets there, by its reports."""
    remote_reports: int = 0
    """Its reports that came."""
    remote_sent: int = 0
    """So many packets it sent, by those that said so."""
    round_trip_ms: float | None = None
    """From its reports of ours (RFC 3550 section 6.4.1); None if it sent none in answer to one."""
