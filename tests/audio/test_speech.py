"""Sound, quiet and tones."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Hearing, SoundEnded, SoundStarted, ToneHeard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.spectrum import frames_lost, log_mel, spectra, total_level
from ivrtest.audio.speech import SoundDetector, ToneDetector
from ivrtest.audio.tones import tone

Samples = NDArray[np.int16]


def listen(samples: Samples, lost: NDArray[np.bool_] | None = None) -> list[Hearing]:
    sound, tones = SoundDetector(), ToneDetector()
    lost = np.zeros(len(samples), np.bool_) if lost is None else lost
    levels, valid, power = total_level(log_mel(samples)), ~frames_lost(lost), spectra(samples)
    hearings: list[Hearing] = []
    for first in range(0, len(levels), 10):
        at_s = (first + 10) / 100
        loud, some = sound.listen(levels[first : first + 10], valid[first : first + 10], at_s)
        _, heard = tones.listen(power[first : first + 10], loud, valid[first : first + 10], at_s)
        hearings += some + heard
    return hearings + tones.finish(len(samples) / 8000)


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * 8000), np.int16)


@pytest.mark.parametrize("gain_db", [6, 0, -10, -25])
def test_speech_is_found_down_to_minus_45_dbov(bank: PromptLibrary, line: ModuleType, gain_db: float) -> None:
    recording = bank.get("enter_pin", "en")
    assert recording is not None
    sent = np.concatenate([quiet(0.5), recording.samples, quiet(1)])
    heard, _ = line.through(sent, line.Condition("", gain_db=gain_db), np.random.default_rng(0))
    started, ended = listen(heard)
    assert isinstance(started, SoundStarted)
    assert started.start_s == pytest.approx(0.55, abs=0.04)
    assert started.at_s < 0.75
    assert isinstance(ended, SoundEnded)
    assert ended.end_s == pytest.approx(0.5 + recording.seconds - 0.05, abs=0.1)


def test_idle_noise_of_mu_law_is_quiet() -> None:
    idle = np.random.default_rng(3).normal(0, 4, 24000)
    assert listen(ulaw_decode(ulaw_encode(idle.astype(np.int16)))) == []


def test_speech_over_a_noisy_line(bank: PromptLibrary, line: ModuleType) -> None:
    recording = bank.get("enter_pin", "en")
    assert recording is not None
    sent = np.concatenate([quiet(1.5), recording.samples, quiet(1.5)])
    heard, _ = line.through(sent, line.Condition("", noise_db=15), np.random.default_rng(4))
    kinds = [type(hearing) for hearing in listen(heard)]
    assert kinds[0] is SoundStarted
    assert kinds[-1] is SoundEnded


def test_lost_packets_neither_end_nor_begin_a_sound(bank: PromptLibrary) -> None:
    recording = bank.get("enter_pin", "en")
    assert recording is not None
    samples = np.concatenate([quiet(0.5), recording.samples, quiet(1)])
    lost = np.zeros(len(samples), np.bool_)
    lost[8000:11200] = True
    samples[lost] = 0
    assert [type(hearing) for hearing in listen(samples, lost)] == [SoundStarted, SoundEnded]


@pytest.mark.parametrize("hertz", [425, 1000, 1400, 2100])
@pytest.mark.parametrize("level_db", [-10.0, -30.0])
def test_tones_are_measured(hertz: float, level_db: float) -> None:
    samples = np.concatenate([quiet(0.5), tone((hertz,), 0.4, level_db=level_db), quiet(0.6)])
    (heard,) = [hearing for hearing in listen(ulaw_decode(ulaw_encode(samples))) if isinstance(hearing, ToneHeard)]
    assert heard.frequency_hz == pytest.approx(hertz, abs=4)
    assert heard.start_s == pytest.approx(0.5, abs=0.025)
    assert heard.end_s == pytest.approx(0.9, abs=0.025)


def test_a_tone_that_is_not_over_is_told_at_the_end() -> None:
    (heard,) = [hearing for hearing in listen(np.concatenate([quiet(0.5), tone((1000,), 0.5)])) if isinstance(hearing, ToneHeard)]
    assert heard.end_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("hertz", [140, 270, 350])
def test_what_a_voice_hums_is_no_tone(hertz: float) -> None:
    """People's "m" and "n", and long vowels at the end of a sentence: 229 times in 85 minutes of four people's prompts."""
    samples = np.concatenate([quiet(0.5), tone((hertz,), 0.3), quiet(0.6)])
    assert [type(hearing) for hearing in listen(ulaw_decode(ulaw_encode(samples)))] == [SoundStarted, SoundEnded]


def test_speech_has_no_tones(bank: PromptLibrary) -> None:
    found = []
    for recording in bank.recordings():
        found += [hearing for hearing in listen(np.concatenate([quiet(0.2), recording.samples])) if isinstance(hearing, ToneHeard)]
    assert found == []
