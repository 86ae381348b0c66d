"""The audio codecs a call can speak, by their names in SDP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ivrtest.audio import g711
from ivrtest.call.call import Samples

CodecName = Literal["PCMU", "PCMA"]


@dataclass(frozen=True, slots=True)
class Codec:
    """One octet is one sample of 8000 a second."""

    name: CodecName
    encode: Callable[[Samples], bytes]
    decode: Callable[[bytes], Samples]
    silence: bytes
    """20 ms of it."""


CODECS: dict[str, Codec] = {
    "PCMU": Codec(
        "PCMU",
        encode=lambda samples: g711.ulaw_encode(samples).tobytes(),
        decode=lambda octets: g711.ulaw_decode(np.frombuffer(octets, np.uint8)),
        silence=bytes([g711.ULAW_SILENCE]) * 160,
    ),
    "PCMA": Codec(
        "PCMA",
        encode=lambda samples: g711.alaw_encode(samples).tobytes(),
        decode=lambda octets: g711.alaw_decode(np.frombuffer(octets, np.uint8)),
        silence=bytes([g711.ALAW_SILENCE]) * 160,
    ),
}
