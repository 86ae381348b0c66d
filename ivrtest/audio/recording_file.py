"""Recordings on disk, whole: any WAV by itself, other formats through ffmpeg where it is installed."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from ivrtest.audio.pcm import SAMPLE_RATE, Samples, resample, to_mono
from ivrtest.audio.sound_file import open_sound
from ivrtest.audio.wav import PCM, AudioError, open_binary, read_header
from ivrtest.source.system import unwritten

__all__ = ["MAX_SECONDS", "AudioError", "read_audio", "read_comment", "write_wav"]

MAX_SECONDS = 900.0
"""Longer recordings are refused unless the caller of `read_audio` says otherwise."""


def read_audio(path: Path | str, *, max_s: float = MAX_SECONDS) -> Samples:
    """Return a recording as mono samples at 8000 a second. Raises AudioError."""
    sound = open_sound(Path(path), max_s=max_s)
    return resample(to_mono(np.concatenate(list(sound.pieces(sound.length)))), sound.rate)


def write_wav(path: Path | str, samples: Samples, *, comment: str | None = None) -> None:
    """Write 16-bit PCM at 8000 samples a second: shape (n,) mono, (n, 2) stereo. An older file is replaced in one step.

    `comment` goes into the file itself (LIST/INFO, ICMT), where players show it and `read_comment` finds it. Raises AudioError, and
    ValueError for other shapes.
    """
    path = Path(path)
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] != 2):
        raise ValueError(f"samples have shape (n,) or (n, 2), not {samples.shape}")
    channels = samples.ndim
    octets = np.ascontiguousarray(samples, "<i2").tobytes()
    chunks = [_chunk(b"fmt ", struct.pack("<HHIIHH", PCM, channels, SAMPLE_RATE, SAMPLE_RATE * 2 * channels, 2 * channels, 16))]
    if comment is not None:
        chunks.append(_chunk(b"LIST", b"INFO" + _chunk(b"ICMT", comment.encode() + b"\0")))
    chunks.append(_chunk(b"data", octets))
    whole = _chunk(b"RIFF", b"WAVE" + b"".join(chunks))
    # The name is no other writer's, neither of this process nor of another.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{id(octets)}")
    try:
        temporary.write_bytes(whole)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise AudioError(f'cannot write recording "{path}": {unwritten(error)}') from error


def read_comment(path: Path | str) -> str:
    """Return the comment of a WAV file, or an empty text where there is none, or no WAV file that can be read. Raises AudioError."""
    path = Path(path)
    open_binary(path).close()
    try:
        return read_header(path).comment
    except AudioError:
        # It is another format, or broken: whoever reads the sound has more to say about it.
        return ""


def _chunk(name: bytes, body: bytes) -> bytes:
    """RIFF pads chunks to an even length, which the length in their header does not count."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
