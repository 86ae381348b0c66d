"""Callers who know the menu press at once: hardly a prompt is heard to its end, and each is known all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.cli.libraries import load_recordings
from ivrtest.run.transcript import Transcript

BANK = Path(__file__).parents[2] / "flows" / "bank.yaml"


@pytest.fixture(scope="module")
def library() -> PromptLibrary:
    return load_recordings(BANK).library


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


@pytest.mark.parametrize(("language_s", "menu_s"), [(0.45, 0.75), (0.55, 0.9), (0.6, 0.75), (0.65, 0.9)])
def test_prompts_cut_off_in_a_row_are_known(library: PromptLibrary, language_s: float, menu_s: float) -> None:
    spoken = {recording.key: recording.samples for recording in library.recordings()}

    def cut(prompt: str, language: str, seconds: float) -> Samples:
        return spoken[prompt, language][: round(seconds * SAMPLE_RATE)]

    pieces = [
        silence(0.1),
        cut("choose_language", "mul", language_s),
        spoken["welcome", "es"],
        silence(0.14),
        cut("main_menu", "es", menu_s),
        silence(0.02),
        cut("ask_account", "es", 1.35),
        silence(1),
        spoken["goodbye", "es"],
        silence(1),
    ]
    transcript = Transcript(library, None)
    found = [*transcript.feed(np.concatenate(pieces)), *transcript.finish()]
    heard = [(one.match.prompt, one.match.language, str(one.match.verdict)) for one in found if isinstance(one, Heard)]
    assert heard == [
        ("choose_language", "mul", "truncated"),
        ("welcome", "es", "match"),
        ("main_menu", "es", "truncated"),
        ("ask_account", "es", "truncated"),
        ("goodbye", "es", "match"),
    ]
