"""Patterns for entered keys, held against `re`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.flow.pattern import PatternError, parse_pattern

ATOMS = st.sampled_from(["1", "2", ".", r"\d", "[12]", "[0-3]", "[^1]", r"\*", "#"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.builds(lambda one, other: f"(?:{one}|{other})", inner, inner),
        st.builds(lambda part, sign: f"({part}){sign}", inner, st.sampled_from(["?", "*", "+", "{2}", "{1,}", "{0,2}"])),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.lists(st.text("123#*", max_size=6), max_size=5))
def test_it_means_what_re_means(pattern: str, entries: list[str]) -> None:
    for keys in entries:
        assert parse_pattern(pattern).matches(keys) == bool(re.fullmatch(pattern, keys))


@given(PATTERNS, st.text("123#*", max_size=6))
def test_what_matches_has_one_of_its_lengths(pattern: str, keys: str) -> None:
    if parse_pattern(pattern).matches(keys):
        assert len(keys) in parse_pattern(pattern).lengths(6)


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [
        ("", {0}),
        ("[0-9]{4}", {4}),
        ("1(23)*", {1, 3, 5, 7}),
        ("1|2345", {1, 4}),
        ("1?2{2,3}", {2, 3, 4}),
        ("(1*)*", set(range(9))),
        ("1{9}", set()),
    ],
)
def test_the_lengths_of_what_matches(pattern: str, lengths: set[int]) -> None:
    assert parse_pattern(pattern).lengths(8) == lengths


@pytest.mark.parametrize("pattern", ["(1+)+2", r"(\d*)*#", "(1|1)*2", "(1|11){20}#", "((((1*)*)*)*)*2"])
def test_no_pattern_takes_long(pattern: str) -> None:
    assert not parse_pattern(pattern).matches("1" * 64)


@pytest.mark.parametrize(("pattern", "keys"), [("^[0-9]{4}$", "1234"), ("", ""), ("1|", ""), ("[*#]", "*"), ("A[B-D]", "AC")])
def test_what_matches(pattern: str, keys: str) -> None:
    assert parse_pattern(pattern).matches(keys)


@pytest.mark.parametrize(
    ("pattern", "message", "column"),
    [
        ("(12", "the bracket that opens here is not closed", 1),
        ("1[23", "the bracket that opens here is not closed", 2),
        ("12)", 'unexpected ")". no bracket is open', 3),
        ("a+", '"a" is no key. keys are 0 to 9, *, #, A to D', 1),
        (r"\w+", '"\\w" is not supported. keys are 0 to 9, *, #, A to D; "\\d" is any digit', 1),
        ("(?=1)", '"(?" is supported only as "(?:"', 1),
        ("+1", 'unexpected "+"', 1),
        ("1**", '"*" after "*" is not supported. put a bracket around what is repeated', 3),
        ("1{a}", 'expected "{3}", "{3,}" or "{3,5}"', 2),
        ("1{99}", "more than 64 repeats are not supported", 2),
        ("1{3,2}", '"{3,2}" repeats at least 3 and at most 2 times', 2),
        ("[9-0]", '"9-0" is no range. write the smaller key first', 2),
        ("(" * 12 + ")" * 12, "the pattern is nested deeper than 10", 11),
        ("1" * 201, "the pattern has 201 characters. at most 200 are read", 201),
    ],
)
def test_what_is_no_pattern(pattern: str, message: str, column: int) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(pattern)
    assert (caught.value.message, caught.value.column) == (message, column)


@given(st.text(max_size=20) | st.text("12[](){}|?*+,-^$\\d", max_size=20))
def test_any_text_is_a_pattern_or_a_clear_mistake(text: str) -> None:
    column = 1
    try:
        parse_pattern(text).matches("12")
    except PatternError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("[1-9][0-9]{3}", "123456789"),
        ("0?[45]", "045"),
        ("(?:1|23)*9", "129"),
        ("1{0}2", "2"),
        ("(1*|2)(3|)4?", "1234"),
        ("", ""),
    ],
)
def test_what_an_entry_can_begin_with(pattern: str, keys: str) -> None:
    assert parse_pattern(pattern).first_keys() == frozenset(keys)
