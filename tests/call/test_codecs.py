"""Every codec both ways."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.call.call import Samples
from ivrtest.call.codecs import CODECS, Codec, SoundError, chosen_codecs, opus_length
from ivrtest.cli.sound_settings import CODEC_NAMES
from ivrtest.rtp.packet import RtpSyntaxError

SPOKEN = sorted(CODECS)
LEAST_SNR_DB = {"PCMU": 36, "PCMA": 36, "G722": 36, "opus": 30, "L16/8000": 70, "L16/16000": 70, "L16/44100": 70}
"""Of a sine at 1004 Hz and -13 dBFS; G.711's own noise is 37 dB below it, G.722's about as much."""


def sine(seconds: float) -> Samples:
    wave: Samples = np.rint(7000 * np.sin(2 * np.pi * 1004 * np.arange(round(8000 * seconds)) / 8000)).astype(np.int16)
    return wave


def snr_db(heard: Samples) -> float:
    time = np.arange(len(heard)) / 8000
    basis = np.stack([np.sin(2 * np.pi * 1004 * time), np.cos(2 * np.pi * 1004 * time)], axis=1)
    rest = heard - basis @ np.linalg.lstsq(basis, heard.astype(float), rcond=None)[0]
    return float(10 * np.log10(np.sum(heard.astype(float) ** 2) / np.sum(rest**2)))


def travel(codec: Codec, samples: Samples, frame_ms: int) -> tuple[list[bytes], Samples]:
    """Return the packets of a sound, and what is heard of them."""
    frame = 8 * frame_ms
    encode, decode = codec.encoder(), codec.format.decoder()
    payloads = [encode(samples[start : start + frame]) for start in range(0, len(samples), frame)]
    return payloads, np.concatenate([decode(payload) for payload in payloads])


@pytest.mark.parametrize("name", SPOKEN)
@pytest.mark.parametrize("wanted", [10, 20, 30, 40, 60])
def test_a_sine_stays_a_sine_whatever_the_packets_hold(name: str, wanted: int) -> None:
    codec = CODECS[name]
    frame_ms = codec.frame_ms(wanted)
    payloads, heard = travel(codec, sine(1.2), frame_ms)
    assert {codec.format.length(payload) for payload in payloads} == {8 * frame_ms}
    assert len(heard) == 9600
    assert snr_db(heard[1600:]) > LEAST_SNR_DB[name]


@pytest.mark.parametrize("name", SPOKEN)
def test_silence_is_silent(name: str) -> None:
    _, heard = travel(CODECS[name], np.zeros(3200, np.int16), 20 if CODECS[name].frame_ms(20) == 20 else 10)
    assert np.abs(heard).max() <= 8


def test_packets_fit_into_a_datagram_that_nobody_cuts() -> None:
    for codec in CODECS.values():
        assert len(travel(codec, sine(0.06), codec.frame_ms(60))[0][0]) <= 1300, codec.name
    assert [CODECS["L16/44100"].frame_ms(wanted) for wanted in (60, 20, 10)] == [10, 10, 10]
    assert [CODECS["opus"].frame_ms(wanted) for wanted in (50, 30, 5)] == [40, 20, 10]


@pytest.mark.parametrize(
    ("payload", "samples"),
    [
        (b"", 0),
        (bytes([0 << 3]), 80),
        (bytes([3 << 3]), 480),
        (bytes([9 << 3]), 160),
        (bytes([12 << 3]), 80),
        (bytes([13 << 3 | 1]), 320),
        (bytes([16 << 3]), 20),
        (bytes([31 << 3 | 2]), 320),
        (bytes([31 << 3 | 3, 6]), 960),
        (bytes([31 << 3 | 3, 7]), 0),
        (bytes([31 << 3 | 3]), 0),
    ],
)
def test_an_opus_packet_says_how_long_it_is(payload: bytes, samples: int) -> None:
    assert opus_length(payload) == samples


@settings(deadline=None, max_examples=60)
@given(name=st.sampled_from(SPOKEN), payload=st.binary(max_size=400))
def test_any_payload_is_sound_or_a_syntax_error(name: str, payload: bytes) -> None:
    try:
        heard = CODECS[name].format.decoder()(payload)
    except RtpSyntaxError:
        assert name == "opus"
    else:
        assert heard.dtype == np.int16


def test_codecs_are_chosen_by_name_in_any_letter_case() -> None:
    assert [codec.name for codec in chosen_codecs(["OPUS", "pcma", "l16/8000"])] == ["opus", "PCMA", "L16/8000"]
    assert tuple(CODECS) == CODEC_NAMES


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "no codec is named. name one at least, such as PCMU"),
        (("G.722",), 'codec "G.722" is unknown. did you mean "G722"?'),
        (
            ("iLBC",),
            'codec "iLBC" is unknown. known are "PCMU", "PCMA", "G722", "L16/8000", "L16/16000", "L16/44100", "opus"',
        ),
        (("PCMU", "pcmu"), 'codec "pcmu" is named twice. name it once'),
    ],
)
def test_names_that_cannot_be_chosen(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(SoundError) as caught:
        chosen_codecs(names)
    assert str(caught.value) == message


def test_a_codec_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    # As where the extra is not installed: Python finds no such module.
    monkeypatch.setitem(sys.modules, "G722", None)
    with pytest.raises(SoundError) as caught:
        chosen_codecs(["G722"])
    assert str(caught.value) == 'codec "G722" needs the extra "codecs". install it: pip install "ivrtest[codecs]"'
