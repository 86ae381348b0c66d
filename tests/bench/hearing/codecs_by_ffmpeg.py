"""Speech through other codecs, by the ffmpeg command."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import numpy as np

from tests.bench.hearing.line import Samples


def ffmpeg_codec(container: str, *options: str, decoding: tuple[str, ...] = ()) -> Callable[[Samples], Samples] | None:
    """Return a function that encodes and decodes with ffmpeg, or None if the command is not there."""
    command = shutil.which("ffmpeg")
    if command is None:
        return None

    def through(samples: Samples) -> Samples:
        raw = ["-f", "s16le", "-ar", "8000", "-ac", "1"]
        quiet = [command, "-v", "error"]
        coded = subprocess.run(
            [*quiet, *raw, "-i", "-", *options, "-f", container, "-"], input=samples.tobytes(), capture_output=True, check=True
        )
        plain = subprocess.run(
            [*quiet, "-f", container, *decoding, "-i", "-", *raw, "-"], input=coded.stdout, capture_output=True, check=True
        )
        return np.frombuffer(plain.stdout, np.int16)

    return through


GSM = ffmpeg_codec("gsm", "-c:a", "libgsm", "-ar", "8000")
OPUS_8 = ffmpeg_codec("ogg", "-c:a", "libopus", "-b:a", "8k", "-application", "voip")
G726_16 = ffmpeg_codec("g726", "-c:a", "g726", "-b:a", "16k", decoding=("-code_size", "2"))
