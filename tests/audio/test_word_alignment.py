from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.word_alignment import Pair, align

WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


def test_words_stand_beside_their_like() -> None:
    found = align(["your", "order", "is", "on", "its", "way"], ["your", "odor", "on", "its", "way", "now"])
    assert found.pairs == (
        Pair(0, 0, True),
        Pair(1, None),
        Pair(2, 1),
        Pair(3, 2, True),
        Pair(4, 3, True),
        Pair(5, 4, True),
        Pair(None, 5),
    )
    assert (found.errors, found.same) == (3, 4)


def test_nothing_beside_nothing() -> None:
    assert align([], []).pairs == ()


@given(WORDS, WORDS)
def test_every_word_is_in_one_pair_in_order(expected: list[str], heard: list[str]) -> None:
    found = align(expected, heard)
    assert [pair.expected for pair in found.pairs if pair.expected is not None] == list(range(len(expected)))
    assert [pair.heard for pair in found.pairs if pair.heard is not None] == list(range(len(heard)))
    for pair in found.pairs:
        both = pair.expected is not None and pair.heard is not None
        assert pair.same == (both and expected[pair.expected or 0] == heard[pair.heard or 0])


@given(WORDS, WORDS, WORDS)
def test_differences_are_a_distance(first: list[str], second: list[str], third: list[str]) -> None:
    assert align(first, first).errors == 0
    assert align(first, second).errors == align(second, first).errors
    assert align(first, third).errors <= align(first, second).errors + align(second, third).errors
    assert abs(len(first) - len(second)) <= align(first, second).errors <= max(len(first), len(second))
