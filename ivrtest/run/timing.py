"""How long a caller waits: for ringing, for an answer, for a first sound, and for a sound after each key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyTiming:
    """One key of the caller, and the first sound after it."""

    key: str
    """As it may be shown: a secret one is masked."""
    at_s: float
    """When it went down, in seconds on the call's clock."""
    seconds: float
    how: str
    """`rfc4733`, `info` or `inband`."""
    response_s: float | None
    """From when it was released to the first new sound; None where the next key, or the end of the call, came first."""


@dataclass(frozen=True, slots=True)
class CallTiming:
    """The waits of one call, in seconds. None where it did not come to that."""

    post_dial_s: float | None = None
    """From the INVITE to the first sign of the far side: ringing, early media or the answer (post-dial delay, ITU-T E.721)."""
    answer_s: float | None = None
    """From the INVITE to the answer."""
    first_audio_s: float | None = None
    """From when there was somebody to hear, the answer or early media, to the first sound."""
    keys: tuple[KeyTiming, ...] = ()

    @property
    def slowest_response_s(self) -> float | None:
        return max((key.response_s for key in self.keys if key.response_s is not None), default=None)
