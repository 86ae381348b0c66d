"""Where two recordings differ: words put in, left out and changed are placed; gain, codecs and band limits are no difference."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.comparison import Kind, compare_recordings
from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.pcm import Samples, gain, resample
from ivrtest.audio.recording_file import read_audio, write_wav
from ivrtest.audio.spoken_words import words_between
from ivrtest.audio.synthesis import synthesise

MENU = "For sales, press 1. For support, press 2. To hear this again, press 9."
A = synthesise(MENU, "en")


def silence(seconds: float) -> Samples:
    return np.zeros(round(8000 * seconds), np.int16)


def telephone_band(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / 8000)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    return np.rint(np.fft.irfft(spectrum, len(samples))).astype(np.int16)


@pytest.mark.parametrize(
    "other",
    [
        A,
        gain(A, -12),
        ulaw_decode(ulaw_encode(gain(A, -6))),
        np.concatenate([silence(0.4), A, silence(1)]),
        (A + np.random.default_rng(1).normal(0, 60, len(A))).astype(np.int16),
        telephone_band(A),
        resample(A, 8040),
        resample(A, 8100),
    ],
    ids=["itself", "softer", "mu-law", "later", "noise", "band", "faster", "faster still"],
)
def test_the_same_words_in_the_same_voice(other: Samples) -> None:
    comparison = compare_recordings(A, other)
    assert comparison.differences == ()
    assert comparison.same
    assert comparison.common_s > 3.5


FEW_BITS = {
    "MP3 at 8 kbit/s": ("-c:a", "libmp3lame", "-b:a", "8k", ".mp3"),
    "AAC at 12 kbit/s": ("-c:a", "aac", "-b:a", "12k", ".m4a"),
}


def encoded(samples: Samples, codec: str, folder: Path) -> Samples:
    *options, suffix = FEW_BITS[codec]
    write_wav(folder / "plain.wav", samples)
    encoder = ("ffmpeg", "-v", "error", "-y", "-i", str(folder / "plain.wav"), *options, str(folder / f"coded{suffix}"))
    subprocess.run(encoder, check=True)
    return read_audio(folder / f"coded{suffix}")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("codec", FEW_BITS)
def test_what_a_codec_of_few_bits_damages_is_no_other_word(codec: str, tmp_path: Path) -> None:
    comparison = compare_recordings(A, encoded(A, codec, tmp_path))
    assert {difference.kind for difference in comparison.differences} <= {Kind.damaged}
    assert comparison.same is not False
    assert comparison.damaged
    assert not compare_recordings(A, ulaw_decode(ulaw_encode(A))).damaged


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("codec", FEW_BITS)
def test_another_word_is_one_under_such_a_codec_too(codec: str, tmp_path: Path) -> None:
    other = synthesise(MENU.replace("press 2", "press 3"), "en")
    comparison = compare_recordings(A, encoded(other, codec, tmp_path))
    assert comparison.same is False
    assert any(
        difference.kind is Kind.changed and "2" in words_between(MENU, A, *difference.first) for difference in comparison.differences
    )


def test_a_changed_word_is_placed() -> None:
    other = synthesise(MENU.replace("press 2", "press 3"), "en")
    (difference,) = compare_recordings(A, other).differences
    assert difference.kind is Kind.changed
    assert words_between(MENU, A, *difference.first) == "2."
    assert difference.first == pytest.approx((2.95, 3.35), abs=0.1)


def test_another_soft_sound_is_a_doubt() -> None:
    comparison = compare_recordings(synthesise("Enter your pin now, please.", "en"), synthesise("Enter your bin now, please.", "en"))
    (doubt,) = comparison.differences
    assert (doubt.kind, comparison.same) == (Kind.doubtful, None)
    assert 0.4 < doubt.first[0] < doubt.first[1] < 0.8


def test_a_sentence_left_out_and_one_put_in() -> None:
    other = synthesise(MENU.replace("For support, press 2. ", ""), "en")
    (left_out,) = compare_recordings(A, other).differences
    assert left_out.kind is Kind.first
    assert words_between(MENU, A, *left_out.first) == "For support, press 2."
    assert left_out.second[0] == left_out.second[1]
    (put_in,) = compare_recordings(other, A).differences
    assert put_in.kind is Kind.second
    assert words_between(MENU, A, *put_in.second) == "For support, press 2."


def test_an_end_that_is_cut_off() -> None:
    (difference,) = compare_recordings(A, A[: len(A) - 6000]).differences
    assert difference.kind is Kind.first
    assert difference.first == pytest.approx((len(A) / 8000 - 0.75, len(A) / 8000), abs=0.1)


def test_a_longer_pause() -> None:
    # Between the two sentences, where nothing sounds.
    place = 13000
    (difference,) = compare_recordings(A, np.concatenate([A[:place], silence(0.5), A[place:]])).differences
    assert difference.kind is Kind.pause
    lengths = [end - start for start, end in (difference.first, difference.second)]
    assert lengths[1] - lengths[0] == pytest.approx(0.5, abs=0.03)


def test_other_words_have_nothing_in_common() -> None:
    comparison = compare_recordings(A, synthesise("Thank you for calling. The office is closed.", "en"))
    assert [difference.kind for difference in comparison.differences] == [Kind.changed]
    assert comparison.common_s < 0.2


def test_levels_and_bands_are_told() -> None:
    comparison = compare_recordings(A, gain(A, -9))
    assert comparison.level_db == pytest.approx(-9, abs=0.1)
    assert comparison.bands == ()
    (low, high) = compare_recordings(A, telephone_band(A)).bands
    assert (low.low_hz, low.high_hz, high.low_hz, high.high_hz) == (0, 250, 3500, 4000)
    assert low.gain_db < -10 > high.gain_db


def test_words_are_told_by_proportion_without_pauses() -> None:
    spoken = np.concatenate([synthesise("Hello", "en"), silence(3), synthesise("goodbye", "en")])
    assert words_between("Hello, goodbye.", spoken, 0, 1) == "Hello,"
    assert words_between("Hello, goodbye.", spoken, 1, 2.5) == ""
    assert words_between("Hello, goodbye.", spoken, 3, 9) == "goodbye."
    assert words_between("Hello, goodbye.", spoken, 0, 99) == "Hello, goodbye."
    assert words_between("", spoken, 0, 1) == words_between("Hello", silence(1), 0, 1) == ""
