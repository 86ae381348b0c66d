"""What payload types mean for whoever places their packets on a timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Decoder = Callable[[bytes], Samples]
"""Turns one payload after another into samples, 8000 a second. It may remember those before. Raises RtpSyntaxError for nonsense."""

SAMPLE_RATE = 8000
"""Samples a second of the call's clock, whatever the payloads hold."""


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """How one payload type is written."""

    clock_rate: int
    """Hz of the RTP timestamp."""
    length: Callable[[bytes], int]
    """How many samples, 8000 a second, a payload stands for. 0 for nonsense."""
    decoder: Callable[[], Decoder]
    """Makes what hears one stream."""
    by_octet: bool = False
    """Whether each octet is one sample, by itself, so that payloads can be cut and joined before they are decoded."""
    steady: bool = True
    """Whether payloads of one size are of one length."""


def octets(decode: Decoder) -> PayloadFormat:
    """Return the format in which each octet is one sample of 8000 a second, as in G.711."""
    return PayloadFormat(SAMPLE_RATE, len, lambda: decode, by_octet=True)
