from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.flow.plain_words import is_number_word, pieces, plain_words
from ivrtest.flow.spoken_numbers import KNOWN


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Press 1!", "en", "press one"),
        ("I don't — know.", "en", "i dont know"),
        ("It’s twenty-one", "en", "its twenty one"),
        ("one hundred and five and more", "en", "one hundred five and more"),
        ("Your balance is $1,250.50.", "en", "your balance is one thousand two hundred fifty dollars and fifty cents"),
        ("Su saldo es 12,30 €", "es", "su saldo es doce euros con treinta céntimos"),
        ("Drücken Sie die 22", "de", "drücken sie die zweiundzwanzig"),
        ("12345678901", "en", "one two three four five six seven eight nine zero one"),
        ("请按1", "zh", "请 按 1"),
        ("naci 007", "pl", "naci 0 0 7"),
        ("", "en", ""),
        ("?!", "en", ""),
    ],
)
def test_words_are_compared_without_case_punctuation_and_figures(text: str, language: str, words: str) -> None:
    assert " ".join(plain_words(text, language)) == words


def test_figures_can_be_said_in_several_ways() -> None:
    [ways] = pieces("1250", "en")
    assert [" ".join(way) for way in ways] == ["one thousand two hundred fifty", "twelve fifty", "one two five zero"]


def test_a_leading_zero_is_said() -> None:
    [ways] = pieces("0078", "en")
    assert [" ".join(way) for way in ways] == ["zero zero seven eight"]


@given(st.text(max_size=60), st.sampled_from([*KNOWN, "en-GB", "zh", "pl"]))
def test_any_text_has_words_and_they_stay_as_they_are(text: str, language: str) -> None:
    words = plain_words(text, language)
    assert all(words), words
    assert all(len(ways) >= 1 for ways in pieces(text, language))
    if text.isascii():
        assert plain_words(" ".join(words), language) == words


@pytest.mark.parametrize(
    ("word", "language", "is_one"), [("seven", "en", True), ("7", "pl", True), ("and", "en", False), ("siete", "es-MX", True)]
)
def test_parts_of_numbers_are_known(word: str, language: str, is_one: bool) -> None:
    assert is_number_word(word, language) is is_one
