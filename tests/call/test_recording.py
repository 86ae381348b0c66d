"""Stereo files: caller left, IVR right, on one clock."""

import wave
from pathlib import Path

import numpy as np

from ivrtest.audio.recording_file import read_comment
from ivrtest.call.recording import write_stereo


def test_caller_is_left_and_ivr_right_and_the_shorter_is_followed_by_silence(tmp_path: Path) -> None:
    caller, ivr = np.array([1, 2, 3], np.int16), np.array([-4, -5], np.int16)
    write_stereo(tmp_path / "call.wav", caller, ivr, comment="left: caller")
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        assert np.frombuffer(file.readframes(10), "<i2").tolist() == [1, -4, 2, -5, 3, 0]
    assert read_comment(tmp_path / "call.wav") == "left: caller"
