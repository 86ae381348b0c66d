"""WAV files, read piece by piece: what the header says, and samples from there on.

RIFF keeps its chunks one after another; of those only "fmt ", "data" and the comment of "LIST" are looked at.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from ivrtest.audio import g711
from ivrtest.audio.formats import UNKNOWN_SIZE, WIDE
from ivrtest.audio.pcm import Samples, from_float
from ivrtest.source.system import unread

RATES: Final = range(4000, 192_001)
CHANNELS: Final = range(1, 9)
PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
FORMAT_NAMES: Final = {PCM: "PCM", FLOAT: "float", ALAW: "A-law", ULAW: "mu-law"}
WIDTHS: Final = {PCM: (8, 16, 24, 32), FLOAT: (32, 64), ALAW: (8,), ULAW: (8,)}
WAV_CODECS: Final = {2: "adpcm_ms", 0x11: "adpcm_ima_wav", 0x31: "gsm_ms", 0x55: "mp3"}
"""Compressed kinds of WAV, by their tag, and ffmpeg's names for them."""
_LONGEST_TEXT: Final = 65536
"""Octets of a chunk of texts that are read."""


class AudioError(Exception):
    """A recording cannot be read or written. The message names the file and says what would help."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    """The "fmt " chunk."""

    tag: int
    channels: int
    rate: int
    """Samples per second and channel."""
    bits: int
    """Per sample."""

    @property
    def frame(self) -> int:
        """Octets of one sample of each channel."""
        return self.channels * self.bits // 8


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file whose header has been read."""

    path: Path
    format: WavFormat
    comment: str
    """The comment (LIST/INFO, ICMT) that stands before the samples; empty where there is none."""
    offset: int
    """The octet at which the samples begin."""
    octets: int
    """Octets of samples that are there."""

    @property
    def length(self) -> int:
        """Samples of each channel."""
        return self.octets // self.format.frame

    @property
    def seconds(self) -> float:
        return self.length / self.format.rate

    @property
    def compressed(self) -> bool:
        """Whether only ffmpeg could decode it."""
        return self.format.tag not in WIDTHS

    def pieces(self, length: int) -> Iterator[Samples]:
        """Yield the samples at the file's own rate, shape (n, channels), at most `length` of each channel at once. Raises AudioError."""
        frame = self.format.frame
        left = self.length
        with open_binary(self.path) as file:
            file.seek(self.offset)
            while left:
                data = _read(file, min(left, length) * frame, self.path)
                if len(data) < min(left, length) * frame:
                    raise AudioError(f'recording "{self.path}" became shorter while it was read. read it when nobody writes to it')
                left -= len(data) // frame
                yield self._decode(data)

    def _decode(self, octets: bytes) -> Samples:
        samples: Samples
        match self.format.tag, self.format.bits:
            case (6, _):
                samples = g711.alaw_decode(np.frombuffer(octets, np.uint8))
            case (7, _):
                samples = g711.ulaw_decode(np.frombuffer(octets, np.uint8))
            case (3, bits):
                values = np.frombuffer(octets, f"<f{bits // 8}")
                if not np.isfinite(values).all():
                    raise AudioError(f'recording "{self.path}" holds samples that are no numbers. save it again as WAV')
                samples = from_float(values)
            case (_, 8):
                # Samples of 8 bits are unsigned in WAV, and signed everywhere else.
                samples = (np.frombuffer(octets, np.uint8) ^ np.uint8(0x80)).view(np.int8).astype(np.int16) << 8
            case (_, bits):
                # Of longer samples the upper 16 bits are kept.
                raw = np.frombuffer(octets, np.uint8).reshape(-1, bits // 8)[:, -2:]
                samples = np.ascontiguousarray(raw).view("<i2")[:, 0].astype(np.int16, copy=False)
        return samples.reshape(-1, self.format.channels)


def open_binary(path: Path) -> BinaryIO:
    """Open a recording. Raises AudioError, too, for what is no regular file: opening a pipe that nobody writes to would wait for ever."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise AudioError(f'"{path}" is not a regular file. save the recording in one')
        return path.open("rb")
    except OSError as error:
        raise AudioError(f'cannot read recording "{path}": {unread(error)}') from error


def read_header(path: Path) -> Wav:
    """Read a WAV file as far as its samples. Raises AudioError for what is no WAV file, or one that lies about itself."""
    with open_binary(path) as file:
        start = _read(file, 12, path)
        whole = int.from_bytes(start[4:8], "little")
        if start[:4] not in (b"RIFF", *WIDE) or start[8:12] != b"WAVE":
            raise AudioError(
                f'recording "{path}" is no WAV file that can be read: it begins with "{printable(start)}", not with "RIFF....WAVE"'
            )
        wide: int | None = None
        size = os.fstat(file.fileno()).st_size
        wav_format: WavFormat | None = None
        comment = ""
        position = 12
        while position + 8 <= size:
            name, claimed = struct.unpack("<4sI", _read(file, 8, path))
            position += 8
            if name == b"data" and not claimed and position >= 8 + whole:
                # Who wrote it was stopped before the sizes were known; sound follows all the same.
                claimed = UNKNOWN_SIZE
            if name == b"data" and claimed == UNKNOWN_SIZE and wide is not None:
                claimed = wide
            there = min(claimed, size - position)
            match name:
                case b"ds64" if start[:4] in WIDE:
                    wide = _wide_size(path, _read(file, min(there, 16), path))
                case b"fmt ":
                    wav_format = _read_format(path, _read(file, min(there, 64), path))
                case b"LIST":
                    comment = comment or _comment(_read(file, min(there, _LONGEST_TEXT), path))
                case b"data":
                    if wav_format is None:
                        raise AudioError(f'recording "{path}" has no "fmt " chunk before its samples. save it again as WAV')
                    if claimed > there and claimed != UNKNOWN_SIZE:
                        promise = f"its header promises {claimed} octets of sound, {there} are there"
                        raise AudioError(f'recording "{path}" is cut off: {promise}. copy it again')
                    more = size - position - claimed
                    if position + claimed < 8 + whole and more > 8 and not _chunk_follows(file, path, position + claimed, more):
                        promise = f"its header promises {claimed} octets of sound, and {more} more follow that are nothing else"
                        raise AudioError(f'recording "{path}" is not as it says: {promise}. save it again as WAV')
                    return Wav(path, wav_format, comment, position, there)
            position += claimed + claimed % 2
            file.seek(position)
    missing = "samples" if wav_format else '"fmt " chunk'
    raise AudioError(f'recording "{path}" is cut off: it ends after {size} octets without {missing}. copy it again')


def _read(file: BinaryIO, size: int, path: Path) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise AudioError(f'cannot read recording "{path}": {unread(error)}') from error


def _wide_size(path: Path, body: bytes) -> int:
    """Return the octets of samples that a 64-bit WAV has (EBU Tech 3306 section 3, ITU-R BS.2088)."""
    if len(body) < 16:
        raise AudioError(f'recording "{path}" has a "ds64" chunk of {len(body)} octets. it has at least 28')
    return int(struct.unpack_from("<8xQ", body)[0])


def _chunk_follows(file: BinaryIO, path: Path, position: int, more: int) -> bool:
    """Return whether another chunk begins at a position, or one octet later, which evens the length of what went before."""
    file.seek(position)
    start = _read(file, 9, path)
    chunks = (struct.unpack_from("<4sI", start, later) for later in (0, 1))
    return any(name.isascii() and name.decode("ascii").isprintable() and claimed <= more for name, claimed in chunks)


def _read_format(path: Path, body: bytes) -> WavFormat:
    if len(body) < 16:
        raise AudioError(f'recording "{path}" has a "fmt " chunk of {len(body)} octets. it has at least 16')
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        # The first two octets of the sub-format's GUID are the tag that there would be without extension.
        tag = struct.unpack_from("<H", body, 24)[0]
    if channels not in CHANNELS:
        raise AudioError(f'recording "{path}" claims "{channels}" channels. 1 to 8 can be read')
    if rate not in RATES:
        raise AudioError(f'recording "{path}" claims "{rate}" samples a second. {RATES[0]} to {RATES[-1]} can be read')
    if tag not in WIDTHS and tag not in WAV_CODECS:
        raise AudioError(f'recording "{path}" is WAV of the unknown kind "0x{tag:04X}". save it as WAV (PCM, mu-law or A-law)')
    if tag in WIDTHS and (bits not in WIDTHS[tag] or block != channels * bits // 8):
        widths = ", ".join(str(width) for width in WIDTHS[tag])
        raise AudioError(
            f'recording "{path}" claims {FORMAT_NAMES[tag]} of "{bits}" bits in frames of {block} octets for {channels} channels. '
            f"{FORMAT_NAMES[tag]} has {widths} bits, and a frame one sample of each channel"
        )
    return WavFormat(tag, channels, rate, bits)


def _comment(body: bytes) -> str:
    if body[:4] != b"INFO":
        return ""
    position = 4
    while position + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, position)
        if name == b"ICMT":
            return body[position + 8 : position + 8 + size].rstrip(b"\0").decode(errors="replace")
        position += 8 + size + size % 2
    return ""


def printable(data: bytes) -> str:
    """Return octets as a person may look at them."""
    return "".join(chr(octet) if 32 <= octet < 127 and octet not in b'"' else "." for octet in data)
