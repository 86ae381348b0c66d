"""How often speech recognisers err, as it was measured: one JSON file per engine, `.ivrtest/hearing/<engine>.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ivrtest.audio.word_errors import ErrorRate, measured
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.system import unread
from ivrtest.source.text import Source

FORMAT: Final = "ivrtest/hearing/1"
FOLDER: Final = Path(".ivrtest") / "hearing"
AGAIN: Final = 'measure anew with "ivrtest prompts transcribe", or remove the file'


@dataclass(frozen=True, slots=True)
class Measured:
    """What one language came to."""

    model: str
    """The path of the model, as it was given: of another model nothing is known."""
    sentences: tuple[tuple[int, int], ...]
    """Errors and words of each recording."""

    @property
    def rate(self) -> ErrorRate:
        return measured(self.sentences)


def hearing_path(engine: str) -> Path:
    """Return where the measurements of an engine are kept."""
    return FOLDER / f"{re.sub(r'[^A-Za-z0-9.+_-]+', '-', engine).strip('-.')}.json"


def read_measured(engine: str) -> dict[str, Measured]:
    """Return what was measured, by language; nothing where nobody did. Raises InputError."""
    path = hearing_path(engine)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(path, f'"{path}" cannot be read: {unread(error)}') from error
    except ValueError as error:
        raise _unusable(path, f'"{path}" is not JSON in UTF-8: {error}. {AGAIN}') from error
    try:
        if data["format"] != FORMAT or data["engine"] != engine:
            raise ValueError
        return {language: _measured(each) for language, each in data["languages"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(path, f'"{path}" holds no word errors of "{engine}" ("{FORMAT}"). {AGAIN}') from error


def _measured(data: Any) -> Measured:
    sentences = tuple((int(errors), int(words)) for errors, words in data["sentences"])
    if not sentences or any(errors < 0 or words < 1 for errors, words in sentences):
        raise ValueError
    return Measured(str(data["model"]), sentences)


def write_measured(engine: str, found: Mapping[str, Measured]) -> Path:
    """Keep measurements; those of other languages stay. Raises OSError, and InputError where there is a file that is none."""
    path = hearing_path(engine)
    languages = {language: _data(each) for language, each in sorted({**read_measured(engine), **found}.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": FORMAT, "engine": engine, "languages": languages}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _data(found: Measured) -> dict[str, Any]:
    rate = found.rate
    return {
        "model": found.model,
        "word_errors": round(rate.rate, 4),
        "at_least": round(rate.at_least, 4),
        "at_most": round(rate.at_most, 4),
        "words": rate.words,
        "sentences": [list(each) for each in found.sentences],
    }


def _unusable(path: Path, message: str) -> InputError:
    return InputError((Finding("hearing", Severity.ERROR, message, Source(str(path), "").whole()),))
