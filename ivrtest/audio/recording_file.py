"""Recordings on disk: any WAV by itself, other formats through ffmpeg where it is installed."""

from __future__ import annotations

import os
import shutil
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivrtest.audio import g711
from ivrtest.audio.formats import FFMPEG, RAW
from ivrtest.audio.pcm import SAMPLE_RATE, Samples, from_float, resample, to_mono

MAX_SECONDS = 900.0
"""Longer recordings are refused unless the caller of `read_audio` says otherwise."""
_MAX_OCTETS = 1 << 29
_RATES = range(4000, 192_001)
_CHANNELS = range(1, 9)
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_FORMAT_NAMES = {_PCM: "PCM", _FLOAT: "float", _ALAW: "A-law", _ULAW: "mu-law"}
_WIDTHS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _ULAW: (8,)}
_UNKNOWN_SIZE = 0xFFFFFFFF
"""What a program writes that could not know the length, for it wrote to a pipe."""
_WAV_CODECS = {2: "adpcm_ms", 0x11: "adpcm_ima_wav", 0x31: "gsm_ms", 0x55: "mp3"}
"""Compressed kinds of WAV, by their tag, and ffmpeg's names for them."""


class AudioError(Exception):
    """A recording cannot be read or written. The message names the file and says what would help."""


@dataclass(frozen=True, slots=True)
class _WavFormat:
    tag: int
    channels: int
    rate: int
    bits: int


def read_audio(path: Path | str, *, max_s: float = MAX_SECONDS) -> Samples:
    """Return a recording as mono samples at 8000 a second. Raises AudioError."""
    path = Path(path)
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _MAX_OCTETS else b""
    except OSError as error:
        raise AudioError(f'cannot read recording "{path}": {_reason(error)}') from error
    if size > _MAX_OCTETS:
        raise AudioError(f'recording "{path}" has {size} octets. the limit is {_MAX_OCTETS}')
    if not data:
        raise AudioError(f'recording "{path}" is empty. a recording has a header and samples')
    suffix = path.suffix.lower()
    if data[:4] in (b"RIFF", b"RIFX", b"RF64"):
        samples = _read_wav(path, data, max_s)
    elif suffix in (".wav", ".wave"):
        raise AudioError(f'recording "{path}" is no WAV file: it begins with "{_printable(data[:8])}", not with "RIFF"')
    elif suffix in RAW:
        samples = _read_raw(path, data, max_s, RAW[suffix])
    elif suffix in FFMPEG:
        samples = _read_with_ffmpeg(path, max_s, FFMPEG[suffix])
    else:
        known = ", ".join(sorted({".wav", *RAW, *FFMPEG}))
        raise AudioError(f'recording "{path}" has the unknown suffix "{path.suffix}". known are {known}')
    if not len(samples):
        raise AudioError(f'recording "{path}" has a header but no samples. record it again')
    return samples


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
    chunks = [_chunk(b"fmt ", struct.pack("<HHIIHH", _PCM, channels, SAMPLE_RATE, SAMPLE_RATE * 2 * channels, 2 * channels, 16))]
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
        raise AudioError(f'cannot write recording "{path}": {_reason(error)}') from error


def read_comment(path: Path | str) -> str:
    """Return the comment of a WAV file, or an empty text where there is none. Raises AudioError."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AudioError(f'cannot read recording "{path}": {_reason(error)}') from error
    if data[:4] != b"RIFF":
        return ""
    for name, body, _ in _chunks(data, 12):
        if name == b"LIST" and body[:4] == b"INFO":
            for entry, text, _ in _chunks(body, 4):
                if entry == b"ICMT":
                    return text.rstrip(b"\0").decode(errors="replace")
    return ""


def _chunk(name: bytes, body: bytes) -> bytes:
    """RIFF pads chunks to an even length, which the length in their header does not count."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _chunks(data: bytes, start: int) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield the name, the body as far as there is one, and the length that the header claims, of every chunk from `start` on."""
    while start + 8 <= len(data):
        size: int = struct.unpack_from("<I", data, start + 4)[0]
        yield data[start : start + 4], data[start + 8 : start + 8 + size], size
        start += 8 + size + size % 2


def _read_wav(path: Path, data: bytes, max_s: float) -> Samples:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioError(
            f'recording "{path}" is no WAV file that can be read: it begins with "{_printable(data[:12])}", not with "RIFF....WAVE"'
        )
    wav_format: _WavFormat | None = None
    for name, body, claimed in _chunks(data, 12):
        if name == b"fmt ":
            wav_format = _read_format(path, body)
        if name == b"data":
            if wav_format is None:
                raise AudioError(f'recording "{path}" has no "fmt " chunk before its samples. save it again as WAV')
            if claimed > len(body) and claimed != _UNKNOWN_SIZE:
                raise AudioError(
                    f'recording "{path}" is cut off: its header promises {claimed} octets of sound, {len(body)} are there. copy it again'
                )
            return _decode_wav(path, body, wav_format, max_s)
    missing = "samples" if wav_format else '"fmt " chunk'
    raise AudioError(f'recording "{path}" is cut off: it ends after {len(data)} octets without {missing}. copy it again')


def _read_format(path: Path, body: bytes) -> _WavFormat:
    if len(body) < 16:
        raise AudioError(f'recording "{path}" has a "fmt " chunk of {len(body)} octets. it has at least 16')
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        # The first two octets of the sub-format's GUID are the tag that there would be without extension.
        tag = struct.unpack_from("<H", body, 24)[0]
    if channels not in _CHANNELS:
        raise AudioError(f'recording "{path}" claims "{channels}" channels. 1 to 8 can be read')
    if rate not in _RATES:
        raise AudioError(f'recording "{path}" claims "{rate}" samples a second. {_RATES[0]} to {_RATES[-1]} can be read')
    if tag in _WIDTHS and (bits not in _WIDTHS[tag] or block != channels * bits // 8):
        widths = ", ".join(str(width) for width in _WIDTHS[tag])
        raise AudioError(
            f'recording "{path}" claims {_FORMAT_NAMES[tag]} of "{bits}" bits in frames of {block} octets for {channels} channels. '
            f"{_FORMAT_NAMES[tag]} has {widths} bits, and a frame one sample of each channel"
        )
    return _WavFormat(tag, channels, rate, bits)


def _decode_wav(path: Path, octets: bytes, wav_format: _WavFormat, max_s: float) -> Samples:
    if wav_format.tag not in _WIDTHS:
        if wav_format.tag not in _WAV_CODECS:
            raise AudioError(
                f'recording "{path}" is WAV of the unknown kind "0x{wav_format.tag:04X}". save it as WAV (PCM, mu-law or A-law)'
            )
        return _read_with_ffmpeg(path, max_s, "wav", codec=_WAV_CODECS[wav_format.tag])
    frame = wav_format.channels * wav_format.bits // 8
    octets = octets[: len(octets) // frame * frame]
    _check_length(path, len(octets) / frame / wav_format.rate, max_s)
    match wav_format.tag:
        case 6:
            samples = g711.alaw_decode(np.frombuffer(octets, np.uint8))
        case 7:
            samples = g711.ulaw_decode(np.frombuffer(octets, np.uint8))
        case 3:
            values = np.frombuffer(octets, f"<f{wav_format.bits // 8}")
            if not np.isfinite(values).all():
                raise AudioError(f'recording "{path}" holds samples that are no numbers. save it again as WAV')
            samples = from_float(values)
        case _:
            if wav_format.bits == 8:
                # Samples of 8 bits are unsigned in WAV, and signed everywhere else.
                octets = (np.frombuffer(octets, np.uint8) ^ 0x80).tobytes()
            return _from_segment(
                _pydub().AudioSegment(
                    data=octets, sample_width=wav_format.bits // 8, frame_rate=wav_format.rate, channels=wav_format.channels
                )
            )
    return resample(to_mono(samples.reshape(-1, wav_format.channels)), wav_format.rate)


def _read_raw(path: Path, data: bytes, max_s: float, kind: str) -> Samples:
    width = 2 if kind == "linear" else 1
    _check_length(path, len(data) / width / SAMPLE_RATE, max_s)
    match kind:
        case "ulaw":
            return g711.ulaw_decode(np.frombuffer(data, np.uint8))
        case "alaw":
            return g711.alaw_decode(np.frombuffer(data, np.uint8))
        case _:
            return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)


def _read_with_ffmpeg(path: Path, max_s: float, container: str, *, codec: str | None = None) -> Samples:
    for tool in ("ffmpeg", "ffprobe"):
        if shutil.which(tool) is None:
            raise AudioError(f'recording "{path}" needs {tool} to be read. install ffmpeg, or save it as WAV (PCM, mu-law or A-law)')
    pydub = _pydub()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # One second more than allowed tells what is too long without reading it all.
            segment = pydub.AudioSegment.from_file(str(path), format=container, codec=codec, duration=max_s + 1)
    except (pydub.exceptions.CouldntDecodeError, IndexError, KeyError, ValueError, OSError) as error:
        raise AudioError(
            f'recording "{path}" cannot be decoded: ffmpeg found no sound of format "{container}" in it. save it as WAV'
        ) from error
    _check_length(path, segment.frame_count() / segment.frame_rate, max_s)
    return _from_segment(segment)


def _from_segment(segment: Any) -> Samples:
    """Return a pydub segment as mono at 8000 samples a second. 24 bits have become 32 in it."""
    values = np.asarray(segment.get_array_of_samples())
    match segment.sample_width:
        case 1:
            samples = values.astype(np.int16) << 8
        case 4:
            samples = (values >> 16).astype(np.int16)
        case _:
            samples = values.astype(np.int16)
    return resample(to_mono(samples.reshape(-1, segment.channels)), segment.frame_rate)


def _pydub() -> Any:
    """Import pydub when it is needed: it warns of a missing ffmpeg and of the old audioop, which is nobody's error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub
        import pydub.exceptions
    return pydub


def _check_length(path: Path, seconds: float, max_s: float) -> None:
    if seconds > max_s:
        raise AudioError(f'recording "{path}" lasts {seconds:.1f} s or more. the limit is {max_s:g} s')


def _printable(data: bytes) -> str:
    return "".join(chr(octet) if 32 <= octet < 127 and octet not in b'"' else "." for octet in data)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
