"""The audio codecs a call can speak, by their names in settings and on the command line.

Whatever they are on the wire, inside there are samples of 8000 a second. What needs a library of its own imports it when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from typing import Final

import numpy as np

from ivrtest.audio import g711
from ivrtest.audio.resampler import Resampler
from ivrtest.call.call import SAMPLE_RATE, Samples
from ivrtest.rtp.packet import RtpSyntaxError
from ivrtest.rtp.payload import Decoder, PayloadFormat, octets
from ivrtest.sip import sdp

CodecName = str
Encoder = Callable[[Samples], bytes]
"""Turns one frame after another into payloads. It may remember those before."""


class SoundError(Exception):
    """A codec, or encryption, that cannot be used here. The message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How sound is written and read."""

    name: CodecName
    wire: sdp.Codec
    """What it is called in a session description."""
    format: PayloadFormat
    encoder: Callable[[], Encoder]
    """Makes what speaks one stream. For a codec of octets it remembers nothing, so that whole recordings can be encoded beforehand."""
    silence: bytes = b""
    """One sample of it, for a codec of octets."""
    library: str = ""
    """The module that it needs; empty for none."""
    frames_ms: tuple[int, ...] = (10, 20, 30, 40, 50, 60)
    """How much sound a packet may hold."""

    @property
    def by_octet(self) -> bool:
        """Whether each octet is one sample, by itself."""
        return self.format.by_octet

    @property
    def ticks_per_sample(self) -> float:
        """How much the RTP timestamp grows with a sample of 8000 a second."""
        return self.wire.clock_rate / SAMPLE_RATE

    def frame_ms(self, wanted: int) -> int:
        """Return the longest packet that is no longer than `wanted`; the shortest of all where none is."""
        return max((length for length in self.frames_ms if length <= wanted), default=self.frames_ms[0])


def _g711(wire: sdp.Codec, encode: Callable[[Samples], np.ndarray], decode: Callable[[np.ndarray], Samples], silence: int) -> Codec:
    def encoder() -> Encoder:
        return lambda samples: encode(samples).tobytes()

    return Codec(wire.name, wire, octets(lambda payload: decode(np.frombuffer(payload, np.uint8))), encoder, bytes([silence]))


def _l16(wire: sdp.Codec) -> Codec:
    """Samples as they are, most significant octet first (RFC 3551 section 4.5.11)."""
    rate = wire.clock_rate

    def decoder() -> Decoder:
        resampler = Resampler(rate)

        def decode(payload: bytes) -> Samples:
            samples = np.frombuffer(payload[: len(payload) // 2 * 2], ">i2").astype(np.int16)
            return samples if rate == SAMPLE_RATE else resampler.feed(samples)

        return decode

    def encoder() -> Encoder:
        resampler = Resampler(SAMPLE_RATE, rate)
        return lambda samples: (samples if rate == SAMPLE_RATE else resampler.feed(samples)).astype(">i2").tobytes()

    # A datagram should not be longer than the 1500 octets that most networks carry in one piece, nor than libsrtp's 1356.
    frames = tuple(length for length in (10, 20, 30, 40, 50, 60) if length * rate // 500 <= 1300)
    return Codec(
        str(wire), wire, PayloadFormat(rate, lambda payload: len(payload) // 2 * SAMPLE_RATE // rate, decoder), encoder, frames_ms=frames
    )


def _g722_decoder() -> Decoder:
    codec, resampler = import_module("G722").G722(16000, 64000), Resampler(16000)

    def decode(payload: bytes) -> Samples:
        return resampler.feed(np.array(codec.decode(payload), np.int16))

    return decode


def _g722_encoder() -> Encoder:
    codec, resampler = import_module("G722").G722(16000, 64000), Resampler(SAMPLE_RATE, 16000)

    def encode(samples: Samples) -> bytes:
        return bytes(codec.encode(resampler.feed(samples)))

    return encode


_OPUS_MOST: Final = 960
"""Samples of the longest Opus packet: 120 ms (RFC 6716 section 3.2)."""
_OPUS_BITRATE: Final = 40_000
_OPUS_FRAMES: Final = ((80, 160, 320, 480), (80, 160), (20, 40, 80, 160))
"""Samples of a frame, by the configurations of SILK, of both, and of CELT (RFC 6716 table 2)."""


def opus_length(payload: bytes) -> int:
    """Return how many samples of 8000 a second an Opus packet stands for (RFC 6716 section 3.1). 0 for nonsense."""
    if not payload:
        return 0
    configuration, code = payload[0] >> 3, payload[0] & 3
    if code == 3 and len(payload) < 2:
        return 0
    kind = 0 if configuration < 12 else 1 if configuration < 16 else 2
    frames = _OPUS_FRAMES[kind]
    count = (1, 2, 2, payload[1] & 0x3F if code == 3 else 0)[code]
    length = frames[configuration % len(frames)] * count
    return length if length <= _OPUS_MOST else 0


def _opus_decoder() -> Decoder:
    opus = import_module("opuslib_next")
    # libopus itself makes 8000 samples a second of whatever was encoded, and mono of stereo.
    codec = opus.Decoder(SAMPLE_RATE, 1)

    def decode(payload: bytes) -> Samples:
        try:
            return np.frombuffer(codec.decode(payload, _OPUS_MOST), np.int16)
        except opus.OpusError as error:
            raise RtpSyntaxError(f"{len(payload)} octets are no Opus packet: {error}") from error

    return decode


def _opus_encoder() -> Encoder:
    opus = import_module("opuslib_next")
    codec = opus.Encoder(SAMPLE_RATE, 1, opus.APPLICATION_VOIP)
    # By itself it takes 8 kbit/s, and what a recording says is then not quite what was recorded.
    codec.bitrate = _OPUS_BITRATE

    def encode(samples: Samples) -> bytes:
        return bytes(codec.encode(samples.tobytes(), len(samples)))

    return encode


@lru_cache
def warm_up(name: CodecName) -> None:
    """Import what a codec needs and compute its tables, so that whoever must not wait does not."""
    codec = CODECS[name]
    codec.encoder()(np.zeros(8 * codec.frames_ms[0], np.int16))
    codec.format.decoder()


CODECS: Final[dict[CodecName, Codec]] = {
    codec.name: codec
    for codec in (
        _g711(sdp.PCMU, g711.ulaw_encode, g711.ulaw_decode, g711.ULAW_SILENCE),
        _g711(sdp.PCMA, g711.alaw_encode, g711.alaw_decode, g711.ALAW_SILENCE),
        # Its RTP clock is 8000 by an old mistake, though it has 16,000 samples a second (RFC 3551 section 4.5.2).
        Codec("G722", sdp.G722, PayloadFormat(8000, len, _g722_decoder), _g722_encoder, library="G722"),
        _l16(sdp.L16_8000),
        _l16(sdp.L16_16000),
        _l16(sdp.L16_44100),
        Codec(
            "opus",
            sdp.OPUS,
            PayloadFormat(48000, opus_length, _opus_decoder, steady=False),
            _opus_encoder,
            library="opuslib_next",
            frames_ms=(10, 20, 40, 60),
        ),
    )
}


def chosen_codecs(names: Sequence[str]) -> tuple[Codec, ...]:
    """Return the codecs of these names, in their order. Raises SoundError for one that is unknown, named twice, or lacks its library."""
    if not names:
        raise SoundError("no codec is named. name one at least, such as PCMU")
    by_name = {name.lower(): codec for name, codec in CODECS.items()}
    found: list[Codec] = []
    for name in names:
        codec = by_name.get(name.lower())
        if codec is None:
            near = get_close_matches(name.lower(), by_name, n=1, cutoff=0.5)
            hint = f'did you mean "{by_name[near[0]].name}"?' if near else "known are " + ", ".join(f'"{known}"' for known in CODECS)
            raise SoundError(f'codec "{name}" is unknown. {hint}')
        if codec in found:
            raise SoundError(f'codec "{name}" is named twice. name it once')
        _check_library(codec)
        warm_up(codec.name)
        found.append(codec)
    return tuple(found)


def _check_library(codec: Codec) -> None:
    if not codec.library:
        return
    try:
        import_module(codec.library)
    except ImportError as error:
        raise SoundError(f'codec "{codec.name}" needs the extra "codecs". install it: pip install "ivrtest[codecs]"') from error
    except Exception as error:  # opuslib_next raises just that where the system has no libopus
        raise SoundError(f'codec "{codec.name}" cannot be used: {error} On Debian it is the package libopus0') from error
