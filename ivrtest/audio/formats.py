"""The formats that a recording may have, and the file that holds one. Nothing is read here, so that looking costs no numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Final

RAW: Final = {
    ".ulaw": ("ulaw", 8000),
    ".ul": ("ulaw", 8000),
    ".pcmu": ("ulaw", 8000),
    ".alaw": ("alaw", 8000),
    ".al": ("alaw", 8000),
    ".pcma": ("alaw", 8000),
    ".sln": ("linear", 8000),
    ".sln12": ("linear", 12000),
    ".sln16": ("linear", 16000),
    ".sln24": ("linear", 24000),
    ".sln32": ("linear", 32000),
    ".sln44": ("linear", 44100),
    ".sln48": ("linear", 48000),
    ".sln96": ("linear", 96000),
    ".sln192": ("linear", 192000),
}
"""Headerless recordings as Asterisk keeps them: how they are coded, and their samples a second."""
UNKNOWN_SIZE: Final = 0xFFFFFFFF
"""What a program writes that could not know the length, for it wrote to a pipe."""
WIDE: Final = (b"RF64", b"BW64")
"""What WAV files with 64-bit sizes begin with, in place of RIFF."""
FFMPEG: Final = {
    ".aac": "aac",
    ".aif": "aiff",
    ".aiff": "aiff",
    ".au": "au",
    ".flac": "flac",
    ".g722": "g722",
    ".gsm": "gsm",
    ".m4a": "mp4",
    ".mp3": "mp3",
    ".mp4": "mp4",
    ".oga": "ogg",
    ".ogg": "ogg",
    ".opus": "ogg",
    ".webm": "webm",
    ".wma": "asf",
}
"""The format that ffmpeg is told, by suffix: left to guess, it would also follow playlists to other files and to the network."""

SUFFIXES: Final = (".wav", ".wave", ".wav49", *RAW, *FFMPEG)
"""What a recording may end in, best first."""


def find_recording(folder: Path, name: str) -> Path | None:
    """Return the file that holds recording `name` in a folder, whatever its format; None if there is none.

    Where several formats of it lie side by side, the first of `SUFFIXES` counts. Where none has the name itself, a name with hyphens in
    place of underscores does: Asterisk's `vm-goodbye.wav` is the recording of `vm_goodbye`.
    """
    for stem in dict.fromkeys((name, name.replace("_", "-"))):
        for suffix in SUFFIXES:
            path = folder / f"{stem}{suffix}"
            if path.is_file():
                return path
    return None
