"""Speech recognisers by name: those that come with ivrtest, and those that others bring as plug-ins.

A plug-in is an entry point of the group `ivrtest.speech_to_text`: a function that takes the models, one path per language, loads them, and
returns a `SpeechToText`. It raises `SpeechToTextError` where that cannot be done. No model is ever fetched from anywhere. Whatever else a
plug-in raises, or returns, becomes such an error with the plug-in's name: somebody else's slip must not end a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from ivrtest.audio.recognisers import faster_whisper, pocketsphinx, vosk
from ivrtest.audio.spectrum import Samples
from ivrtest.audio.transcript import SpeechToText, SpeechToTextError, Transcript

GROUP: Final = "ivrtest.speech_to_text"

Opener = Callable[[Mapping[str, Path]], SpeechToText]
"""Loads models, by language, and returns what recognises with them. Raises SpeechToTextError."""

BUILT_IN: Final[Mapping[str, Opener]] = {
    "vosk": vosk.open_models,
    "faster-whisper": faster_whisper.open_models,
    "pocketsphinx": pocketsphinx.open_models,
}


def engine_names() -> tuple[str, ...]:
    """Return the names of all recognisers that are there, the built-in ones first."""
    others = sorted({point.name for point in entry_points(group=GROUP)} - BUILT_IN.keys())
    return (*BUILT_IN, *others)


def open_engine(name: str, models: Mapping[str, Path]) -> SpeechToText:
    """Load a recogniser with its models. Takes seconds for large ones. Raises SpeechToTextError."""
    return BUILT_IN[name](models) if name in BUILT_IN else _brought(name, models)


@dataclass(frozen=True, slots=True)
class Brought:
    """A plug-in's engine. A `SpeechToText`."""

    name: str
    engine: SpeechToText

    def transcribe(self, samples: Samples, language: str) -> Transcript:
        """See `SpeechToText`."""
        try:
            heard: object = self.engine.transcribe(samples, language)
        except SpeechToTextError:
            raise
        except Exception as error:
            raise SpeechToTextError(f'speech recogniser "{self.name}" gave up: {_told(error)}') from error
        if not isinstance(heard, Transcript):
            raise SpeechToTextError(f'speech recogniser "{self.name}" answered "{heard!s:.80}", which is no Transcript')
        return heard


def _brought(name: str, models: Mapping[str, Path]) -> Brought:
    opener = _opener(name)
    try:
        engine = opener(models)
    except SpeechToTextError:
        raise
    except Exception as error:
        raise SpeechToTextError(f'speech recogniser "{name}" could not load its models: {_told(error)}') from error
    if not callable(getattr(engine, "transcribe", None)):
        raise SpeechToTextError(f'speech recogniser "{name}" opened "{engine!s:.80}", which has no method "transcribe"')
    return Brought(name, engine)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _opener(name: str) -> Opener:
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if not points:
        names = engine_names()
        near = get_close_matches(name, names, n=1)
        there = ", ".join(f'"{each}"' for each in names)
        hint = f'did you mean "{near[0]}"?' if near else f'there are {there}, and entry points of the group "{GROUP}"'
        raise SpeechToTextError(f'there is no speech recogniser "{name}". {hint}')
    if len({point.value for point in points}) > 1:
        values = " and ".join(f'"{point.value}"' for point in points)
        raise SpeechToTextError(f'speech recogniser "{name}" is there more than once: {values}. uninstall all but one')
    try:
        opener = points[0].load()
    except (ImportError, AttributeError) as error:
        raise SpeechToTextError(f'speech recogniser "{name}" ({points[0].value}) cannot be loaded: {error}') from error
    if not callable(opener):
        raise SpeechToTextError(f'speech recogniser "{name}" ({points[0].value}) is no function that takes the models by language')
    made: Opener = opener
    return made
