"""What the embedded IVR remembers of one call: the other side's view, for evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ivrtest.call.call import Ended, Samples
from ivrtest.flow.machine import Visit

HIDDEN: Final = "•"
"""Stands for a key that must not be shown."""


@dataclass(frozen=True, slots=True)
class ReceivedKey:
    """A key that the caller pressed."""

    key: str
    """`•` where the flow collected a secret."""
    at: float
    """When it went down, in seconds on the call's clock."""
    secret: bool = False
    seconds: float = 0.0
    """How long it was down."""
    how: str = ""
    """How it came, as `ivrtest.call.call.KeyHeard` has it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the IVR could not do as declared."""

    message: str
    at: float


@dataclass(frozen=True, slots=True, eq=False)
class CallRecord:
    """One call from the IVR's side. Holds no secret digits."""

    call_id: str
    caller: str
    called: str
    visits: tuple[Visit, ...]
    keys: tuple[ReceivedKey, ...]
    troubles: tuple[Trouble, ...]
    messages: tuple[Samples, ...] = field(default=(), repr=False)
    """What the caller left on the voicemail, one per recording, 8000 samples a second."""
    ended: Ended | None = None
    """None while the call goes on."""
