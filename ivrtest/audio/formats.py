"""The formats that a recording may have, and the file that holds one. Nothing is read here, so that looking costs no numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Final

RAW: Final = {".ulaw": "ulaw", ".ul": "ulaw", ".pcmu": "ulaw", ".alaw": "alaw", ".al": "alaw", ".pcma": "alaw", ".sln": "linear"}
"""Headerless telephone recordings at 8000 samples a second, as Asterisk keeps them."""
FFMPEG: Final = {
    ".aac": "aac",
    ".aif": "aiff",
    ".aiff": "aiff",
    ".au": "au",
    ".flac": "flac",
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

SUFFIXES: Final = (".wav", ".wave", *RAW, *FFMPEG)
"""What a recording may end in, best first."""


def find_recording(folder: Path, name: str) -> Path | None:
    """Return the file that holds recording `name` in a folder, whatever its format; None if there is none.

    Where several formats of it lie side by side, the first of `SUFFIXES` counts.
    """
    for suffix in SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    return None
