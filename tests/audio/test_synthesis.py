"""Prompts from text."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import level_db
from ivrtest.audio.recording_file import read_audio, read_comment, write_wav
from ivrtest.audio.synthesis import (
    DIGIT_WORDS,
    SynthesisError,
    Wanted,
    digit_words,
    espeak_version,
    is_stale,
    is_synthetic,
    provenance,
    render_missing,
    synthesise,
)

WORDS = "For balances, press one."


def test_the_same_words_give_the_same_samples_whatever_was_said_before() -> None:
    first = synthesise(WORDS, "en")
    synthesise("Para saldos, oprima uno.", "es")
    np.testing.assert_array_equal(synthesise(WORDS, "en"), first)


def test_the_same_words_give_the_same_samples_in_another_process() -> None:
    code = (
        "import hashlib; from ivrtest.audio.synthesis import synthesise; synthesise('zuerst etwas anderes', 'de');"
        f"print(hashlib.sha256(synthesise({WORDS!r}, 'en').tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(synthesise(WORDS, "en").tobytes()).hexdigest()


def test_level_band_and_edges() -> None:
    samples = synthesise(WORDS, "en")
    assert samples.dtype == np.int16
    assert not samples[:400].any()
    assert not samples[-400:].any()
    assert samples[400:420].any()
    assert level_db(samples[400:-400]) == pytest.approx(-20, abs=0.3)
    power = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / 8000)
    assert power[hertz < 80].sum() < 1e-3 * power.sum()
    assert power[hertz > 3900].sum() < 1e-3 * power.sum()


@pytest.mark.parametrize("language", sorted(DIGIT_WORDS))
def test_all_digits_are_spoken_and_differ(language: str) -> None:
    spoken = {synthesise(digit_words(str(digit), language), language).tobytes() for digit in range(10)}
    assert len(spoken) == 10


def test_a_regional_language_has_its_language_s_digits() -> None:
    assert digit_words("7", "es-419") == "siete"
    assert len(synthesise("siete", "es-419")) > 2000


def test_unknown_languages_name_near_ones() -> None:
    with pytest.raises(SynthesisError, match=r'^no espeak-ng voice speaks language "en-uss"\. did you mean "en-us"') as raised:
        synthesise("hello", "en-uss")
    assert str(raised.value).endswith("?")
    with pytest.raises(SynthesisError, match=r'^no digit words for language "xx"\. there are: en, es, fr, de, it, pt, nl$'):
        digit_words("1", "xx")


@pytest.mark.parametrize("words", ["", "   ", "..."])
def test_words_without_sound(words: str) -> None:
    with pytest.raises(SynthesisError, match=f'^the words "{words}" make no sound in language "en"$'.replace(".", r"\.")):
        synthesise(words, "en")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(SynthesisError) as raised:
        synthesise(WORDS, "en")
    assert str(raised.value) == 'speaking text needs the extra "speech": pip install "ivrtest[speech]"'


def test_what_is_missing_is_rendered_and_marked(tmp_path: Path) -> None:
    plan = [Wanted(tmp_path / "en" / "menu.wav", WORDS, "en"), Wanted(tmp_path / "es" / "digits" / "7.wav", "siete", "es")]
    assert render_missing(plan) == (plan[0].path, plan[1].path)
    np.testing.assert_array_equal(read_audio(plan[0].path), synthesise(WORDS, "en"))
    digest = hashlib.sha256(WORDS.encode()).hexdigest()
    assert read_comment(plan[0].path) == f"synthetic: espeak-ng {espeak_version()}, voice en-us, words sha256 {digest}"
    assert read_comment(plan[0].path) == provenance(WORDS, "en")
    assert is_synthetic(plan[0].path)
    assert render_missing(plan) == ()


def test_stale_renderings_are_renewed_and_people_s_recordings_left_alone(tmp_path: Path) -> None:
    rendered, spoken = tmp_path / "rendered.wav", tmp_path / "spoken.wav"
    render_missing([Wanted(rendered, "old words", "en")])
    write_wav(spoken, synthesise("old words", "en"))
    assert is_stale(rendered, "new words")
    assert not is_stale(rendered, "old words")
    assert not is_stale(spoken, "new words")
    assert not is_synthetic(spoken)
    assert render_missing([Wanted(rendered, "new words", "en"), Wanted(spoken, "new words", "en")]) == (rendered,)
    assert not is_stale(rendered, "new words")


def test_threads_take_turns() -> None:
    words = ["One moment.", "Thank you for calling.", "Please hold.", "Goodbye."] * 3
    alone = {word: synthesise(word, "en") for word in set(words)}
    with ThreadPoolExecutor(4) as pool:
        for word, spoken in zip(words, pool.map(lambda word: synthesise(word, "en"), words), strict=True):
            np.testing.assert_array_equal(spoken, alone[word])
