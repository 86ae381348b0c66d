"""PocketSphinx (https://github.com/cmusphinx/pocketsphinx): small, quick, and mostly wrong on the telephone.

Its package holds a model of general English. The model "default" is that one; a folder can hold another language model and a dictionary,
such as one of what an IVR may say, and acoustics for another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from ivrtest.audio.recognisers.package import check_folder, model_for, package, wideband
from ivrtest.audio.spectrum import Samples
from ivrtest.audio.transcript import HeardWord, SpeechToText, SpeechToTextError, Transcript

DEFAULT: Final = Path("default")
"""Stands for the model of general English that comes with the package."""
LANGUAGE_MODELS: Final = ("language.lm", "language.lm.bin")
DICTIONARY: Final = "pronunciation.dict"
ACOUSTICS: Final = "acoustics"
A_FOLDER: Final = (
    f'"{DEFAULT}" for the English that comes with the package, or a folder with "{LANGUAGE_MODELS[0]}", "{DICTIONARY}" '
    f'and, but for English, "{ACOUSTICS}"'
)
RATE: Final = 16_000
_FRAMES_PER_SECOND: Final = 100
_AROUND: Final = RATE * 3 // 10
"""Samples before and after: it takes the beginning of its sound for noise."""
_HISS_DB: Final = -30.0
"""Noise that is laid under speech, against its level. Its acoustics know no sound without anything above 4 kHz, as that of a telephone is.
With 86 words of rendered speech, this took word errors from 43 to 1 % with a language model of few words, and from 79 to 63 % with that of
the package."""
_VARIANT: Final = re.compile(r"\([0-9]+\)$")
"""The second way to pronounce a word is written `a(2)`."""


def open_models(models: Mapping[str, Path]) -> SpeechToText:
    """Load models. Raises SpeechToTextError."""
    options = {language: _options(path, language) for language, path in models.items()}
    sphinx = package("pocketsphinx", "pocketsphinx")
    return PocketSphinx({language: _decoder(sphinx, options[language], models[language], language) for language in models})


def _options(path: Path, language: str) -> dict[str, str]:
    if path == DEFAULT:
        if language.split("-")[0] != "en":
            raise SpeechToTextError(f'the model "{DEFAULT}" of pocketsphinx is English, and not "{language}". give {A_FOLDER}', language)
        return {}
    check_folder(path, language, (), A_FOLDER)
    words = next((name for name in LANGUAGE_MODELS if (path / name).exists()), LANGUAGE_MODELS[0])
    acoustics = () if language.split("-")[0] == "en" else (ACOUSTICS,)
    check_folder(path, language, (words, *acoustics), A_FOLDER)
    options = {"lm": words, "dict": DICTIONARY, "hmm": ACOUSTICS}
    return {option: str(path / name) for option, name in options.items() if (path / name).exists()}


def _decoder(sphinx: Any, options: Mapping[str, str], path: Path, language: str) -> Any:
    try:
        with TemporaryDirectory(prefix="ivrtest-") as folder:
            if "lm" in options and "dict" not in options:
                needed = _needed_words(Path(options["lm"]), Path(sphinx.get_model_path("en-us/cmudict-en-us.dict")))
                if needed:
                    words = Path(folder) / DICTIONARY
                    words.write_text(needed, encoding="utf-8")
                    options = {**options, "dict": str(words)}
            return sphinx.Decoder(samprate=RATE, loglevel="FATAL", **options)
    except RuntimeError as error:
        raise SpeechToTextError(f'"{path}" holds no speech model for "{language}": {error}. give {A_FOLDER}', language) from error


def _needed_words(model: Path, dictionary: Path) -> str:
    """Return the part of the package's dictionary that a language model has words of; empty where nobody can tell.

    It would take the whole dictionary, too, but 13 s to lay its 130,000 words beside a small model's.
    """
    try:
        unigrams = model.read_text(encoding="utf-8").partition("\\1-grams:")[2].partition("\n\\")[0]
        entries = dictionary.read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        # Not a text: a binary model.
        return ""
    words = {line.split()[1] for line in unigrams.splitlines() if len(line.split()) > 1}
    return "".join(entry for entry in entries if _VARIANT.sub("", entry.split(maxsplit=1)[0]) in words)


@dataclass(frozen=True, slots=True)
class PocketSphinx:
    """A `SpeechToText`."""

    decoders: Mapping[str, Any]

    def transcribe(self, samples: Samples, language: str) -> Transcript:
        """See `SpeechToText`."""
        decoder = self.decoders[model_for(self.decoders, language)]
        decoder.start_utt()
        decoder.process_raw(_with_hiss(wideband(samples, RATE)).tobytes(), full_utt=True)
        decoder.end_utt()
        # It estimates the channel as it goes along: each stretch must begin alike, whatever was heard before.
        decoder.reinit_feat()
        return Transcript(tuple(_words(decoder, len(samples))))


def _with_hiss(samples: Samples) -> Samples:
    """Return speech with quiet around it and noise under all of it, always the same for the same speech."""
    sound = np.concatenate([np.zeros(_AROUND), samples.astype(np.float64), np.zeros(_AROUND)])
    level = max(1.0, float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) * 10 ** (_HISS_DB / 20)) if len(samples) else 1.0
    noisy: Samples = np.clip(sound + np.random.default_rng(0).normal(0, level, len(sound)), -32768, 32767).astype(np.int16)
    return noisy


def _words(decoder: Any, samples: int) -> Iterator[HeardWord]:
    before_s, end_s = _AROUND / RATE, samples / 8000
    for segment in decoder.seg() or ():
        if segment.word.startswith(("<", "[", "+")):
            continue
        start, end = (min(end_s, max(0.0, frame / _FRAMES_PER_SECOND - before_s)) for frame in (segment.start_frame, segment.end_frame + 1))
        yield HeardWord(_VARIANT.sub("", segment.word), start, end, min(1.0, max(0.0, float(segment.prob))))
