"""Long recordings that only ffmpeg can decode: decoded once into a file without a name, and read from there piece by piece."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.sound_file import SoundFile, need_tools, undecodable
from ivrtest.audio.wav import AudioError, read_header
from ivrtest.source.system import unwritten

MOST_S: Final = 24 * 3600.0
"""What is decoded takes 115 MB of the disk for an hour of stereo, so there is a limit."""


def decode_to_disk(path: Path, container: str, codec: str | None) -> SoundFile:
    """Decode a recording of one of ffmpeg's formats. Raises AudioError."""
    need_tools(path, "ffmpeg")
    decoded = _Decoded(path, container, codec)
    if decoded.length > MOST_S * SAMPLE_RATE:
        raise AudioError(f'recording "{path}" lasts more than {MOST_S / 3600:g} hours. cut it into shorter ones')
    return SoundFile(path, decoded.channels, SAMPLE_RATE, decoded.length, "", decoded.pieces)


class _Decoded:
    """The sound of a recording, at 8000 samples a second. What is on disk of it is gone when nobody holds this any more."""

    def __init__(self, path: Path, container: str, codec: str | None) -> None:
        """Raises AudioError."""
        try:
            with TemporaryDirectory(prefix="ivrtest-") as folder:
                target = Path(folder) / "decoded.wav"
                _run_ffmpeg(path, container, codec, target)
                wav = read_header(target)
                self._file = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise AudioError(f'recording "{path}" cannot be decoded to a temporary file (TMPDIR says where): {unwritten(error)}') from error
        self.channels = wav.format.channels
        self.length = wav.length
        """Samples of each channel."""
        self._offset = wav.offset

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def pieces(self, length: int) -> Iterator[Samples]:
        """Yield the samples, shape (n, channels), at most `length` of each channel at once."""
        width = 2 * self.channels
        for first in range(0, self.length, length):
            octets = os.pread(self._file, min(length, self.length - first) * width, self._offset + first * width)
            yield np.frombuffer(octets, "<i2").astype(np.int16, copy=False).reshape(-1, self.channels)


def _run_ffmpeg(path: Path, container: str, codec: str | None, target: Path) -> None:
    # Files only: what lies in a recording's place may be a list of addresses.
    source = ["-protocol_whitelist", "file", "-f", container, *(["-c:a", codec] if codec else []), "-i", f"file:{path}"]
    sink = ["-vn", "-t", str(MOST_S + 1), "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-f", "wav", str(target)]
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", *source, *sink]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if os.strerror(errno.ENOSPC).encode() in done.stderr:
        raise OSError(errno.ENOSPC, "")
    if done.returncode or not target.exists():
        raise undecodable(path, container)
