"""Whether conditions can hold: held against all small values."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.check.satisfiable import can_be
from ivrtest.flow.condition import ConditionError, parse_condition

VALUES: tuple[str | int, ...] = ("", "a", "b", "c", "3", "03", "4", *range(-4, 9))
COMPARISONS = st.builds(
    lambda name, operator, value: f"{name} {operator} {value}",
    st.sampled_from(["x", "y"]),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(['"a"', '"b"', '"3"', '"03"', "0", "3", "4", "-1"]),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
    ),
    max_leaves=4,
)


def holds(text: str, wanted: bool, without: tuple[str, ...]) -> bool:
    for x, y in itertools.product(VALUES, VALUES):
        try:
            asked = parse_condition(text).evaluate({"x": x, "y": y})
            others = [parse_condition(other).evaluate({"x": x, "y": y}) for other in without]
            if asked is wanted and not any(others):
                return True
        except ConditionError:
            continue
    return False


@given(CONDITIONS, st.booleans())
def test_it_says_what_trying_everything_says(text: str, wanted: bool) -> None:
    assert can_be(parse_condition(text), wanted) == holds(text, wanted, ())


@given(CONDITIONS, st.lists(CONDITIONS, max_size=2))
def test_what_is_impossible_is_so(text: str, without: list[str]) -> None:
    if not can_be(parse_condition(text), True, tuple(map(parse_condition, without))):
        assert not holds(text, True, tuple(without))


@pytest.mark.parametrize(
    "text", ["x < y and x > y", "x + 1 < 0 and x > 5", " and ".join(f"v{number} == 1" for number in range(9)) + " and v0 == 2"]
)
def test_what_cannot_be_told_is_possible(text: str) -> None:
    assert can_be(parse_condition(text), True)


def test_fixed_comparisons_are_decided() -> None:
    assert not can_be(parse_condition("1 > 2"), True)
    assert can_be(parse_condition("1 > 2"), False)
