"""Speech to try the hearing on: an invented bank's prompts, rendered, and the lines of `tests/bench/hearing`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ivrtest.audio.prompts import PromptLibrary

BENCH = Path(__file__).parents[1] / "bench" / "hearing"


def _bench(name: str) -> ModuleType:
    if str(BENCH) not in sys.path:
        sys.path.insert(0, str(BENCH))
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def line() -> ModuleType:
    """What a line does to speech."""
    return _bench("line")


@pytest.fixture(scope="session")
def texts() -> ModuleType:
    return _bench("texts")


@pytest.fixture(scope="session")
def trials() -> ModuleType:
    """What is played and what must be heard."""
    return _bench("trials")


@pytest.fixture(scope="session")
def material(trials: ModuleType) -> Any:
    """77 recordings in English and Spanish, many of them near-duplicates, and what is said besides."""
    return trials.tuning()


@pytest.fixture(scope="session")
def bank(material: Any) -> PromptLibrary:
    """The recordings."""
    library: PromptLibrary = material.library
    return library
