"""Vosk's answers as its documentation shows them, and what is said where the package or a model is missing. `test_real_engines.py` runs the
package itself."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.recognisers import open_engine
from ivrtest.audio.recognisers.vosk import Vosk, words_of
from ivrtest.audio.transcript import HeardWord, SpeechToTextError

ANSWER = """{
  "result" : [{
      "conf" : 1.000000,
      "end" : 1.110000,
      "start" : 0.870000,
      "word" : "what"
    }, {
      "conf" : 0.508453,
      "end" : 1.530000,
      "start" : 1.110000,
      "word" : "zero"
    }],
  "text" : "what zero"
}"""
WITHOUT_CONFIDENCE = '{"result": [{"word": "hi", "start": 0.1, "end": 0.4}], "text": "hi"}'
MISSING = not find_spec("vosk")


def test_words_have_times_and_confidence() -> None:
    assert list(words_of(ANSWER)) == [HeardWord("what", 0.87, 1.11, 1.0), HeardWord("zero", 1.11, 1.53, 0.508453)]
    assert list(words_of(WITHOUT_CONFIDENCE)) == [HeardWord("hi", 0.1, 0.4, 1.0)]


def test_nothing_heard_has_a_text_and_no_result() -> None:
    assert list(words_of('{\n  "text" : ""\n}')) == []


@pytest.mark.parametrize("answer", ["", "[]", '{"result": 3}', '{"result": [{"word": "hi"}]}'])
def test_an_answer_of_another_shape_is_an_error(answer: str) -> None:
    with pytest.raises(SpeechToTextError, match=r"^Vosk answered something that is no result: "):
        list(words_of(answer))


class Recogniser:
    """Answers as `vosk.KaldiRecognizer` does: whoever pauses has said a sentence."""

    def __init__(self, model: str, rate: float) -> None:
        self.fed = 0
        assert (model, rate) == ("the model", 16_000.0)

    def SetWords(self, words: bool) -> None:  # noqa: N802
        assert words

    def AcceptWaveform(self, sound: bytes) -> int:  # noqa: N802
        self.fed += len(sound)
        return int(self.fed == 32_000)

    def Result(self) -> str:  # noqa: N802
        return ANSWER

    def FinalResult(self) -> str:  # noqa: N802
        return WITHOUT_CONFIDENCE if self.fed == 40_096 else ""


def test_sentences_are_put_together() -> None:
    heard = Vosk(Recogniser, {"en": "the model"}).transcribe(np.zeros(10_000, np.int16), "en-GB")
    assert heard.text == "what zero hi"


def test_a_folder_that_is_not_there_is_told_before_the_package() -> None:
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("vosk", {"en": Path("nowhere")})
    assert str(raised.value) == (
        'the speech model for "en" should be the folder "nowhere", which does not exist. '
        'give a folder as Vosk hands them out, such as "vosk-model-small-en-us-0.15"'
    )


class Refusing(Recogniser):
    """Vosk raises nothing more precise than this."""

    def AcceptWaveform(self, sound: bytes) -> int:  # noqa: N802
        raise Exception("Failed to process waveform")


def test_an_engine_that_gives_up_says_so() -> None:
    with pytest.raises(SpeechToTextError) as raised:
        Vosk(Refusing, {"en": "the model"}).transcribe(np.zeros(8000, np.int16), "en")
    assert (str(raised.value), raised.value.language) == ('the speech model for "en" gave up: Failed to process waveform', "en")


def test_a_folder_without_acoustics_is_told_before_the_package(tmp_path: Path) -> None:
    (tmp_path / "vosk-model-small-en-us-0.15").mkdir()
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("vosk", {"en": tmp_path})
    assert str(raised.value) == (
        f'folder "{tmp_path}" holds no speech model for "en": it lacks "am/final.mdl". '
        'give a folder as Vosk hands them out, such as "vosk-model-small-en-us-0.15"'
    )


@pytest.mark.skipif(not MISSING, reason="vosk is installed")
@pytest.mark.parametrize("place", ["am/final.mdl", "final.mdl"])
def test_a_missing_package_names_the_extra(place: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).touch()
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("vosk", {"en": tmp_path})
    assert str(raised.value) == 'speech recogniser "vosk" is not installed. install it with: pip install "ivrtest[vosk]"'
