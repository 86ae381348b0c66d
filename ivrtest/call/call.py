"""The narrow door to the telephone: one call, whatever carries it.

A `Call` is the same thing for the caller, for the embedded server and in process. It has one stream, in the order of its
media clock: blocks of audio, without a gap from the first moment, and between them the events, each before the first block
that starts after it. (One stream rather than two: with two, an end of call could overtake the last words.)

The clock starts at zero when the call is placed (caller) or arrives (server) and runs on until the end, also while the line
rings and while nothing arrives. All times are seconds on it; all audio is 8000 samples a second, 16 bit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ivrtest.call.impairment import Impairment
from ivrtest.rtp.dtmf import KeyForm

SAMPLE_RATE = 8000

Samples = NDArray[np.int16]
Mask = NDArray[np.bool_]
ChangeMethod = Literal["INVITE", "UPDATE"]
"""How to ask for a change of the session over SIP: RFC 3261 section 14, or RFC 3311."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A stretch of what the far side sent."""

    start: int
    """Index of the first sample on the call's clock."""
    samples: Samples
    """Shape (n,). Zero where nothing arrived."""
    lost: Mask
    """Shape (n,). True where packets were sent and did not arrive (seen from the sequence numbers) or came too late. Where the far side
    simply sent nothing it is False: that is silence."""
    missed: tuple[tuple[int, int], ...] = ()
    """Stretches before this block, in samples on the call's clock, that were given as silence. Only now is it known that they were lost."""
    came: bool = True
    """Whether any sound has come so far, be it silence; False: not one packet that could be used."""

    @property
    def start_s(self) -> float:
        return self.start / SAMPLE_RATE

    @property
    def end_s(self) -> float:
        return (self.start + len(self.samples)) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Ringing:
    at: float
    status: int = 180
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """The far side began to send audio before it answered (183 with a session description)."""

    at: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    at: float
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer. Here and elsewhere by name as written; the values of several of one name stand in one, with `, ` between them."""


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """The far side pressed a key. Reported once, when its end is known or its time is over."""

    key: str
    at: float
    """When the key went down."""
    seconds: float
    how: str = "rfc4733"
    """`rfc4733`, `info` or `inband`."""


@dataclass(frozen=True, slots=True)
class KeySent:
    """Our own key has left, whole. Between `at` and `at + seconds` we sent no audio (by `info`: it was under way until confirmed)."""

    key: str
    at: float
    seconds: float
    how: str = "rfc4733"
    """`rfc4733`, `info` or `inband`."""


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """All that `play` was given has been sent. Not reported after `stop_playing`."""

    at: float


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The far side asks us to call somebody else (REFER, RFC 3515)."""

    to: str
    at: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transferred:
    """We have called whom the far side asked us to: the call goes on there, with the same clock."""

    to: str
    at: float
    problem: str = ""
    """Why it does not go on there, for people; empty if it does."""


@dataclass(frozen=True, slots=True)
class LedElsewhere:
    """The far side wants the rest of the call, or its sound, at a host that nobody called and that is not on the list of whom we may
    call; or our requests over another transport than that of the call."""

    to: str
    at: float
    followed: bool
    """Whether it goes there; else it goes where the call went."""
    what: Literal["requests", "sound", "transport"] = "requests"


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """What is sent and heard was agreed on anew: a hold, its end, another address or codec."""

    by: str
    """`us` or `them`: who asked for it."""
    direction: str
    """Seen from us: `sendrecv`, `sendonly`, `recvonly` or `inactive`."""
    at: float
    status: int = 200
    """300 or more: the far side refused, and everything stays as it was."""
    codec: str = ""
    """What our sound is sent as from now on; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class TransferFinished:
    """What became of the transfer that we asked for: the final status of the new call (RFC 3515 section 2.4.5)."""

    status: int
    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over. The last thing in the stream."""

    by: str
    """`us` or `them` for an answered call; `refused` for a final response of 300 or more; `no-answer` for a time-out; `lost` when
    the far side stopped answering or the line failed."""
    at: float
    status: int | None = None
    """The SIP status code that ended it, where one did."""
    reason: str = ""
    """Why, for people; with the status in it where there is one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the message that ended it, if one came."""


CallEvent = (
    Ringing
    | EarlyMedia
    | Answered
    | KeyHeard
    | KeySent
    | PlaybackEnded
    | TransferAsked
    | TransferFinished
    | Transferred
    | LedElsewhere
    | SessionChanged
    | Ended
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """What was seen so far of a call without any sound from the far side."""

    ours: tuple[str, int]
    """Where we receive, and send from."""
    theirs: tuple[str, int]
    """Where the far side said it receives."""
    promised: bool
    """Whether the far side is to send at all, by the session descriptions."""
    sent: int
    """Packets of ours that left."""
    unsent: int
    """Packets of ours that this machine would not send."""
    refused: str
    """Why nothing can be delivered to `theirs`, by ICMP or by this machine; empty where nobody said so."""
    reports: int
    """Reports of the far side (RTCP) that came."""
    claimed: int
    """So many packets it sent, by those."""
    undecipherable: int
    """SRTP packets that came and were not encrypted with the agreed key."""
    malformed: int
    """Datagrams that came to the port of sound from there and are no RTP."""
    foreign: tuple[tuple[int, int], ...] = ()
    """How many packets of sound came of payload types that were not agreed on: type and number."""

    @property
    def nearby(self) -> bool:
        """Whether the far side is on this machine, so that no firewall and no NAT lies between."""
        return ip_address(self.theirs[0]).is_loopback


class Call(Protocol):
    """One telephone call, seen from one end."""

    @property
    def id(self) -> str:
        """The SIP Call-ID, or a name of that kind."""

    @property
    def caller(self) -> str:
        """Who calls: a SIP URI or a number; empty if unknown."""

    @property
    def called(self) -> str:
        """Who is called: a SIP URI or a number."""

    @property
    def now(self) -> float:
        """Seconds on the call's clock."""

    def unheard(self) -> Unheard | None:
        """Return what is known of the way that sound should have come by now, where none has (`Block.came`). None where there is nothing
        that could be known: nothing is agreed on yet, or what carries the call does not tell."""

    def stream(self) -> AsyncIterator[Block | CallEvent]:
        """Yield all that comes, in the order of the clock, until `Ended`. May be iterated once."""

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        """Send keys one after another; return when they are queued. `KeySent` reports each. `secret` keeps them out of logs and traces.
        `form`: how they are pressed, where it is not the usual way."""

    def hide_keys(self, hide: bool) -> None:
        """While `hide`, keys that the far side presses stay out of logs and traces. `KeyHeard` still reports them."""

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        """Send audio from now on, in place of what is being sent. `PlaybackEnded` follows unless it loops."""

    def stop_playing(self) -> None:
        """Send silence."""

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None:
        """Ask the far side to call `to` instead (REFER). With `consult_s` we call there first, which may ring so long, and it takes that
        call over (Replaces), where whatever carries the call can do that and may."""

    async def hold(self) -> None:
        """Ask the far side to send nothing; over SIP, `SessionChanged` follows. What cannot hold hears on."""

    async def resume(self) -> None:
        """End the hold."""

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None:
        """Ask the far side to speak this codec and no other from now on. `SessionChanged` follows, without a codec where there are none
        to choose from."""

    async def ring(self, *, early_media: bool = False) -> None:
        """Tell the caller that it rings; with `early_media` she hears what is played from now on, before the call is answered.

        Raises `RuntimeError` on a call that we placed.
        """

    async def answer(self) -> None:
        """Answer a call that came in. Raises `RuntimeError` on a call that we placed."""

    async def refuse(self, status: int) -> None:
        """Refuse a call that came in with a final SIP status of 300 or more. Raises `RuntimeError` on a call that we placed or answered."""

    def impair(self, impairment: Impairment | None) -> None:
        """From now on, let what we send travel as over a bad network; None: as usual."""

    async def hang_up(self) -> None:
        """End the call: BYE if it is answered, CANCEL or a refusal before. Does nothing when it is over. `Ended` follows in the stream."""
