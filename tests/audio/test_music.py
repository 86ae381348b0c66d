from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ivrtest.audio.murmur import murmur
from ivrtest.audio.music import MusicDetector
from ivrtest.audio.pcm import Samples
from ivrtest.audio.progress import CADENCES
from ivrtest.audio.spectrum import Mask
from ivrtest.audio.tones import beep, dtmf, silence, tone
from tests.bench.hearing.interference import babble, car, hum
from tests.bench.hearing.pieces import STYLES, piece
from tests.bench.hearing.trials import tuning


@dataclass(frozen=True)
class News:
    at_s: float
    playing: bool
    start_s: float
    end_s: float
    into_quiet: bool


def follow(samples: Samples, lost: Mask | None = None, *, block: int = 160) -> list[News]:
    detector, news = MusicDetector(), list[News]()
    lost = np.zeros(len(samples), np.bool_) if lost is None else lost
    for start in range(0, len(samples), block):
        if detector.feed(samples[start : start + block], lost[start : start + block]):
            news.append(News(detector.now_s, detector.playing, detector.start_s, detector.end_s, detector.into_quiet))
    return news


def noisy(samples: Samples, level_dbov: float) -> Samples:
    noise = np.random.default_rng(4).normal(0, 32768 * 10 ** (level_dbov / 20), len(samples))
    return np.clip(samples + noise, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("noise_dbov", [None, -40.0])
def test_music_is_known_after_about_three_seconds_and_so_is_its_end(style: str, noise_dbov: float | None) -> None:
    call = np.concatenate([silence(2), piece(style, 10, 8), silence(4)])
    began, ended = follow(call if noise_dbov is None else noisy(call, noise_dbov))
    assert began.playing
    assert began.at_s < 5.3
    assert began.start_s == pytest.approx(2, abs=0.3)
    assert (ended.playing, ended.into_quiet) == (False, True)
    assert ended.end_s == pytest.approx(12, abs=0.3)
    assert ended.at_s < 14


def test_news_does_not_depend_on_how_it_is_fed() -> None:
    call = np.concatenate([silence(1), piece("band", 6, 1), silence(3)])
    assert follow(call, block=80) == follow(call, block=160) == follow(call, block=1603)[:2]


def test_music_that_ends_in_speech() -> None:
    speech = np.concatenate([recording.samples for recording in tuning().library.recordings()[:6]])
    began, ended = follow(np.concatenate([silence(1), piece("chords", 8, 3), speech]))
    assert began.playing
    assert (ended.playing, ended.into_quiet) == (False, False)
    assert ended.end_s == pytest.approx(9, abs=0.7)


def test_music_with_losses_is_music_and_they_are_no_rest() -> None:
    call = np.concatenate([silence(1), piece("chords", 12, 5), silence(3)])
    lost = np.zeros(len(call), np.bool_)
    # A packet of every thirty, and a second at once.
    for start in range(0, len(call), 30 * 160):
        lost[start : start + 160] = True
    lost[8000 * 6 : 8000 * 7] = True
    call[lost] = 0
    assert [each.playing for each in follow(call, lost)] == [True, False]


def test_speech_is_no_music() -> None:
    library = tuning().library
    for gap_s in (0.02, 0.3):
        row = [part for recording in library.recordings() for part in (recording.samples, silence(gap_s))]
        assert follow(np.concatenate(row)) == []
    assert follow(murmur(20)) == []


@pytest.mark.parametrize("cadence", CADENCES, ids=lambda cadence: f"{cadence.tone} {cadence.countries[0]}")
def test_tones_of_the_network_are_no_music(cadence: object) -> None:
    assert isinstance(cadence, type(CADENCES[0]))
    seconds = cadence.seconds if len(cadence.seconds) > 1 else (4.0, 0.0)
    parts = [tone(cadence.hz, on) if place % 2 == 0 else silence(on) for place, on in enumerate(seconds)]
    call = np.concatenate(parts * 6)
    assert follow(call) == []
    assert follow(noisy(call, -35)) == []


def test_keys_beeps_hums_and_noise_are_no_music() -> None:
    random = np.random.default_rng(8)
    for sound in (babble, car, hum):
        assert follow((2000 * sound(30 * 8000, random)).astype(np.int16)) == []
    assert follow(noisy(silence(20), -25)) == []
    assert follow(noisy(dtmf("1234567890*#" * 6), -40)) == []
    assert follow(np.concatenate([beep(), silence(0.5)] * 12)) == []
    special = [tone((hz,), 0.33) for hz in (950.0, 1400.0, 1800.0)]
    assert follow(np.concatenate([*special, silence(1)] * 5)) == []
