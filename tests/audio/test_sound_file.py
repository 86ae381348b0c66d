"""Long recordings are read piece by piece, and come to the same as when read at once."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples
from ivrtest.audio.recording_file import read_audio, write_wav
from ivrtest.audio.sound_file import open_sound
from ivrtest.audio.wav import AudioError
from tests.audio.test_recording_file import wav

NOISE: Samples = np.random.default_rng(1).normal(0, 3000, 44100 * 25).astype(np.int16)


def test_blocks_of_stereo_are_those_of_each_channel(tmp_path: Path) -> None:
    left, right = NOISE, NOISE[::-1]
    both, mono = tmp_path / "both.wav", tmp_path / "mono.wav"
    both.write_bytes(wav(np.stack([left, right], axis=1).tobytes(), channels=2, rate=44100))
    mono.write_bytes(wav(right.tobytes(), rate=44100))
    sound = open_sound(both)
    assert (sound.channels, sound.rate, sound.length, sound.seconds, sound.comment) == (2, 44100, len(left), 25.0, "")
    blocks = list(sound.blocks())
    assert max(len(block) for block in blocks) <= 16_000
    whole = np.concatenate(blocks)[:, 1].astype(int)
    assert abs(len(whole) - 200_000) <= 1
    # As at once, but for an eighth of a sample.
    assert np.abs(whole[: len(whole) - 100] - read_audio(mono)[: len(whole) - 100]).max() <= 2000
    assert np.argmax(np.correlate(whole[:20000], read_audio(mono)[100:19000].astype(int))) == 100


def test_24_bits_by_the_piece(tmp_path: Path) -> None:
    octets = b"".join(b"\x55" + struct.pack("<h", sample) for sample in NOISE[:30_000].tolist())
    (tmp_path / "p.wav").write_bytes(wav(octets, bits=24))
    pieces = list(open_sound(tmp_path / "p.wav").pieces(7000))
    assert [len(piece) for piece in pieces] == [7000, 7000, 7000, 7000, 2000]
    assert np.concatenate(pieces)[:, 0].tolist() == NOISE[:30_000].tolist()


def test_headerless_recordings_by_the_piece(tmp_path: Path) -> None:
    (tmp_path / "p.sln").write_bytes(NOISE[:9000].tobytes() + b"x")
    assert np.concatenate(list(open_sound(tmp_path / "p.sln").blocks()))[:, 0].tolist() == NOISE[:9000].tolist()


def test_the_comment_is_told(tmp_path: Path) -> None:
    write_wav(tmp_path / "p.wav", NOISE[:100], comment="who was called")
    assert open_sound(tmp_path / "p.wav").comment == "who was called"


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.wav"
    path.write_bytes(wav(NOISE[:1000].tobytes()))
    sound = open_sound(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(AudioError) as caught:
        list(sound.blocks())
    assert str(caught.value) == f'recording "{path}" became shorter while it was read. read it when nobody writes to it'


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_what_ffmpeg_decodes_is_read_by_the_piece_too(tmp_path: Path) -> None:
    write_wav(tmp_path / "p.wav", NOISE[:100_000])
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", tmp_path / "p.wav", tmp_path / "p.flac"], check=True)
    sound = open_sound(tmp_path / "p.flac")
    assert (sound.channels, sound.rate, sound.length) == (1, 8000, 100_000)
    assert np.concatenate(list(sound.blocks()))[:, 0].tolist() == NOISE[:100_000].tolist()
