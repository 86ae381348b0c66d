"""A quick look agrees with a long one."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.glance import glance
from ivrtest.audio.recording_file import read_audio, write_wav

TONE = (12000 * np.sin(np.arange(8000) * 0.3)).astype(np.int16)


def test_length_level_and_sameness(tmp_path: Path) -> None:
    one, same, other = tmp_path / "one.wav", tmp_path / "same.wav", tmp_path / "other.wav"
    write_wav(one, TONE)
    write_wav(same, TONE)
    write_wav(other, TONE[:4000])
    first, again, short = glance(one), glance(same), glance(other)
    assert first is not None
    assert short is not None
    assert first == again
    assert (first.seconds, first.peak, first.cut_off) == (1.0, int(np.abs(read_audio(one)).max()), 0)
    assert (short.seconds, short.digest == first.digest) == (0.5, False)


def test_a_wave_that_is_cut_off(tmp_path: Path) -> None:
    loud = np.clip(TONE.astype(np.int32) * 4, -32768, 32767).astype(np.int16)
    write_wav(tmp_path / "loud.wav", loud)
    seen = glance(tmp_path / "loud.wav")
    assert seen is not None
    assert seen.peak == 32768
    assert seen.cut_off is not None
    assert seen.cut_off > 300


def test_quiet_samples_that_look_like_full_scale_between_two_samples_are_none(tmp_path: Path) -> None:
    samples = np.full(800, -129, np.int16)
    samples[0] = 32767
    write_wav(tmp_path / "quiet.wav", samples)
    seen = glance(tmp_path / "quiet.wav")
    assert seen is not None
    assert seen.cut_off == 0


def test_a_headerless_recording_has_a_length(tmp_path: Path) -> None:
    (tmp_path / "a.ulaw").write_bytes(b"\xff" * 4000)
    seen = glance(tmp_path / "a.ulaw")
    assert seen is not None
    assert (seen.seconds, seen.peak, seen.cut_off) == (0.5, None, None)
    (tmp_path / "a.sln").write_bytes(struct.pack("<4h", 1, -7, 3, 0))
    assert (raw := glance(tmp_path / "a.sln")) is not None
    assert (raw.peak, raw.seconds) == (7, 0.0005)
    (tmp_path / "a.sln16").write_bytes(struct.pack("<4h", 1, -7, 3, 0))
    assert (wide := glance(tmp_path / "a.sln16")) is not None
    assert (wide.seconds, wide.digest == raw.digest) == (0.00025, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16) + b"data\4\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 49, 1, 8000, 1625, 65, 0) + b"data\4\0\0\0abcd",
        b"ID3 is not looked at",
    ],
)
def test_what_cannot_be_looked_at(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    assert glance(tmp_path / "a.wav") is None


def test_a_recording_that_is_not_there(tmp_path: Path) -> None:
    assert glance(tmp_path / "none.wav") is None


def test_a_recording_without_samples(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16) + b"data\0\0\0\0")
    seen = glance(tmp_path / "a.wav")
    assert seen is not None
    assert (seen.seconds, seen.peak, seen.cut_off) == (0.0, 0, 0)
