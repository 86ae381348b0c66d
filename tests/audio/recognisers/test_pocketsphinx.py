"""With the real package, and models that are there: its own, and one that is written here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.recognisers import open_engine
from ivrtest.audio.recognisers.pocketsphinx import PocketSphinx
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.transcript import SpeechToTextError
from ivrtest.audio.word_alignment import align
from tests.audio.recognisers.small_model import write_model

pytest.importorskip("pocketsphinx", reason='pip install "ivrtest[pocketsphinx]"')

SENTENCES = (
    "your order of two hundred dollars goes to austin",
    "your order of three hundred dollars goes to boston",
    "we are closed please call again tomorrow",
    "the message could not be sent",
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "small", SENTENCES)


def test_a_model_of_few_words_hears_them_at_their_places(small: Path) -> None:
    engine = open_engine("pocketsphinx", {"en": small})
    speech = synthesise(SENTENCES[0], "en")
    heard = engine.transcribe(speech, "en")
    assert heard.text == SENTENCES[0]
    edges = [edge for word in heard.words for edge in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert 0 <= edges[0] < 0.3
    assert len(speech) / 8000 - 0.4 < edges[-1] <= len(speech) / 8000
    assert heard.later(5.0).words[0].start_s == 5.0 + heard.words[0].start_s


def test_the_same_sound_is_heard_alike_whatever_was_heard_before(small: Path) -> None:
    engine = open_engine("pocketsphinx", {"en": small})
    first = engine.transcribe(synthesise(SENTENCES[1], "en"), "en")
    engine.transcribe(synthesise(SENTENCES[2], "en"), "en")
    assert engine.transcribe(synthesise(SENTENCES[1], "en"), "en") == first


def test_only_the_words_of_a_model_are_taken_from_the_dictionary(small: Path, tmp_path: Path) -> None:
    few = open_engine("pocketsphinx", {"en": small})
    assert isinstance(few, PocketSphinx)
    assert few.decoders["en"].lookup_word("austin") is not None
    # There are two ways to say it.
    assert few.decoders["en"].lookup_word("your(2)") is not None
    assert few.decoders["en"].lookup_word("zebra") is None
    # A dictionary in the folder is used as it is.
    (tmp_path / "language.lm").write_bytes((small / "language.lm").read_bytes())
    (tmp_path / "pronunciation.dict").write_text("austin AO S T AH N\nzebra Z IY B R AH\n", encoding="utf-8")
    own = open_engine("pocketsphinx", {"en": tmp_path})
    assert isinstance(own, PocketSphinx)
    assert own.decoders["en"].lookup_word("zebra") is not None
    assert own.decoders["en"].lookup_word("dollars") is None


def test_the_model_of_the_package_is_mostly_wrong() -> None:
    engine = open_engine("pocketsphinx", {"en": Path("default")})
    heard = engine.transcribe(synthesise(SENTENCES[0], "en"), "en-GB")
    assert 0 < align(SENTENCES[0].split(), heard.text.split()).errors < 9


@pytest.mark.parametrize("samples", [0, 1, 100, 8000])
def test_silence_is_no_trouble(samples: int, small: Path) -> None:
    heard = open_engine("pocketsphinx", {"en": small}).transcribe(np.zeros(samples, np.int16), "en")
    assert all(0 <= word.start_s <= word.end_s <= samples / 8000 for word in heard.words)


@pytest.mark.parametrize(
    ("language", "path", "message"),
    [
        ("es", "default", 'the model "default" of pocketsphinx is English, and not "es". '),
        ("en", "nowhere", 'the speech model for "en" should be the folder "nowhere", which does not exist. '),
        ("en", "empty", 'folder "empty" holds no speech model for "en": it lacks "language.lm". '),
        ("en", "broken", '"broken" holds no speech model for "en": Failed to initialize PocketSphinx. '),
        ("es", "broken", 'folder "broken" holds no speech model for "es": it lacks "acoustics". '),
    ],
)
def test_a_model_that_cannot_be_used_is_told(
    language: str, path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "language.lm").write_text("no language model", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    right = (
        'give "default" for the English that comes with the package, or a folder with "language.lm", "pronunciation.dict" '
        'and, but for English, "acoustics"'
    )
    with pytest.raises(SpeechToTextError) as raised:
        open_engine("pocketsphinx", {language: Path(path)})
    assert (str(raised.value), raised.value.language) == (message + right, language)


def test_a_language_without_a_model_is_told(small: Path) -> None:
    engine = open_engine("pocketsphinx", {"en": small})
    with pytest.raises(SpeechToTextError) as raised:
        engine.transcribe(np.zeros(8000, np.int16), "fr")
    assert (str(raised.value), raised.value.language) == ('there is no speech model for "fr". there are models for "en"', "fr")
