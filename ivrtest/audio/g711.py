"""G.711: mu-law and A-law, by table (ITU-T G.711, 11/1988, tables 1a to 2b)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Codes = NDArray[np.uint8]


def _ulaw_values() -> Samples:
    """Table 2: 14 bits, left-justified in 16. The code on the line is inverted."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_values() -> Samples:
    """Table 1: 13 bits, left-justified in 16. The code on the line has its even bits inverted."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, (mantissa << 4) + 0x108 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _ulaw_codes() -> Codes:
    """The code for each 16-bit sample, at index `sample & 0xFFFF`, as the reference implementation in ITU-T G.191 does it."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    sign = np.where(sample < 0, 0x80, 0)
    # One's complement, so that the decision values of both signs mirror each other; 14 bits; bias 33; clipped.
    magnitude = np.minimum((np.where(sample < 0, ~sample, sample) >> 2) + 33, 0x1FFF)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    mantissa = magnitude >> (exponent + 1) & 15
    codes: Codes = (~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8)
    return codes


def _alaw_codes() -> Codes:
    """The code for each 16-bit sample, at index `sample & 0xFFFF`, as the reference implementation in ITU-T G.191 does it."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    sign = np.where(sample < 0, 0, 0x80)
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 3, 0)
    mantissa = magnitude >> np.maximum(exponent - 1, 0) & 15
    codes: Codes = ((sign | exponent << 4 | mantissa) ^ 0x55).astype(np.uint8)
    return codes


_ULAW_VALUES = _ulaw_values()
_ALAW_VALUES = _alaw_values()
_ULAW_CODES = _ulaw_codes()
_ALAW_CODES = _alaw_codes()

ULAW_SILENCE = 0xFF
"""The mu-law code of 0."""
ALAW_SILENCE = 0xD5
"""The A-law code of the smallest positive value, 8: A-law has no zero."""


def ulaw_decode(codes: Codes) -> Samples:
    """uint8 codes to int16 samples, of the same shape."""
    return _ULAW_VALUES[codes]


def ulaw_encode(samples: Samples) -> Codes:
    """int16 samples to uint8 codes, of the same shape."""
    return _ULAW_CODES[samples.view(np.uint16)]


def alaw_decode(codes: Codes) -> Samples:
    """uint8 codes to int16 samples, of the same shape."""
    return _ALAW_VALUES[codes]


def alaw_encode(samples: Samples) -> Codes:
    """int16 samples to uint8 codes, of the same shape."""
    return _ALAW_CODES[samples.view(np.uint16)]
