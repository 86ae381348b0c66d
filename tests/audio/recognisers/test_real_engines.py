"""The packages of Vosk and faster-whisper themselves, where they are installed: with models that are written here and know next to nothing,
and with real ones, where the environment names them.

`IVRTEST_VOSK_MODEL` and `IVRTEST_WHISPER_MODEL` are folders of English models.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples
from ivrtest.audio.recognisers import open_engine
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.transcript import HeardWord, SpeechToTextError
from ivrtest.run.wording import measured_errors
from tests.audio.recognisers.vosk_model import write_vosk_model
from tests.audio.recognisers.whisper_model import write_whisper_model

vosk = pytest.mark.skipif(not find_spec("vosk"), reason='vosk is not installed: pip install "ivrtest[vosk]"')
whisper = pytest.mark.skipif(
    not find_spec("faster_whisper"), reason='faster-whisper is not installed: pip install "ivrtest[faster-whisper]"'
)
A_WHISPER = 'give a folder with a Whisper model for CTranslate2, such as "faster-whisper-small"'
SENTENCES = (
    "for opening hours press one to speak to an agent press zero",
    "all of our agents are busy please hold the line",
    "your order comes on tuesday please be at home",
    "we are closed on sunday please call again tomorrow",
)


def tones(*hertz: float) -> Samples:
    """Return half a second of each; 0 is silence."""
    at_s = np.arange(4000) / 8000
    return np.concatenate([8000 * np.sin(2 * np.pi * each * at_s) for each in hertz]).astype(np.int16)


def close(word: HeardWord, text: str, start_s: float, end_s: float) -> bool:
    return word.text == text and abs(word.start_s - start_s) < 0.1 and abs(word.end_s - end_s) < 0.1


@vosk
@pytest.mark.parametrize("rate", [16_000, 8_000])
def test_vosk_hears_words_at_their_places_whatever_rate_its_model_has(rate: int, tmp_path: Path) -> None:
    engine = open_engine("vosk", {"en": write_vosk_model(tmp_path / "model", rate)})
    first = engine.transcribe(tones(0, 300, 0, 3000, 0, 0), "en-GB")
    assert first.text == "low high"
    assert close(first.words[0], "low", 0.5, 1.0)
    assert close(first.words[1], "high", 1.5, 2.0)
    assert engine.transcribe(tones(0, 3000, 0), "en").text == "high"
    assert engine.transcribe(tones(0, 300, 0, 3000, 0, 0), "en") == first


@vosk
@pytest.mark.parametrize("samples", [0, 1, 100, 8000])
def test_vosk_hears_nothing_in_silence(samples: int, tmp_path: Path) -> None:
    assert open_engine("vosk", {"en": write_vosk_model(tmp_path / "model")}).transcribe(np.zeros(samples, np.int16), "en").words == ()


@vosk
@pytest.mark.parametrize(
    "spoilt", ["am/final.mdl", "conf/mfcc.conf", "graph/HCLG.fst", "graph/words.txt", "graph/phones/word_boundary.int"]
)
def test_a_spoilt_model_of_vosk_is_told(spoilt: str, tmp_path: Path) -> None:
    path = write_vosk_model(tmp_path / "model") / spoilt
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("vosk", {"en": tmp_path / "model"})
    assert (str(raised.value), raised.value.language) == (
        (
            f'folder "{tmp_path / "model"}" holds no speech model for "en": Failed to create a model. '
            'give a folder as Vosk hands them out, such as "vosk-model-small-en-us-0.15"'
        ),
        "en",
    )


@whisper
def test_faster_whisper_hears_words_at_their_places(tmp_path: Path) -> None:
    engine = open_engine("faster-whisper", {"en": write_whisper_model(tmp_path), "de": tmp_path})
    heard = engine.transcribe(tones(300, 300), "de-AT")
    assert heard.text == "hello there"
    assert close(heard.words[0], "hello", 0, 0.5)
    assert close(heard.words[1], "there", 0.5, 1.0)
    assert {type(value) for word in heard.words for value in (word.start_s, word.end_s, word.confidence)} == {float}
    assert engine.transcribe(np.zeros(0, np.int16), "en").words == ()


@whisper
@pytest.mark.parametrize(
    ("english_only", "language", "problem"),
    [(True, "de", "it is of English only"), (True, "pt-BR", "it is of English only"), (False, "tlh", "it knows 100 others")],
)
def test_a_language_that_a_whisper_model_does_not_know_is_told(english_only: bool, language: str, problem: str, tmp_path: Path) -> None:
    write_whisper_model(tmp_path, english_only=english_only)
    assert open_engine("faster-whisper", {"en-GB": tmp_path}).transcribe(np.zeros(0, np.int16), "en-GB").words == ()
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("faster-whisper", {"en": tmp_path, language: tmp_path})
    assert (str(raised.value), raised.value.language) == (
        f'the speech model in "{tmp_path}" does not know "{language}": {problem}. {A_WHISPER}',
        language,
    )


@whisper
@pytest.mark.parametrize("spoilt", ["model.bin", "tokenizer.json"])
def test_a_spoilt_model_of_whisper_is_told(spoilt: str, tmp_path: Path) -> None:
    path = write_whisper_model(tmp_path) / spoilt
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("faster-whisper", {"en": tmp_path})
    assert str(raised.value).startswith(f'folder "{tmp_path}" holds no speech model for "en": ')
    assert str(raised.value).endswith(f". {A_WHISPER}")


@pytest.mark.parametrize(("name", "variable"), [("vosk", "IVRTEST_VOSK_MODEL"), ("faster-whisper", "IVRTEST_WHISPER_MODEL")])
def test_a_real_model_hears_most_words(name: str, variable: str) -> None:
    model = os.environ.get(variable, "")
    if not model:
        pytest.skip(f"no real model: {variable} names no folder of one of English")
    engine = open_engine(name, {"en": Path(model)})
    counted = []
    for sentence in SENTENCES:
        heard = engine.transcribe(synthesise(sentence, "en"), "en")
        edges = [edge for word in heard.words for edge in (word.start_s, word.end_s)]
        assert edges == sorted(edges)
        counted.append((*measured_errors(sentence, heard, "en"), heard.text))
    errors, words = sum(each[0] for each in counted), sum(each[1] for each in counted)
    assert errors <= words / 3, counted
