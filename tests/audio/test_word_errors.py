from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.word_errors import measured, most_errors, stated, usual_errors, words_needed


def test_a_rate_is_measured_with_its_bounds() -> None:
    rate = measured([(0, 8), (1, 10), (0, 6), (3, 12), (1, 9)])
    assert str(rate) == "11 % word errors, measured on 45 words: 4 to 29 %"
    assert (rate.sentences, rate.words) == (5, 45)


def test_a_rate_that_somebody_states_says_so() -> None:
    assert str(stated(0.2)) == "20 % word errors, as stated"


def test_no_error_in_few_words_is_no_proof() -> None:
    assert str(measured([(0, 4)])) == "0 % word errors, measured on 4 words: 0 to 56 %"


def test_errors_that_come_in_sentences_leave_more_open() -> None:
    apart, together = measured([(4, 8)] * 20), measured([(0, 8), (8, 8)] * 10)
    assert apart.rate == together.rate
    assert together.at_most > apart.at_most
    assert together.clustering > apart.clustering


def test_there_must_be_words() -> None:
    with pytest.raises(ValueError, match="there are no words to measure errors on"):
        measured([])


@given(st.integers(min_value=1, max_value=40), st.floats(min_value=0.001, max_value=0.95))
def test_a_sentence_may_have_more_errors_than_usual(words: int, rate: float) -> None:
    assert 0 <= usual_errors(words, stated(rate)) <= most_errors(words, stated(rate)) <= words
    assert most_errors(words, stated(rate)) <= most_errors(words, stated(min(0.99, rate + 0.1)))


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_bounds_hold_where_errors_are_drawn(rate: float) -> None:
    draw = random.Random(1)
    usual, most = usual_errors(12, stated(rate)), most_errors(12, stated(rate))
    alone = [sum(draw.random() < rate for _ in range(12)) for _ in range(4000)]
    assert sum(errors > usual for errors in alone) < 0.06 * 4000
    scale = 1 / stated(rate).clustering - 1
    clustered = []
    for _ in range(4000):
        own = draw.betavariate(rate * scale, (1 - rate) * scale)
        clustered.append(sum(draw.random() < own for _ in range(12)))
    assert sum(errors > most for errors in clustered) < 0.015 * 4000


@pytest.mark.parametrize(("rate", "needed"), [(0.02, 1), (0.05, 2), (0.2, 2), (0.45, 3), (0.9, None)])
def test_the_worse_a_recogniser_the_more_words_must_speak(rate: float, needed: int | None) -> None:
    assert words_needed(stated(rate)) == needed
