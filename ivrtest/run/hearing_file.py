"""How often speech recognisers err, as it was measured: one JSON file per engine, `.ivrtest/hearing/<engine>.json`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ivrtest.audio.word_errors import ErrorRate, measured
from ivrtest.run.kept_file import read_kept, unusable_kept
from ivrtest.source.json import to_json

FORMAT: Final = "ivrtest/hearing/1"
FOLDER: Final = Path(".ivrtest") / "hearing"
SCHEMA: Final = Path(__file__).with_name("hearing.schema.json")
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
    if not path.exists():
        return {}
    data = read_kept(path, SCHEMA, holds=f'word errors of "{engine}" ("{FORMAT}")', again=AGAIN, rule="hearing")
    if data["engine"] != engine:
        raise unusable_kept(path, f'holds word errors of "{data["engine"]}", not of "{engine}". {AGAIN}', "hearing")
    return {
        language: Measured(each["model"], tuple((errors, words) for errors, words in each["sentences"]))
        for language, each in data["languages"].items()
    }


def hearing_text(engine: str, found: Mapping[str, Measured]) -> str:
    """Return the file that keeps measurements; those of other languages stay. Raises InputError where there is a file that is none."""
    languages = {language: _data(each) for language, each in sorted({**read_measured(engine), **found}.items())}
    return to_json({"format": FORMAT, "engine": engine, "languages": languages}, indent=1) + "\n"


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
