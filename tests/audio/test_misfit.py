"""A word exchanged where speech is soft: the rest of the recording shows that it is not the line's doing."""

from __future__ import annotations

import numpy as np
import pytest

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Doubt, Heard, Match, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.pcm import Samples
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise

LOUD = synthesise("To save your message and to send it later, press one", "en")
SOFT, OTHER = synthesise("now", "en"), synthesise("two", "en")


def softly(word: Samples, by_db: float) -> Samples:
    length = max(len(SOFT), len(OTHER))
    softer = np.rint(word * 10 ** (-by_db / 20)).astype(np.int16)
    return np.concatenate([LOUD, softer, np.zeros(length - len(word), np.int16)])


def hear(said: Samples, recorded: Samples) -> list[Match]:
    """Return what is heard over a quiet line of G.711."""
    noise = np.random.default_rng(1).normal(0, 12, len(said) + 20000)
    noise[4000 : 4000 + len(said)] += said
    samples = ulaw_decode(ulaw_encode(np.rint(noise).astype(np.int16)))
    matcher = Matcher(PromptLibrary([Recording("save", "en", recorded)]))
    matcher.expect([("save", "en")])
    hearings = [*matcher.feed(samples, np.zeros(len(samples), np.bool_)), *matcher.finish()]
    return [hearing.match for hearing in hearings if isinstance(hearing, Heard)]


@pytest.mark.parametrize("by_db", [0, 10, 20])
def test_another_word_is_found_where_speech_is_not_soft(by_db: float) -> None:
    (right,) = hear(softly(SOFT, by_db), softly(SOFT, by_db))
    assert (right.verdict, right.doubt) == (Verdict.match, None)
    (wrong,) = hear(softly(OTHER, by_db), softly(SOFT, by_db))
    assert wrong.verdict is Verdict.diverged


@pytest.mark.parametrize("by_db", [21, 22])
def test_a_soft_word_that_may_be_another_one_is_left_open(by_db: float) -> None:
    (right,) = hear(softly(SOFT, by_db), softly(SOFT, by_db))
    assert (right.verdict, right.doubt) == (Verdict.match, None)
    (wrong,) = hear(softly(OTHER, by_db), softly(SOFT, by_db))
    assert (wrong.key, wrong.verdict, wrong.doubt) == (("save", "en"), Verdict.inconclusive, Doubt.misfit)


@pytest.mark.parametrize("by_db", [-3, 2.5])
def test_what_is_only_softer_or_louder_for_a_while_is_no_other_word(by_db: float) -> None:
    said = LOUD.astype(np.float64)
    said[12000:16000] *= 10 ** (by_db / 20)
    (match,) = hear(np.rint(said).astype(np.int16), LOUD)
    assert (match.verdict, match.doubt) == (Verdict.match, None)
