"""Speech and music are told apart by how they move."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.talk import TalkDetector
from ivrtest.audio.tones import silence
from ivrtest.audio.tune import tune
from tests.bench.hearing.pieces import STYLES, piece

WORDS = "Nobody has ever recorded these words for this line."
VOICES = ("en", "en-us+f3", "de+m3", "es")


def listened(samples: Samples, lost: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None, *, at_once: int = 160) -> TalkDetector:
    detector = TalkDetector()
    gone = np.zeros(len(samples), np.bool_) if lost is None else lost
    for start in range(0, len(samples), at_once):
        detector.feed(samples[start : start + at_once], gone[start : start + at_once])
    return detector


@pytest.mark.parametrize("voice", VOICES)
def test_words_between_music_are_found_where_they_are(voice: str) -> None:
    said = synthesise(WORDS, voice)
    speech_s = listened(np.concatenate([piece("band", 4, 5), said, piece("band", 3, 6)])).speech_s
    assert speech_s is not None
    assert speech_s[0] == pytest.approx(4, abs=0.35)
    assert speech_s[1] == pytest.approx(4 + len(said) / 8000, abs=0.35)


@pytest.mark.parametrize("style", STYLES)
def test_music_is_no_speech(style: str) -> None:
    for seed in range(3):
        assert listened(piece(style, 10, 300 + seed)).speech_s is None


def test_rests_in_music_are_no_speech() -> None:
    played = piece("chords", 3, 9)
    assert listened(np.concatenate([silence(1), played, silence(0.4), played, silence(0.2), tune(), silence(2), played])).speech_s is None


def test_words_are_found_beside_lost_packets() -> None:
    call = np.concatenate([piece("band", 4, 5), synthesise(WORDS, "en")])
    lost = np.repeat(np.random.default_rng(3).random(-(-len(call) // 160)) < 0.1, 160)[: len(call)]
    call[lost] = 0
    speech_s = listened(call, lost).speech_s
    assert speech_s is not None
    assert speech_s[0] == pytest.approx(4, abs=0.4)


def test_nothing_is_known_of_what_did_not_arrive() -> None:
    said = synthesise(WORDS, "en")
    assert listened(np.zeros_like(said), np.ones(len(said), np.bool_)).speech_s is None


@pytest.mark.parametrize("at_once", [1, 77, 640, 100000])
def test_it_does_not_matter_how_much_comes_at_once(at_once: int) -> None:
    call = np.concatenate([piece("melody with vibrato", 2, 5), synthesise(WORDS, "en")])
    assert listened(call, at_once=at_once).speech_s == listened(call).speech_s
