"""A small IVR, spoken."""

from __future__ import annotations

import pytest

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.source.text import Source
from tests.interop.desk import DESK


@pytest.fixture(scope="session")
def desk() -> Flow:
    reading = read_flow(Source("desk.yaml", DESK))
    assert reading.findings == ()
    assert reading.flow is not None
    return reading.flow


@pytest.fixture(scope="session")
def library(desk: Flow) -> PromptLibrary:
    return PromptLibrary(
        Recording(name, language, synthesise(words, language), words)
        for name, prompt in desk.prompts.items()
        for language, words in prompt.words.items()
    )
