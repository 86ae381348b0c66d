"""Long recordings that only ffmpeg can decode are read from disk, where nothing of them stays."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.sound_file import open_sound
from ivrtest.audio.wav import AudioError
from ivrtest.run.decoded import decode_to_disk

NOISE = np.random.default_rng(1).normal(0, 3000, 50_000).astype(np.int16)
pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def convert(folder: Path, name: str, *options: str) -> Path:
    write_wav(folder / "p.wav", NOISE)
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", "p.wav", *options, name], check=True, cwd=folder)
    return folder / name


def refused(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        open_sound(path, decode=decode_to_disk)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_it_is_read_again_and_again_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = convert(tmp_path, "p.flac")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sound = open_sound(path, decode=decode_to_disk)
    assert (sound.channels, sound.rate, sound.length, sound.seconds) == (1, 8000, 50_000, 6.25)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["p.flac", "p.wav"]
    for _ in range(2):
        assert np.concatenate(list(sound.blocks()))[:, 0].tolist() == NOISE.tolist()
    assert [len(piece) for piece in sound.pieces(30_000)] == [30_000, 20_000]


def test_other_rates_channels_and_compressed_wav(tmp_path: Path) -> None:
    stereo = open_sound(convert(tmp_path, "p.ogg", "-ac", "2", "-ar", "44100"), decode=decode_to_disk)
    assert (stereo.channels, stereo.rate) == (2, 8000)
    assert stereo.seconds == pytest.approx(6.25, abs=0.05)
    compressed = open_sound(convert(tmp_path, "adpcm.wav", "-c:a", "adpcm_ms"), decode=decode_to_disk)
    assert compressed.seconds == pytest.approx(6.25, abs=0.2)  # its blocks are filled up


def test_what_it_cannot_decode(tmp_path: Path) -> None:
    (tmp_path / "p.mp3").write_bytes(b"no music")
    assert refused(tmp_path / "p.mp3") == 'recording "p.mp3" cannot be decoded: ffmpeg found no sound of format "mp3" in it. save it as WAV'


def test_no_place_to_decode_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = convert(tmp_path, "p.flac")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nothing"))
    assert refused(path) == (
        'recording "p.flac" cannot be decoded to a temporary file (TMPDIR says where): its folder is not there. '
        "make it, or name another place"
    )


def test_without_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = convert(tmp_path, "p.flac")
    monkeypatch.setenv("PATH", "")
    assert refused(path) == 'recording "p.flac" needs ffmpeg to be read. install ffmpeg, or save it as WAV (PCM, mu-law or A-law)'
