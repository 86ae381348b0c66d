"""A recording that begins at the very moment at which another is cut off: it is found where it lies, and fits there."""

from __future__ import annotations

import numpy as np

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Heard, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise

FIRST = synthesise("That is not one of the options.", "en")
THEN = synthesise("All agents are busy. Please hold.", "en")
LIBRARY = PromptLibrary([Recording("first", "en", FIRST), Recording("then", "en", THEN)])
CUT = 4800
"""Samples of the first that are heard."""


def deviation(quiet: int) -> float:
    """Return by how much the second deviates, in dB, after so many samples of quiet and two beginnings of the first. Nothing is different
    about it."""
    said = np.concatenate([np.zeros(quiet, np.int16), FIRST[: CUT + 640], FIRST[:CUT], THEN, np.zeros(8000, np.int16)])
    matcher = Matcher(LIBRARY)
    matcher.expect([("first", "en")])
    heard = []
    for start in range(0, len(said), 320):
        if 0 <= start - (quiet + 2 * CUT - 320) < 320:
            matcher.pressed(start / 8000)
            matcher.expect([("then", "en")])
        block = ulaw_decode(ulaw_encode(said[start : start + 320]))
        heard += matcher.feed(block, np.zeros(len(block), np.bool_))
    heard += matcher.finish()
    (match,) = (each.match for each in heard if isinstance(each, Heard) and each.match.prompt == "then")
    assert match.verdict is Verdict.match, (quiet, match)
    return match.score


def test_what_begins_as_another_is_cut_off_fits_where_it_lies() -> None:
    scores = {quiet: deviation(quiet) for quiet in range(4000, 5600, 80)}
    assert {quiet: score for quiet, score in scores.items() if score > 1.0} == {}
