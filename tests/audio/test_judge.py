"""Comparing a call with a recording, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.alignment import Track
from ivrtest.audio.history import History
from ivrtest.audio.judge import GOOD_DB, LEAST_GAIN_DB, compare, line_gain, line_gains
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.reference import PAD, Reference
from ivrtest.audio.spectrum import BANDS, FINE_HOP, FLOOR_DB, frames_lost, log_mel, to_db, total_level

RANDOM = np.random.default_rng(5)
SPEECH = np.cumsum(RANDOM.normal(0, 3, (200, BANDS)), axis=0).clip(-30, 30).astype(np.float32) - 50
NOISE = np.full(BANDS, -85, np.float32)
ALL = np.ones(200, np.bool_)


def test_frames_stand_where_the_samples_are() -> None:
    samples = np.zeros(4000, np.int16)
    samples[1600:] = (8000 * np.sin(2 * np.pi * 1000 * np.arange(2400) / 8000)).astype(np.int16)
    levels = log_mel(samples)
    assert levels.shape == ((4000 - 256) // 80 + 1, BANDS)
    total = total_level(levels)
    assert total[:16].max() == pytest.approx(FLOOR_DB + 10 * np.log10(BANDS + 1), abs=0.1)
    assert total[20:].min() == pytest.approx(20 * np.log10(8000 / 32768) + 1.8, abs=0.3)
    assert len(log_mel(samples[:255])) == 0
    assert to_db(np.zeros(1, np.float32))[0] == pytest.approx(FLOOR_DB)


def test_a_lost_packet_spoils_the_frames_that_see_it() -> None:
    lost = np.zeros(1600, np.bool_)
    lost[640:800] = True
    spoiled = np.flatnonzero(frames_lost(lost))
    assert (spoiled[0], spoiled[-1]) == (6, 9)
    assert not frames_lost(np.zeros(1600, np.bool_)).any()


@pytest.mark.parametrize("gain", [-20.0, 0.0, 6.0])
def test_the_line_s_gain_is_found(gain: float) -> None:
    found = line_gain(SPEECH + np.float32(gain), SPEECH, ALL, NOISE)
    assert found == pytest.approx(np.full(BANDS, gain), abs=0.2)


def test_no_gain_buries_a_recording_in_the_noise() -> None:
    assert line_gain(SPEECH - 70, SPEECH, ALL, NOISE - 60) == pytest.approx(np.full(BANDS, LEAST_GAIN_DB))
    silence = np.full_like(SPEECH, -84)
    gain = line_gain(silence, SPEECH, ALL, np.full(BANDS, -91, np.float32))
    assert SPEECH.max() + gain.max() >= -91 + 8


def test_the_gains_of_several_recordings_are_those_of_each() -> None:
    recordings = np.stack([SPEECH + 3, SPEECH[::-1], SPEECH - 40, np.full_like(SPEECH, -90)])
    for noise in (NOISE, np.stack([NOISE + step for step in range(4)])[:, None]):
        each = [line_gain(SPEECH, *one) for one in zip(recordings, [ALL] * 4, np.broadcast_to(noise, (4, 1, BANDS))[:, 0], strict=True)]
        np.testing.assert_allclose(line_gains(SPEECH, recordings, noise), each, atol=1e-5)


def test_the_same_sound_deviates_little_and_another_much() -> None:
    gain = line_gain(SPEECH - 10, SPEECH, ALL, NOISE)
    same = compare(SPEECH - 10, SPEECH, ALL, gain, NOISE)
    assert same.deviation.sum() / same.weight.sum() < 0.3
    other = compare(SPEECH[::-1] - 10, SPEECH, ALL, gain, NOISE)
    assert other.deviation.sum() / other.weight.sum() > 2 * GOOD_DB


def test_what_is_missing_and_what_is_lost() -> None:
    gain = np.zeros(BANDS, np.float32)
    silent = compare(np.full_like(SPEECH, FLOOR_DB), SPEECH, ALL, gain, NOISE)
    assert silent.missing == pytest.approx(silent.deviation)
    lost = compare(np.full_like(SPEECH, FLOOR_DB), SPEECH, ~ALL, gain, NOISE)
    assert not lost.weight.any()
    assert not lost.deviation.any()
    assert lost.wanted.all()


def _history(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> History:
    history = History()
    for _ in history.append(samples, np.zeros(len(samples), np.bool_), 800):
        pass
    return history


@pytest.mark.parametrize("start", [4000, 4007, 4013])
def test_a_track_follows_its_recording(bank: PromptLibrary, start: int) -> None:
    recording = bank.get("welcome", "en")
    assert recording is not None
    reference = Reference(recording.key, recording.samples)
    samples = np.concatenate([np.zeros(start, np.int16), recording.samples, np.zeros(1600, np.int16)])
    track = Track(reference, round(start / FINE_HOP) + 1, 0)
    history = _history(samples)
    for frame in range(0, history.end, 10):
        track.advance(history, frame)
    assert track.good
    assert track.complete
    assert track.worst < 1
    assert not track.unheard()
    assert track.heard_share == pytest.approx(1)
    assert abs(track.start - start) <= 20
    assert track.sounding_start - track.start == pytest.approx(400, abs=130)
    assert reference.codes.shape[0] == (len(recording.samples) + 2 * PAD * FINE_HOP - 256) // FINE_HOP + 1


def test_a_track_falls_where_the_words_part(bank: PromptLibrary) -> None:
    monday, tuesday = bank.get("closed", "en"), bank.get("closed_holiday", "en")
    assert monday is not None
    assert tuesday is not None
    history = _history(np.concatenate([tuesday.samples, np.zeros(1600, np.int16)]))
    track = Track(Reference(monday.key, monday.samples), 0, 0)
    for frame in range(0, history.end, 10):
        track.advance(history, frame)
    (apart,) = [sibling.apart_s for sibling in bank.index.siblings["closed", "en"] if sibling.key == ("closed_holiday", "en")]
    assert track.fell_at is not None
    assert track.fell_at / 100 == pytest.approx(apart, abs=0.25)
    assert not track.lacks()


def test_old_frames_are_forgotten_and_new_ones_kept() -> None:
    samples = (3000 * np.sin(2 * np.pi * 500 * np.arange(8000 * 60) / 8000)).astype(np.int16)
    history = _history(samples)
    assert history.end == (len(samples) - 256) // 80 + 1
    assert 1000 <= history.end - history.oldest <= 2000
    np.testing.assert_array_equal(history.levels(history.end - 50, history.end), log_mel(samples)[-50:])


def test_masks_reach_back_and_ahead() -> None:
    history = _history(np.zeros(8000, np.int16))
    history.mask(0.5, 0.6)
    history.mask(1.1, 1.2)
    assert not history.valid(50, 60).any()
    assert history.valid(0, 46).all()
    for _ in history.append(np.zeros(8000, np.int16), np.zeros(8000, np.bool_), 800):
        pass
    assert not history.valid(110, 119).any()
    assert history.valid(122, 190).all()
