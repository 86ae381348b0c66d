"""Keys as tones: found at 10 dB of noise, and never in speech."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio import tones
from ivrtest.audio.dtmf_detector import DtmfDetector, ToneKey
from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.pcm import Samples
from ivrtest.audio.synthesis import synthesise

KEYS = "".join(tones.DTMF_FREQUENCIES)


def detect(samples: Samples, piece: int = 320) -> list[ToneKey]:
    detector = DtmfDetector()
    return [key for begin in range(0, len(samples), piece) for key in detector.feed(samples[begin : begin + piece])] + detector.finish()


def in_noise(samples: Samples, snr_db: float, *, lead: int, seed: int) -> Samples:
    """Return samples after `lead` of silence, with white noise over all."""
    whole = np.concatenate([np.zeros(lead), samples, np.zeros(1000)])
    power = np.mean(np.square(samples, dtype=np.float64)) / 10 ** (snr_db / 10)
    noisy = whole + np.random.default_rng(seed).normal(0, np.sqrt(power), len(whole))
    return np.clip(noisy, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_50_ms_at_10_db(key: str) -> None:
    tone = tones.tone(tones.DTMF_FREQUENCIES[key], 0.05)
    for turn in range(25):
        found = detect(in_noise(tone, 10, lead=800 + 7 * turn, seed=turn))
        assert [heard.key for heard in found] == [key]


@given(
    key=st.sampled_from(KEYS),
    lead=st.integers(0, 2000),
    seconds=st.floats(0.05, 0.15),
    off=st.sampled_from([-0.015, 0, 0.015]),
    piece=st.sampled_from([160, 320, 480, 800, 4000]),
    seed=st.integers(0, 99),
)
def test_every_key_wherever_it_begins_and_however_the_sound_comes(
    key: str, lead: int, seconds: float, off: float, piece: int, seed: int
) -> None:
    low, high = tones.DTMF_FREQUENCIES[key]
    tone = tones.tone((low * (1 + off), high * (1 + off)), seconds)
    assert [heard.key for heard in detect(in_noise(tone, 12, lead=lead, seed=seed), piece)] == [key]


def test_where_and_how_long() -> None:
    samples = np.concatenate([tones.silence(0.5), tones.dtmf("15#", key_s=0.1, gap_s=0.1)])
    found = detect(ulaw_decode(ulaw_encode(samples)))
    assert [key.key for key in found] == ["1", "5", "#"]
    for key, start in zip(found, (4000, 5600, 7200), strict=True):
        assert abs(key.start - start) <= 80
        assert abs(key.samples - 800) <= 160


def test_the_same_key_twice_with_the_shortest_gap() -> None:
    assert [key.key for key in detect(tones.dtmf("77", key_s=0.06, gap_s=0.045))] == ["7", "7"]


def test_a_key_that_is_still_down_at_the_end() -> None:
    assert [key.key for key in detect(tones.tone(tones.DTMF_FREQUENCIES["9"], 0.2))] == ["9"]


@pytest.mark.parametrize("off", [-0.015, 0.015])
@pytest.mark.parametrize("key", "1D")
def test_a_key_that_is_out_of_tune(key: str, off: float) -> None:
    low, high = tones.DTMF_FREQUENCIES[key]
    assert [found.key for found in detect(tones.tone((low * (1 + off), high * (1 + off)), 0.06))] == [key]


@pytest.mark.parametrize(
    "samples",
    [tones.beep(), tones.ringback(), tones.busy(), tones.tone((697,), 0.5), tones.tone((697, 1750), 0.5), tones.tone((697, 1209), 0.02)],
    ids=["beep", "ringback", "busy", "half a key", "no key", "too short"],
)
def test_what_is_no_key(samples: Samples) -> None:
    assert detect(samples) == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "Thank you for calling Example Bank. For account balances, press one. To report a lost card, press two. For all else, stay on.",
        ),
        ("es", "Gracias por llamar al banco. Para saldos de cuenta, oprima uno. Para denunciar una tarjeta perdida, oprima dos."),
        ("de", "Willkommen. Für Kontostände drücken Sie die Eins. Um eine Karte zu sperren, drücken Sie die Zwei. Sonst bleiben Sie dran."),
        ("fr", "Bienvenue. Pour le solde de votre compte, appuyez sur un. Pour une carte perdue, appuyez sur deux. Sinon, patientez."),
    ],
)
def test_no_key_in_speech(language: str, words: str) -> None:
    """Nor was there any in 52 minutes of rendered prompts of the example flows: 545 s at six speeds."""
    speech = synthesise(words, language)
    for speed in np.arange(0.7, 1.5, 0.05):
        voice = np.interp(np.arange(0, len(speech) - 1, speed), np.arange(len(speech)), speech).astype(np.int16)
        assert detect(voice) == []


@given(pieces=st.lists(st.integers(1, 700), min_size=1, max_size=20), keys=st.text(KEYS, min_size=1, max_size=4))
def test_how_the_sound_is_cut_makes_no_difference(pieces: list[int], keys: str) -> None:
    samples = tones.dtmf(keys)
    detector = DtmfDetector()
    found, begin = [], 0
    for piece in pieces:
        found += detector.feed(samples[begin : begin + piece])
        begin += piece
    found += detector.feed(samples[begin:]) + detector.finish()
    assert found == detect(samples)
