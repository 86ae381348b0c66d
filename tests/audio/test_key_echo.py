"""The echo of our own keys is found where it matters, and next to never in speech."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.key_echo import KeyEcho
from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.audio.tones import dtmf
from tests.run.shop import library

KEYS = "0123456789*#"
AT_S, KEY_S = 1.0, 0.1


def found(sound: Samples, key: str = "5") -> list[tuple[float, float]]:
    """Return when an echo of a key pressed at `AT_S` is found in a call with this sound."""
    echo, stretches = KeyEcho(key, AT_S, KEY_S), list[tuple[float, float]]()
    # In blocks, as a call brings them.
    for end in range(round(AT_S * SAMPLE_RATE), len(sound), 160):
        stretches += echo.look(sound[round(echo.since_s * SAMPLE_RATE) : end])
    assert echo.over
    return stretches


def call(after_s: float, sound_db: float, key: str = "5", speech: Samples | None = None) -> Samples:
    """Return three seconds of a call in which a key pressed at `AT_S` comes back so much later and so loud beside speech."""
    sound = np.zeros(3 * SAMPLE_RATE)
    if speech is not None:
        sound[: len(speech)] = speech[: len(sound)]
    tone = dtmf(key, key_s=KEY_S, gap_s=0).astype(np.float64)
    tone *= 3000 * 10 ** (sound_db / 20) / np.sqrt(np.mean(tone**2))
    begin = round((AT_S + after_s) * SAMPLE_RATE)
    sound[begin : begin + len(tone)] += tone
    return np.clip(sound, -32768, 32767).astype(np.int16)


def menu() -> Samples:
    recording = library().get("main_menu", "en")
    assert recording is not None
    level = np.sqrt(np.mean(np.square(recording.samples[np.abs(recording.samples) > 300].astype(np.float64))))
    return np.asarray(recording.samples * (3000 / level), np.int16)


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.2, 0.55])
@pytest.mark.parametrize("key", KEYS)
def test_an_echo_in_silence_is_found_and_placed(key: str, after_s: float) -> None:
    begin_s = AT_S + after_s
    stretches = found(call(after_s, -20.0, key), key)
    assert min(first_s for first_s, _ in stretches) == pytest.approx(begin_s, abs=0.07)
    assert max(last_s for _, last_s in stretches) == pytest.approx(begin_s + KEY_S, abs=0.07)


@pytest.mark.parametrize("key", KEYS)
def test_an_echo_under_speech_is_found_right_beside_the_key(key: str) -> None:
    stretches = found(call(0.02, -6.0, key, menu()), key)
    assert any(first_s < AT_S + 0.07 < last_s for first_s, last_s in stretches)


@pytest.mark.parametrize("key", KEYS)
def test_a_late_echo_under_speech_is_found_if_it_is_as_loud(key: str) -> None:
    stretches = found(call(0.4, 3.0, key, menu()), key)
    assert any(first_s < AT_S + 0.45 < last_s for first_s, last_s in stretches)


def test_there_is_no_echo_in_silence_nor_of_another_key() -> None:
    assert found(np.zeros(3 * SAMPLE_RATE, np.int16)) == []
    assert found(call(0.05, 0.0, "1"), "5") == []


def test_what_is_too_soft_to_cover_anything_is_none() -> None:
    assert found(call(0.05, -35.0)) == []


def test_speech_is_next_to_never_taken_for_an_echo() -> None:
    recording = menu()
    taken = sum(bool(found(recording[start : start + 3 * SAMPLE_RATE], key)) for key in KEYS for start in range(0, 16000, 5333))
    assert taken <= 0.15 * len(KEYS) * 4
