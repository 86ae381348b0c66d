"""What identify tells of the tones of a network: each once, to its end, and no speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import beep, silence, tone
from ivrtest.run.identify import Heed, of_recording

GOODBYE = synthesise("Thank you and goodbye.", "en")
HEED = Heed(PromptLibrary([Recording("goodbye", "en", GOODBYE)]))


def repeated(hz: tuple[float, ...], on_s: float, off_s: float, times: int) -> Samples:
    return np.concatenate([np.concatenate([tone(hz, on_s, level_db=-12), silence(off_s)]) for _ in range(times)])


def identified(folder: Path, *sounds: Samples) -> list[tuple[str, str, float, float]]:
    write_wav(folder / "call.wav", np.concatenate([silence(0.5), *sounds, silence(2)]))
    found = of_recording(folder / "call.wav", HEED)
    return [(one.verdict, one.prompt or one.note, round(one.start_s, 1), round(one.end_s, 1)) for one in found]


@pytest.mark.parametrize(
    ("hz", "on_s", "off_s", "name", "end_s"),
    [
        ((425,), 0.2, 0.2, "the busy tone or the congestion tone (as in BR, MX, SE, ES, DE, NL, IT, PT, CH, AT)", 4.3),
        ((425,), 0.5, 0.5, "the busy tone (as in DE, IT, NL, PT, CH, BE, PL)", 10.0),
        ((425,), 1.0, 4.0, "the ringing tone (as in DE, IT, NL, CH, BR, MX, PL, PT, SE, AT, BE)", 46.5),
        ((480, 620), 0.25, 0.25, "the congestion tone (as in US, CA)", 5.2),
    ],
)
def test_a_tone_is_told_once(hz: tuple[float, ...], on_s: float, off_s: float, name: str, end_s: float, tmp_path: Path) -> None:
    ((verdict, told, start_s, ended_s),) = identified(tmp_path, repeated(hz, on_s, off_s, 10))
    assert (verdict, told, start_s) == ("tone", name, 0.5)
    assert ended_s == pytest.approx(end_s, abs=0.15)


def test_what_follows_a_tone_is_told(tmp_path: Path) -> None:
    found = identified(tmp_path, repeated((425,), 1.0, 4.0, 2), GOODBYE, silence(0.5), beep())
    assert [(verdict, told) for verdict, told, _, _ in found] == [
        ("tone", "the ringing tone (as in DE, IT, NL, CH, BR, MX, PL, PT, SE, AT, BE)"),
        ("match", "goodbye"),
        ("tone", "1000 Hz"),
    ]


@pytest.mark.parametrize("hz", [(950, 1400, 1800), (913.8, 1370.6, 1776.7), (985.2, 1428.5, 1776.7)])
def test_every_kind_of_special_information_tone(hz: tuple[float, float, float], tmp_path: Path) -> None:
    sounds = [tone((each,), 0.33, level_db=-12) for each in hz]
    found = identified(tmp_path, *sounds)
    assert [(verdict, told) for verdict, told, _, _ in found] == [("tone", "the special information tone")]
