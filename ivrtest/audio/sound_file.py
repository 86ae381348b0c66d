"""Recordings of any format and length: opened, then read piece by piece. WAV needs nothing else, other formats need ffmpeg."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from ivrtest.audio import g711
from ivrtest.audio.formats import FFMPEG, RAW, WIDE
from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.resampler import Resampler
from ivrtest.audio.wav import WAV_CODECS, AudioError, open_binary, printable, read_header
from ivrtest.source.system import unread

PIECE_S: Final = 2
"""Seconds that are read at once."""
MAX_DECODED_S: Final = 3600.0
"""What is decoded here is held in memory as a whole, so there is a limit: about 60 kB a second of stereo while it is decoded."""

_MARKS: Final = {b"ID3": ".mp3", b"\xff\xfb": ".mp3", b"fLaC": ".flac", b"OggS": ".ogg", b"ftyp": ".m4a", b"FORM": ".aiff"}
"""What recordings of other kinds begin with, or have after four octets, and what they should be called."""


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A recording, opened: its header is read, its samples are not."""

    path: Path
    channels: int
    rate: int
    """Samples a second of `pieces`."""
    length: int
    """Samples of each channel, at that rate."""
    comment: str
    """What the file says of itself, if it is WAV."""
    _read: Callable[[int], Iterator[Samples]] = field(repr=False)

    @property
    def seconds(self) -> float:
        return self.length / self.rate

    def pieces(self, length: int) -> Iterator[Samples]:
        """Yield the samples at the file's own rate, shape (n, channels), at most `length` of each channel at once. Raises AudioError."""
        return self._read(length)

    def blocks(self) -> Iterator[Samples]:
        """Yield the samples at 8000 a second, shape (n, channels), about two seconds at once. Raises AudioError."""
        if self.rate == SAMPLE_RATE:
            yield from self._read(PIECE_S * self.rate)
            return
        resamplers = [Resampler(self.rate) for _ in range(self.channels)]
        # What comes out is later than what goes in. So the first of it is left out, and the last is pushed out by silence.
        late_s = resamplers[0].delay_s
        left_out = round(late_s * SAMPLE_RATE)
        silence = np.zeros((round(late_s * self.rate), self.channels), np.int16)
        for piece in chain(self._read(PIECE_S * self.rate), [silence]):
            block = np.stack([one.feed(piece[:, channel]) for channel, one in enumerate(resamplers)], axis=1)
            yield block[left_out:]
            left_out = max(0, left_out - len(block))


Decode = Callable[[Path, str, str | None], SoundFile]
"""Decodes a recording of ffmpeg's format, and codec where that does not say it."""


def open_sound(path: Path, *, max_s: float | None = None, decode: Decode | None = None) -> SoundFile:
    """Open a recording. Raises AudioError, for what holds no samples and what lasts longer than `max_s`, too.

    `decode`: decodes what only ffmpeg can read. Without it, that is done in memory, and may last `MAX_DECODED_S` at most.
    """
    with open_binary(path) as file:
        try:
            start = file.read(8)
        except OSError as error:
            raise AudioError(f'cannot read recording "{path}": {unread(error)}') from error
    if not start:
        raise AudioError(f'recording "{path}" is empty. a recording has a header and samples')
    suffix = path.suffix.lower()
    if start[:4] in (b"RIFF", b"RIFX", *WIDE):
        sound = _open_wav(path, max_s, decode)
    elif suffix in (".wav", ".wave", ".wav49"):
        right = next((kind for mark, kind in _MARKS.items() if mark in (start[: len(mark)], start[4:])), None)
        hint = f'. call it "{path.with_suffix(right).name}", or save it as WAV' if right else ". save it as WAV"
        raise AudioError(f'recording "{path}" is no WAV file: it begins with "{printable(start)}", not with "RIFF"{hint}')
    elif suffix in RAW:
        sound = _open_raw(path, *RAW[suffix])
    elif suffix in FFMPEG:
        sound = decode(path, FFMPEG[suffix], None) if decode else _decode(path, max_s, FFMPEG[suffix])
    else:
        known = ", ".join(sorted({".wav", *RAW, *FFMPEG}))
        raise AudioError(f'recording "{path}" has the unknown suffix "{path.suffix}". known are {known}')
    if not sound.length:
        raise AudioError(f'recording "{path}" has a header but no samples. record it again')
    _check_length(path, sound.seconds, max_s)
    return sound


def _open_wav(path: Path, max_s: float | None, decode: Decode | None) -> SoundFile:
    wav = read_header(path)
    if wav.compressed:
        codec = WAV_CODECS[wav.format.tag]
        return decode(path, "wav", codec) if decode else _decode(path, max_s, "wav", codec=codec)
    return SoundFile(path, wav.format.channels, wav.format.rate, wav.length, wav.comment, wav.pieces)


def _open_raw(path: Path, kind: str, rate: int) -> SoundFile:
    width = 2 if kind == "linear" else 1

    def read(length: int) -> Iterator[Samples]:
        with open_binary(path) as file:
            while octets := file.read(length * width):
                match kind:
                    case "ulaw":
                        samples = g711.ulaw_decode(np.frombuffer(octets, np.uint8))
                    case "alaw":
                        samples = g711.alaw_decode(np.frombuffer(octets, np.uint8))
                    case _:
                        samples = np.frombuffer(octets[: len(octets) // 2 * 2], "<i2").astype(np.int16)
                yield samples[:, None]

    return SoundFile(path, 1, rate, path.stat().st_size // width, "", read)


def _decode(path: Path, max_s: float | None, container: str, *, codec: str | None = None) -> SoundFile:
    """Let ffmpeg decode a recording. With a limit, it stays at its own rate; what may last long is taken at 8000 samples a second."""
    need_tools(path, "ffmpeg", "ffprobe")
    pydub = _pydub()
    limit = MAX_DECODED_S if max_s is None else max_s
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # pydub takes the 4 bits that a sample of G.722 has for those of PCM, unless it does not look.
            decode = pydub.AudioSegment.from_file_using_temporary_files if container == "g722" else pydub.AudioSegment.from_file
            # One second more than allowed tells what is too long without reading it all.
            segment = decode(
                str(path),
                format=container,
                codec=codec,
                duration=limit + 1,
                parameters=["-ar", str(SAMPLE_RATE)] if max_s is None else None,
            )
    except (pydub.exceptions.CouldntDecodeError, IndexError, KeyError, ValueError, OSError) as error:
        raise undecodable(path, container) from error
    _check_length(path, segment.frame_count() / segment.frame_rate, limit)
    samples = _from_segment(segment)

    def read(length: int) -> Iterator[Samples]:
        for first in range(0, len(samples), length):
            yield samples[first : first + length]

    return SoundFile(path, segment.channels, segment.frame_rate, len(samples), "", read)


def need_tools(path: Path, *tools: str) -> None:
    """Raise AudioError if one of ffmpeg's programs is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            raise AudioError(f'recording "{path}" needs {tool} to be read. install ffmpeg, or save it as WAV (PCM, mu-law or A-law)')


def undecodable(path: Path, container: str) -> AudioError:
    """Return what to say of a recording that ffmpeg does not understand."""
    return AudioError(f'recording "{path}" cannot be decoded: ffmpeg found no sound of format "{container}" in it. save it as WAV')


def _from_segment(segment: Any) -> Samples:
    """Return a pydub segment as shape (n, channels). 24 bits have become 32 in it."""
    values = np.asarray(segment.get_array_of_samples())
    match segment.sample_width:
        case 1:
            samples = values.astype(np.int16) << 8
        case 4:
            samples = (values >> 16).astype(np.int16)
        case _:
            samples = values.astype(np.int16, copy=False)
    return samples.reshape(-1, segment.channels)


def _pydub() -> Any:
    """Import pydub when it is needed: it warns of a missing ffmpeg and of the old audioop, which is nobody's error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub
        import pydub.exceptions
    return pydub


def _check_length(path: Path, seconds: float, max_s: float | None) -> None:
    if max_s is not None and seconds > max_s:
        raise AudioError(f'recording "{path}" lasts {seconds:.1f} s or more. the limit is {max_s:g} s')
