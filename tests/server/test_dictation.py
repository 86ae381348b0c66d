"""Recording the caller until she falls silent."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.call import Block, Samples
from ivrtest.server.dictation import Dictation


def speech(seconds: float) -> Samples:
    samples: Samples = (3000 * np.sin(np.arange(round(seconds * 8000)) * 0.3)).astype(np.int16)
    return samples


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), np.int16)


def record(samples: Samples, dictation: Dictation, start_s: float = 0.0, block: int = 160) -> float | None:
    """Feed the samples block by block. Return the time when the recording was over, or None."""
    first = round(start_s * 8000)
    for offset in range(0, len(samples), block):
        piece = samples[offset : offset + block]
        whole = Block(first + offset, piece, np.zeros(len(piece), np.bool_))
        if dictation.feed(whole):
            return whole.end_s
    return None


def test_it_ends_when_the_caller_falls_silent() -> None:
    dictation = Dictation(0.0, max_s=60, silence_s=3)
    words = np.concatenate([silence(1), speech(2), silence(1), speech(1), silence(5)])
    assert record(words, dictation) == 8.0
    assert dictation.seconds == 5.0
    assert np.array_equal(dictation.samples, words[:40000])


def test_it_ends_at_the_longest_length() -> None:
    dictation = Dictation(0.0, max_s=2.5, silence_s=3)
    assert record(speech(5), dictation) == 2.5
    assert dictation.seconds == 2.5


def test_who_says_nothing_leaves_nothing() -> None:
    dictation = Dictation(0.0, max_s=60, silence_s=3)
    assert record(silence(4), dictation) == 3.0
    assert dictation.seconds == 0
    assert len(dictation.samples) == 0


def test_line_hiss_is_no_speech() -> None:
    dictation = Dictation(0.0, max_s=60, silence_s=3)
    hiss = np.random.default_rng(1).normal(0, 60, 32000).astype(np.int16)
    record(hiss, dictation)
    assert dictation.seconds == 0


def test_what_was_said_before_it_began_is_not_recorded() -> None:
    dictation = Dictation(1.01, max_s=60, silence_s=1)
    assert record(np.concatenate([speech(1.52), silence(2)]), dictation) == 2.52
    assert dictation.seconds == 0.51


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=12), st.sampled_from([160, 320, 800]))
def test_the_message_never_exceeds_what_was_said(parts: list[tuple[bool, int]], block: int) -> None:
    pieces = [speech(frames / 50) if loud else silence(frames / 50) for loud, frames in parts]
    samples = np.concatenate([*pieces, silence(3)])
    dictation = Dictation(0.0, max_s=5, silence_s=1)
    ended = record(samples, dictation, block=block)
    assert ended is not None
    assert dictation.seconds <= min(ended, 5)
    assert len(dictation.samples) == round(dictation.seconds * 8000)
