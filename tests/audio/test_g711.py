"""G.711, exact to the tables of ITU-T G.711 and the reference implementation of ITU-T G.191."""

import numpy as np
import pytest

from ivrtest.audio.g711 import ALAW_SILENCE, ULAW_SILENCE, alaw_decode, alaw_encode, ulaw_decode, ulaw_encode

CODES = np.arange(256, dtype=np.uint8)
EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)

# Tables 2a and 2b, column 7, times 4 (14 bits in 16): the ends of each segment and a few between.
ULAW = {
    0x80: 32124,
    0x8F: 16764,
    0x90: 15996,
    0x9F: 8316,
    0xA0: 7932,
    0xAF: 4092,
    0xBF: 1980,
    0xCF: 924,
    0xDF: 396,
    0xEF: 132,
    0xFE: 8,
    0xFF: 0,
}
# Tables 1a and 1b, column 7, times 8 (13 bits in 16), after the even bits were inverted.
ALAW = {
    0xAA: 32256,
    0xA5: 16896,
    0xBA: 16128,
    0xB5: 8448,
    0x8A: 8064,
    0x9A: 4032,
    0xEA: 2016,
    0xFA: 1008,
    0xCA: 504,
    0xDA: 248,
    0xD5: 8,
    0xD4: 24,
}


@pytest.mark.parametrize(("code", "value"), ULAW.items())
def test_ulaw_values_of_the_standard(code: int, value: int) -> None:
    # The other sign is the same code with the first bit turned.
    assert ulaw_decode(np.array([code, code ^ 0x80], np.uint8)).tolist() == [value, -value]


@pytest.mark.parametrize(("code", "value"), ALAW.items())
def test_alaw_values_of_the_standard(code: int, value: int) -> None:
    assert alaw_decode(np.array([code, code ^ 0x80], np.uint8)).tolist() == [value, -value]


def reference_ulaw(sample: int) -> int:
    """`ulaw_compress` of ITU-T G.191, step by step."""
    absolute = min(((~sample if sample < 0 else sample) >> 2) + 33, 0x1FFF)
    segment, rest = 1, absolute >> 6
    while rest:
        segment, rest = segment + 1, rest >> 1
    return (8 - segment) << 4 | 15 - (absolute >> segment & 15) | (0x80 if sample >= 0 else 0)


def reference_alaw(sample: int) -> int:
    """`alaw_compress` of ITU-T G.191, step by step."""
    value = (~sample if sample < 0 else sample) >> 4
    if value > 15:
        exponent = 1
        while value > 31:
            value, exponent = value >> 1, exponent + 1
        value = value - 16 + (exponent << 4)
    return (value | (0x80 if sample >= 0 else 0)) ^ 0x55


def test_every_sample_is_encoded_as_the_reference_does() -> None:
    assert ulaw_encode(EVERY_SAMPLE).tolist() == [reference_ulaw(int(sample)) for sample in EVERY_SAMPLE]
    assert alaw_encode(EVERY_SAMPLE).tolist() == [reference_alaw(int(sample)) for sample in EVERY_SAMPLE]


def test_every_code_comes_back() -> None:
    # Mu-law has two zeros; the negative one comes back as the other.
    assert ulaw_encode(ulaw_decode(CODES)).tolist() == [0xFF if code == 0x7F else code for code in range(256)]
    assert alaw_encode(alaw_decode(CODES)).tolist() == list(range(256))


def test_no_sample_moves_by_more_than_half_its_step() -> None:
    for decoded in (ulaw_decode(ulaw_encode(EVERY_SAMPLE)), alaw_decode(alaw_encode(EVERY_SAMPLE))):
        error = np.abs(decoded.astype(int) - EVERY_SAMPLE)
        size = np.abs(EVERY_SAMPLE.astype(int))
        assert (error <= np.maximum(size / 16, 16)).all()


def test_silence() -> None:
    silence = np.array([0], np.int16)
    assert (ulaw_encode(silence)[0], alaw_encode(silence)[0]) == (ULAW_SILENCE, ALAW_SILENCE)
