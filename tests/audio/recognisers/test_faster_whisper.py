"""What is asked of faster-whisper, what is made of its answers, and what is said where the package or a model is missing.
`test_real_engines.py` runs the package itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.recognisers import open_engine
from ivrtest.audio.recognisers.faster_whisper import NEEDED, FasterWhisper
from ivrtest.audio.transcript import HeardWord, SpeechToTextError

MISSING = not find_spec("faster_whisper")


@dataclass
class Word:
    """As `faster_whisper.transcribe.Word`."""

    start: float
    end: float
    word: str
    probability: float


@dataclass
class Segment:
    """As `faster_whisper.transcribe.Segment`, as far as it is read."""

    words: list[Word] | None


class Model:
    """Answers as `faster_whisper.WhisperModel` does: segments come one by one, when asked for."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem

    def transcribe(self, sound: Any, **options: Any) -> tuple[Iterator[Segment], None]:
        assert (sound.dtype, len(sound), float(abs(sound).max()) <= 1) == (np.float32, 16_048, True)
        assert options == {"language": "en", "temperature": 0.0, "condition_on_previous_text": False, "word_timestamps": True}
        return self.segments(), None

    def segments(self) -> Iterator[Segment]:
        yield Segment([Word(0.0, 0.4, " Your", 0.9), Word(0.4, 0.8, " $200.00,", 0.5)])
        yield Segment(None)
        if self.problem:
            raise self.problem


def test_words_come_without_the_space_before_them() -> None:
    heard = FasterWhisper({"en": Model()}).transcribe(np.full(8000, -32768, np.int16), "en-US")
    assert heard.words == (HeardWord("Your", 0.0, 0.4, 0.9), HeardWord("$200.00,", 0.4, 0.8, 0.5))


def test_an_engine_that_gives_up_says_so() -> None:
    with pytest.raises(SpeechToTextError) as raised:
        FasterWhisper({"en": Model(RuntimeError("out of memory"))}).transcribe(np.zeros(8000, np.int16), "en")
    assert str(raised.value) == 'the speech model for "en" gave up: out of memory'


def test_a_folder_without_a_tokenizer_would_have_it_fetched(tmp_path: Path) -> None:
    for name in NEEDED[:2]:
        (tmp_path / name).touch()
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("faster-whisper", {"de": tmp_path})
    assert (str(raised.value), raised.value.language) == (
        (
            f'folder "{tmp_path}" holds no speech model for "de": it lacks "tokenizer.json". '
            'give a folder with a Whisper model for CTranslate2, such as "faster-whisper-small"'
        ),
        "de",
    )


def whole(folder: Path) -> Path:
    for name in NEEDED:
        (folder / name).write_text("{}", encoding="ascii")
    return folder


@pytest.mark.skipif(not MISSING, reason="faster-whisper is installed")
def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("faster-whisper", {"de": whole(tmp_path)})
    assert (
        str(raised.value) == 'speech recogniser "faster-whisper" is not installed. install it with: pip install "ivrtest[faster-whisper]"'
    )
