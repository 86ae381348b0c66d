"""Recognisers that others bring."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.recognisers import engine_names, open_engine
from ivrtest.audio.transcript import HeardWord, SpeechToTextError
from tests.audio.recognisers.plugin import install_plugin


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(install_plugin(tmp_path))
    return tmp_path


def test_a_plug_in_is_found_by_its_entry_point(plugin: Path) -> None:
    assert engine_names() == ("vosk", "faster-whisper", "pocketsphinx", "lost", "parrot", "text")
    (plugin / "words").write_text("hello there", encoding="utf-8")
    heard = open_engine("parrot", {"en": plugin / "words"}).transcribe(np.zeros(8000, np.int16), "en")
    assert heard.words == (HeardWord("hello", 0.0, 0.5, 0.9), HeardWord("there", 0.5, 1.0, 0.9))


def test_what_a_plug_in_says_of_its_model_is_told(plugin: Path) -> None:
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("parrot", {"en": Path("nowhere")})
    assert (str(raised.value), raised.value.language) == ('there is no file "nowhere" with the words for "en"', "en")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("give up", "the parrot is asleep"),
        ("fall over", 'speech recogniser "parrot" gave up: RuntimeError: no perch'),
        ("text only", 'speech recogniser "parrot" answered "hello there", which is no Transcript'),
    ],
)
def test_a_plug_in_that_gives_up_is_named(words: str, message: str, plugin: Path) -> None:
    (plugin / "words").write_text(words, encoding="utf-8")
    engine = open_engine("parrot", {"en": plugin / "words"})
    with pytest.raises(SpeechToTextError) as raised:
        engine.transcribe(np.zeros(8000, np.int16), "en")
    assert str(raised.value) == message


def test_a_plug_in_that_falls_over_its_model_is_named(plugin: Path) -> None:
    (plugin / "words").write_bytes(b"\xff")
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("parrot", {"en": plugin / "words"})
    assert str(raised.value) == (
        'speech recogniser "parrot" could not load its models: '
        "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    )


def test_a_plug_in_that_opens_nothing_is_named(plugin: Path) -> None:
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("parrot", {})
    assert str(raised.value) == 'speech recogniser "parrot" opened "None", which has no method "transcribe"'


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "lost",
            "speech recogniser \"lost\" (ivrtest_parrot:nothing) cannot be loaded: module 'ivrtest_parrot' has no attribute 'nothing'",
        ),
        ("text", 'speech recogniser "text" (ivrtest_parrot:__doc__) is no function that takes the models by language'),
        ("parot", 'there is no speech recogniser "parot". did you mean "parrot"?'),
        (
            "xyz",
            (
                'there is no speech recogniser "xyz". there are "vosk", "faster-whisper", "pocketsphinx", "lost", "parrot", "text", '
                'and entry points of the group "ivrtest.speech_to_text"'
            ),
        ),
    ],
)
def test_one_that_cannot_be_had_is_told(name: str, message: str, plugin: Path) -> None:
    with pytest.raises(SpeechToTextError) as raised:
        open_engine(name, {})
    assert str(raised.value) == message


def test_errors_come_through_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(SpeechToTextError("no model", "en")))
    assert (str(error), error.message, error.language) == ("no model", "no model", "en")
