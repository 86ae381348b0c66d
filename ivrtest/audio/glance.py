"""A quick look at a recording: how long it is, how loud, and whether it is the same as another one. Without numpy, and decoding nothing.

WAV files and headerless telephone formats can be looked at; levels only of 16-bit PCM, which is what nearly all recordings are.
"""

from __future__ import annotations

import hashlib
import re
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrtest.audio.formats import RAW, UNKNOWN_SIZE, WIDE

MAX_OCTETS: Final = 64 * 1024 * 1024
"""Larger files are not looked at: an hour of telephone sound is less."""

_FLAT: Final = re.compile(rb"(?:\xff\x7f){4,}|(?:\x00\x80){4,}")
"""Four samples or more at one end of the scale: a sound wave cut off. A loud one touches the end for a sample or two."""
_PCM, _EXTENSIBLE = 1, 0xFFFE


@dataclass(frozen=True, slots=True)
class Glance:
    """What can be seen of a recording without listening to it."""

    seconds: float
    digest: bytes
    """The same for the same samples, whatever else is in the file."""
    peak: int | None = None
    """The greatest sample value, 0 to 32768; None: not looked at."""
    cut_off: int | None = None
    """How often the wave is cut off at the end of the scale; None: not looked at."""


def glance(path: Path) -> Glance | None:
    """Look at a recording. None if it cannot be read, or only by decoding it."""
    try:
        if path.stat().st_size > MAX_OCTETS:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    raw = RAW.get(path.suffix.lower())
    if raw is not None:
        kind, rate = raw
        width = 2 if kind == "linear" else 1
        return _look(data, len(data) / width / rate, b"%d %d" % (width, rate), pcm16=kind == "linear")
    return _wav(data) if data[:4] in (b"RIFF", *WIDE) and data[8:12] == b"WAVE" else None


def _wav(data: bytes) -> Glance | None:
    position = 12
    tag = channels = rate = block = bits = 0
    wide: int | None = None
    while position + 8 <= len(data):
        name, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        if name == b"data" and size == UNKNOWN_SIZE and wide is not None:
            size = wide
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
            if tag == _EXTENSIBLE and len(body) >= 26:
                tag = struct.unpack_from("<H", body, 24)[0]
        elif name == b"ds64" and data[:4] in WIDE and len(body) >= 16:
            wide = struct.unpack_from("<8xQ", body)[0]
        elif name == b"data":
            # A tag of its own, such as GSM, has blocks of many samples.
            if not rate or not block or block != channels * bits // 8:
                return None
            whole = body[: len(body) // block * block]
            return _look(whole, len(whole) / block / rate, struct.pack("<HHIH", tag, channels, rate, bits), pcm16=(tag, bits) == (_PCM, 16))
        position += 8 + size + size % 2
    return None


def _look(samples: bytes, seconds: float, form: bytes, *, pcm16: bool) -> Glance:
    digest = hashlib.blake2b(samples, digest_size=16, salt=form[:16]).digest()
    if not pcm16:
        return Glance(seconds, digest)
    samples = samples[: len(samples) // 2 * 2]
    values = array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    highest, lowest = (max(values), min(values)) if values else (0, 0)
    peak = max(highest, -lowest)
    cut_off = sum(1 for found in _FLAT.finditer(samples) if found.start() % 2 == 0) if peak >= 32767 else 0
    return Glance(seconds, digest, peak, cut_off)
