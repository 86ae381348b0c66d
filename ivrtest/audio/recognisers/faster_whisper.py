"""Whisper by faster-whisper (https://github.com/SYSTRAN/faster-whisper): models for CTranslate2. One may serve all languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ivrtest.audio.recognisers.package import check_folder, model_for, package, wideband
from ivrtest.audio.spectrum import Samples
from ivrtest.audio.transcript import HeardWord, SpeechToText, SpeechToTextError, Transcript

A_FOLDER: Final = 'a folder with a Whisper model for CTranslate2, such as "faster-whisper-small"'
NEEDED: Final = ("model.bin", "config.json", "tokenizer.json")
"""Without a tokenizer in the folder, the package would fetch one."""
THREADS: Final = 1


def open_models(models: Mapping[str, Path]) -> SpeechToText:
    """Load models; a folder that serves several languages is loaded once. Raises SpeechToTextError."""
    for language, path in models.items():
        check_folder(path, language, NEEDED, A_FOLDER)
    make = package("faster_whisper", "faster-whisper").WhisperModel
    loaded: dict[Path, Any] = {}
    for language, path in models.items():
        if path.resolve() not in loaded:
            loaded[path.resolve()] = _model(make, path, language)
    for language, path in models.items():
        known = loaded[path.resolve()].supported_languages
        if language.split("-")[0] not in known:
            # Without this, a model of English only would hear English in whatever is said.
            only = "is of English only" if known == ["en"] else f"knows {len(known)} others"
            raise SpeechToTextError(f'the speech model in "{path}" does not know "{language}": it {only}. give {A_FOLDER}', language)
    return FasterWhisper({language: loaded[path.resolve()] for language, path in models.items()})


def _model(make: Any, path: Path, language: str) -> Any:
    try:
        return make(str(path.absolute()), device="cpu", cpu_threads=THREADS, local_files_only=True)
    except Exception as error:
        raise SpeechToTextError(f'folder "{path}" holds no speech model for "{language}": {error}. give {A_FOLDER}', language) from error


@dataclass(frozen=True, slots=True)
class FasterWhisper:
    """A `SpeechToText`."""

    models: Mapping[str, Any]
    """`faster_whisper.WhisperModel` by language."""

    def transcribe(self, samples: Samples, language: str) -> Transcript:
        """See `SpeechToText`. Always alike for the same sound: nothing is drawn by lot."""
        model = self.models[model_for(self.models, language)]
        sound = wideband(samples).astype(np.float32) / 32768
        try:
            segments, _ = model.transcribe(
                sound,
                language=language.split("-")[0],
                temperature=0.0,
                # What was said before must not suggest what is heard.
                condition_on_previous_text=False,
                word_timestamps=True,
            )
            words = [word for segment in segments for word in segment.words or ()]
        except (ValueError, RuntimeError) as error:
            raise SpeechToTextError(f'the speech model for "{language}" gave up: {error}', language) from error
        return Transcript(tuple(_heard(word) for word in words))


def _heard(word: Any) -> HeardWord:
    return HeardWord(word.word.strip(), float(word.start), float(word.end), float(word.probability))
