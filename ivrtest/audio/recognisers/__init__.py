"""Speech recognisers by name: those that come with ivrtest, and those that others bring as plug-ins.

A plug-in is an entry point of the group `ivrtest.speech_to_text`: a function that takes the models, one path per language, loads them, and
returns a `SpeechToText`. It raises `SpeechToTextError` where that cannot be done. No model is ever fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from ivrtest.audio.recognisers import faster_whisper, pocketsphinx, vosk
from ivrtest.audio.transcript import SpeechToText, SpeechToTextError

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
    return _opener(name)(models)


def _opener(name: str) -> Opener:
    if name in BUILT_IN:
        return BUILT_IN[name]
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
