"""What both sides said, on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ivrtest.audio.recording_file import write_wav
from ivrtest.call.call import Call, Samples

OWN_CALL = "ivrtest call "
"""What the comment of our own recordings begins with: their left channel is the caller's, their right one the IVR's."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Both directions of a call. Sample k of each is that of the call's clock."""

    heard: Samples
    """What the far side sent, as it was heard: silence where it was lost."""
    sent: Samples
    """What we sent, as it was encoded: silence where keys were sent."""
    cut: bool = False
    """Whether the call was longer than was kept, so that the end is missing."""


class RecordedCall(Call, Protocol):
    """A call that is kept as it goes."""

    def recording(self) -> Recording:
        """Return both directions so far."""


def write_stereo(path: Path | str, caller: Samples, ivr: Samples, *, comment: str | None = None) -> None:
    """Write a stereo WAV: the caller left, the IVR right. The shorter one is followed by silence. Raises AudioError."""
    both = np.zeros((max(len(caller), len(ivr)), 2), np.int16)
    both[: len(caller), 0] = caller
    both[: len(ivr), 1] = ivr
    write_wav(path, both, comment=comment)
