"""What comes right after speech or music that is no recording, and has been told to be none while it went on."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.pcm import Samples


def _without_pauses(sound: Samples) -> Samples:
    frames = sound[: len(sound) // 80 * 80].reshape(-1, 80)
    loud: Samples = frames[np.abs(frames.astype(np.int32)).max(axis=1) > 800].ravel()
    return loud


@pytest.mark.parametrize("seconds", [3.3, 5.0])
@pytest.mark.parametrize("key", [("closed", "en"), ("closed_holiday", "es")])
def test_a_recording_with_a_pause_that_others_begin_like(
    material: Any, trials: ModuleType, line: ModuleType, key: tuple[str, str], seconds: float
) -> None:
    """Until it parts from the others it has no name, and a pause in it is not the end of what is unknown."""
    stranger = _without_pauses(np.concatenate(material.unknown))[: int(seconds * 8000)]
    said = material.library.get(*key).samples
    assert material.library.index.siblings[key]
    call = np.concatenate([line.silence(0.4), stranger, line.silence(0.2), said, line.silence(1.6)])
    finals = trials.heard(trials.listen(material.library, call, expected=[[key], [key]]))
    assert [(final.match.key, final.match.verdict) for final in finals] == [(("", ""), Verdict.unknown), (key, Verdict.match)]
