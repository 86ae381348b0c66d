"""Speech to try the hearing on: an invented bank's prompts, rendered, and the lines of `tests/bench/hearing`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from ivrtest.audio.prompts import PromptLibrary
from tests.bench.hearing import line as line_module
from tests.bench.hearing import texts as texts_module
from tests.bench.hearing import trials as trials_module


@pytest.fixture(scope="session")
def line() -> ModuleType:
    """What a line does to speech."""
    return line_module


@pytest.fixture(scope="session")
def texts() -> ModuleType:
    return texts_module


@pytest.fixture(scope="session")
def trials() -> ModuleType:
    """What is played and what must be heard."""
    return trials_module


@pytest.fixture(scope="session")
def material(trials: ModuleType) -> Any:
    """77 recordings in English and Spanish, many of them near-duplicates, and what is said besides."""
    return trials.tuning()


@pytest.fixture(scope="session")
def bank(material: Any) -> PromptLibrary:
    """The recordings."""
    library: PromptLibrary = material.library
    return library
