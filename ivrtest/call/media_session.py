"""One call's sound, both ways, on the call's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivrtest.call.call import Block, CallEvent, Samples

Address = tuple[str, int]
CodecName = Literal["PCMU", "PCMA"]


class MediaError(Exception):
    """The sound of a call cannot go on, or could not be opened. The message says why and what would help."""


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """What offer and answer agreed on (RFC 3264), as the media thread needs it."""

    address: Address
    """Where the far side said it receives."""
    payload_type: int = 0
    """The payload type that we send with."""
    codec: CodecName = "PCMU"
    """What `payload_type` stands for."""
    key_payload_type: int | None = 101
    """The payload type of telephone-event (RFC 4733) that we send with. None: the far side takes none, and keys go as tones in the audio."""
    receive_codecs: Mapping[int, CodecName] = field(default_factory=lambda: {0: "PCMU", 8: "PCMA"})
    """Payload types that we said we take, and what they stand for."""
    receive_key_payload_types: frozenset[int] = frozenset({101})
    """Payload types of telephone-event that we said we take."""
    sends: bool = True
    """Whether we may send: False for `recvonly` and `inactive`, seen from us."""
    receives: bool = True
    """Whether the far side may send: False for `sendonly` and `inactive`, seen from us. What comes all the same is not heard."""


@dataclass(frozen=True, slots=True)
class MediaStats:
    """How well the sound travelled. Numbers of one session so far."""

    sent: int = 0
    """Packets sent."""
    received: int = 0
    """RTP packets taken from the far side, keys included."""
    lost: int = 0
    """Packets that never came, by their sequence numbers (RFC 3550 A.3)."""
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
    malformed: int = 0
    """Datagrams that are no RTP."""
    late_ticks: int = 0
    """Frames that we sent more than 5 ms after their time, because the machine was busy."""
    worst_late_ms: float = 0.0
    """The worst of them."""
    send_spacing_ms: tuple[float, float] | None = None
    """Shortest and longest time between two frames that we sent; None before the second."""


class MediaSession:
    """The sound of one call. Made by `MediaEngine.open`; every method belongs to the thread of the asyncio loop that opened it.

    The clock starts at zero when the session is opened (to be exact: at its first tick, at most 20 ms later) and counts samples. From then on
    the session yields `Block`s without a gap, silence where nothing arrived, and between them events in the order of the clock: `KeyHeard`,
    `KeySent`, `PlaybackEnded`, and whatever was handed to `post`. Read it with `async for` or `await session.next()`.

    A block reaches the reader some 40 to 80 ms after its last sample, so that packets out of order find their place; when the far side suddenly
    stops sending, up to 200 ms after, once, so that a stall is not taken for silence. The times on the clock are those of arrival, without that
    delay. A key is reported as soon as it is known whole, so its `at` may lie before the last block.
    """

    local_address: Address
    """Where we receive, as bound; the port is even, and the next one is kept free for RTCP."""

    @property
    def now(self) -> float:
        """Seconds on the session's clock."""
        raise NotImplementedError

    def start(self, remote: RemoteMedia) -> None:
        """Begin to send (silence until `play`). Before, RTP that comes is heard already if it has a payload type of our offer."""
        raise NotImplementedError

    def update(self, remote: RemoteMedia) -> None:
        """Go on with other terms: a re-INVITE, a hold (`sends=False`), early media that becomes the answered call."""
        raise NotImplementedError

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        """Send these samples from the next frame on, in place of what is being sent. `PlaybackEnded` follows unless it loops or is replaced."""
        raise NotImplementedError

    def stop_playing(self) -> None:
        """Send silence from the next frame on. No `PlaybackEnded` follows."""
        raise NotImplementedError

    def press(self, keys: str, *, secret: bool = False) -> None:
        """Queue keys of `0123456789*#ABCD`. `KeySent` reports each when it has left, whole. `secret` hides them from the capture.

        Raises ValueError for anything that is no key.
        """
        raise NotImplementedError

    def hide_heard_keys(self, hide: bool) -> None:
        """While `hide`, keys that the far side presses are masked in the capture."""
        raise NotImplementedError

    def post(self, event: CallEvent) -> None:
        """Put an event of the signalling (`Ringing`, `Answered`, `Ended`) into the stream, at its `at` on this clock."""
        raise NotImplementedError

    async def next(self) -> Block | CallEvent:
        """Return what comes next. Raises StopAsyncIteration after the end, MediaError if the session failed."""
        raise NotImplementedError

    def __aiter__(self) -> MediaSession:
        return self

    async def __anext__(self) -> Block | CallEvent:
        return await self.next()

    def close(self) -> None:
        """Stop sending and receiving, free the port. The stream still yields what was heard until now and what was posted, then ends."""
        raise NotImplementedError

    def stats(self) -> MediaStats:
        raise NotImplementedError
