"""What a flow asks to be done, and what can happen to it: the two closed unions that every driver of a flow speaks.

The embedded server, the simulator and the checker all drive the same machine with these values. Times are seconds on the
call's own clock, which starts at zero when the call begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording to play: a prompt in a language. A spoken digit is the prompt `digits/7`."""

    prompt: str
    language: str
    """A language of the flow, or `mul` for a prompt that has one recording for all languages."""
    flow: str = ""
    """The flow whose prompts folder holds the recording: inside a called flow it is the called one."""
    secret: bool = False
    """This piece is a digit of a secret value: it may be played, but no log, trace or report may name it."""


# Actions: what the flow asks for.


@dataclass(frozen=True, slots=True)
class Play:
    """Play these recordings one after another. Answered by one `PlayEnded`, unless `StopPlaying` comes first."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PlayMusic:
    """Play this recording over and over until `StopPlaying` or the next `Play`. Never answered."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Stop what plays, at once. No `PlayEnded` follows."""


@dataclass(frozen=True, slots=True)
class Beep:
    """Play the voicemail beep (1000 Hz, 0.4 s). Answered by `PlayEnded`."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask a system of record. Answered by `LookupEnded`; the machine itself watches the time-out.

    A driver drops what it still hears from an earlier lookup when it gets this one.
    """

    name: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    """The names of the arguments whose values no log, trace or report may hold."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the caller over. Answered by `TransferEnded`."""

    to: str
    """A SIP URI or an E.164 number. For an agent who takes the caller from a queue: `queue:<name>`."""
    attended: bool = False
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put the caller in a queue. Followed by any number of `QueueMoved` and at most one `QueueEnded`."""

    queue: str


@dataclass(frozen=True, slots=True)
class Dequeue:
    """Take the caller out of the queue again: she zeroed out, or waited too long."""

    queue: str


@dataclass(frozen=True, slots=True)
class Record:
    """Record the caller. Answered by `RecordEnded`, which a `StopRecording` brings about too."""

    max_s: float
    silence_s: float


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End the recording, because the caller pressed the key that does. Answered by `RecordEnded`."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message by another channel. Answered by `SendEnded`."""

    channel: str
    """`sms`, `email` or `chat`."""
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. Nothing follows."""

    reason: str = "normal"
    """`normal`, or `dead-end` where the flow has no answer to what happened."""


Action = Play | PlayMusic | StopPlaying | Beep | Lookup | Transfer | Enqueue | Dequeue | Record | StopRecording | Send | HangUp


# Happenings: what the world reports. Every one says when, in seconds on the call's clock.


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """All of the last `Play` or `Beep` was played. One that is older than what plays now is ignored."""

    at: float


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key: one of `0123456789*#ABCD`."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class NoInput:
    """A time that a node set is over, mostly the time to press a key. The machine makes this out of a `Tick`; drivers never send it."""

    at: float


@dataclass(frozen=True, slots=True)
class LookupEnded:
    outcome: str
    """An outcome the node declares, or `failed`."""
    at: float
    values: Mapping[str, str | int] = field(default_factory=dict)
    name: str = ""
    """The lookup that this answers. Empty: the one that is waited for. An answer to another one is ignored."""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    outcome: str
    """`answered`, `busy`, `no_answer` or `failed`."""
    at: float


@dataclass(frozen=True, slots=True)
class QueueMoved:
    position: int
    """1 is next."""
    wait_s: float
    at: float


@dataclass(frozen=True, slots=True)
class QueueEnded:
    outcome: str
    """`answered`, `overflow` or `no_agents`. (`timed_out` and `zero_out` the machine finds itself.)"""
    at: float


@dataclass(frozen=True, slots=True)
class RecordEnded:
    seconds: float
    """How much the caller said; 0 if nothing was heard."""
    at: float


@dataclass(frozen=True, slots=True)
class SendEnded:
    sent: bool
    at: float


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller hung up. The machine asks for nothing more: the driver itself ends what is under way."""

    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed. Drivers send it when `FlowMachine.deadline` is reached."""

    at: float


Happening = PlayEnded | Key | NoInput | LookupEnded | TransferEnded | QueueMoved | QueueEnded | RecordEnded | SendEnded | CallerLeft | Tick
