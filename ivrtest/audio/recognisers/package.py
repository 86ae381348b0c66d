"""What the built-in recognisers have in common: a package that may not be installed, and models that are there or not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from ivrtest.audio.pcm import SAMPLE_RATE
from ivrtest.audio.resampler import Resampler
from ivrtest.audio.spectrum import Samples
from ivrtest.audio.transcript import SpeechToTextError


def package(module: str, extra: str) -> ModuleType:
    """Import an optional package. Raises SpeechToTextError that names the extra to install."""
    try:
        return import_module(module)
    except ImportError as error:
        # Where the package itself is there and lacks something, installing it again is no help.
        why = "is not installed" if isinstance(error, ModuleNotFoundError) and error.name == module else f"cannot be loaded: {error}"
        raise SpeechToTextError(f'speech recogniser "{extra}" {why}. install it with: pip install "ivrtest[{extra}]"') from error


def model_for(models: Mapping[str, object], language: str) -> str:
    """Return the language whose model serves `language`: its own, or that of its base (`en` for `en-GB`). Raises SpeechToTextError."""
    for name in (language, language.split("-")[0]):
        if name in models:
            return name
    known = ", ".join(f'"{each}"' for each in models)
    raise SpeechToTextError(f'there is no speech model for "{language}". there are models for {known}', language)


def check_folder(path: Path, language: str, needed: tuple[str, ...], what: str) -> None:
    """Raises SpeechToTextError where `path` is no folder that holds the `needed` files. `what` names the right kind of folder."""
    if not path.is_dir():
        problem = "is a file" if path.exists() else "does not exist"
        raise SpeechToTextError(f'the speech model for "{language}" should be the folder "{path}", which {problem}. give {what}', language)
    missing = [name for name in needed if not (path / name).exists()]
    if missing:
        raise SpeechToTextError(f'folder "{path}" holds no speech model for "{language}": it lacks "{missing[0]}". give {what}', language)


def wideband(samples: Samples, rate: int = 16_000) -> Samples:
    """Return 8 kHz sound at the rate that models are trained at."""
    resampler = Resampler(SAMPLE_RATE, rate)
    return np.concatenate([resampler.feed(samples), resampler.feed(np.zeros(round(resampler.delay_s * SAMPLE_RATE), np.int16))])
