"""Vosk (https://alphacephei.com/vosk/): models for more than 20 languages, offline, one folder per language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ivrtest.audio.recognisers.package import check_folder, model_for, package, wideband
from ivrtest.audio.spectrum import Samples
from ivrtest.audio.transcript import HeardWord, SpeechToText, SpeechToTextError, Transcript

A_FOLDER: Final = 'a folder as Vosk hands them out, such as "vosk-model-small-en-us-0.15"'
ACOUSTICS: Final = ("am/final.mdl", "final.mdl")
"""Where a model's acoustics lie; in older ones at the second place."""
RATE: Final = 16_000
"""Vosk brings sound down to the rate that a model was trained at by itself, and never up: most models are of 16 kHz, and refuse 8."""
_BLOCK: Final = RATE // 2


def open_models(models: Mapping[str, Path]) -> SpeechToText:
    """Load models. Raises SpeechToTextError."""
    for language, path in models.items():
        check_folder(path, language, () if (path / ACOUSTICS[1]).exists() else ACOUSTICS[:1], A_FOLDER)
    vosk = package("vosk", "vosk")
    vosk.SetLogLevel(-1)
    return Vosk(vosk.KaldiRecognizer, {language: _model(vosk.Model, path, language) for language, path in models.items()})


def _model(make: Any, path: Path, language: str) -> Any:
    try:
        return make(model_path=str(path.absolute()))
    except Exception as error:
        raise SpeechToTextError(f'folder "{path}" holds no speech model for "{language}": {error}. give {A_FOLDER}', language) from error


@dataclass(frozen=True, slots=True)
class Vosk:
    """A `SpeechToText`."""

    recogniser: Any
    """`vosk.KaldiRecognizer`."""
    models: Mapping[str, Any]

    def transcribe(self, samples: Samples, language: str) -> Transcript:
        """See `SpeechToText`."""
        model, sound = self.models[model_for(self.models, language)], wideband(samples, RATE)
        results = []
        try:
            recogniser = self.recogniser(model, float(RATE))
            recogniser.SetWords(True)
            for start in range(0, len(sound), _BLOCK):
                # True: it takes what came so far for a sentence that is over.
                if recogniser.AcceptWaveform(sound[start : start + _BLOCK].tobytes()):
                    results.append(recogniser.Result())
            results.append(recogniser.FinalResult())
        except Exception as error:
            # Vosk raises nothing more precise, and says why on standard error.
            raise SpeechToTextError(f'the speech model for "{language}" gave up: {error}', language) from error
        return Transcript(tuple(word for result in results for word in words_of(result)))


def words_of(result: str) -> Iterator[HeardWord]:
    """Yield the words of one result, JSON as `KaldiRecognizer.Result()` writes it. Raises SpeechToTextError for anything else."""
    try:
        data = json.loads(result)
        # Where nothing was made out there is an empty "text" and no "result".
        for word in data.get("result", ()):
            yield HeardWord(str(word["word"]), float(word["start"]), float(word["end"]), float(word.get("conf", 1.0)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpeechToTextError(f"Vosk answered something that is no result: {result[:200]!r}") from error
