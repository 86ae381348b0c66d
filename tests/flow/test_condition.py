"""Expressions: what they mean, and what is said about wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.flow.condition import (
    And,
    Comparison,
    Condition,
    ConditionError,
    ExpressionSyntaxError,
    Not,
    Number,
    Or,
    Sum,
    Text,
    Value,
    Variable,
    parse_condition,
    parse_value,
)

VARIABLES: dict[str, str | int] = {"tries": 2, "keys": "3", "padded": "03", "name": "Ann", "empty": "", "minus": "-4"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tries == 2", True),
        ("tries < 2", False),
        ("tries <= 2 and tries >= 2", True),
        ("keys == 3", True),
        ("3 == keys", True),
        ('keys == "3"', True),
        ("padded == 3", True),
        ("padded == keys", False),
        ("padded != keys", True),
        ("keys > tries", True),
        ("keys + 1 > padded", True),
        ("minus < 0", True),
        ("minus == -4", True),
        ("name == 'Ann'", True),
        ("name == 3", False),
        ("name != 3", True),
        ('empty == ""', True),
        ("empty == 0", False),
        ("not tries == 2", False),
        ("not not tries == 2", True),
        ("tries == 1 or tries == 2 and keys == 4", False),
        ("(tries == 1 or tries == 2) and keys == 3", True),
        ("(tries + 1) - 1 == (2)", True),
        ("tries - 1 - 1 == 0", True),
        ("tries - (1 - 1) == 2", True),
        ("tries == 2 or unset == 1", True),
        ("tries == 1 and unset == 1", False),
        ("((tries == 2))", True),
        ('name == "(and)"', False),
    ],
)
def test_what_a_condition_means(text: str, expected: bool) -> None:
    assert parse_condition(text).evaluate(VARIABLES) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("tries + 1", 3), ("keys", "3"), ("keys + 0", 3), ("'a b'", "a b"), ("-1 - -2", 1), ("  7 ", 7)],
)
def test_what_a_value_is(text: str, expected: str | int) -> None:
    assert parse_value(text).evaluate(VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unset == 1", 'variable "unset" is not set'),
        ("name < 3", '"<" needs whole numbers, and variable "name" is none'),
        ("3 >= 'b'", '">=" needs whole numbers, and "b" is none'),
        ("1 == 1 - name", '"-" needs whole numbers, and variable "name" is none'),
        ("name + 1 == 1", '"+" needs whole numbers, and variable "name" is none'),
        ("empty > 0", '">" needs whole numbers, and variable "empty" is none'),
    ],
)
def test_what_has_no_value(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text).evaluate(VARIABLES)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("", "expected a value, found the end", 1),
        ("tries", 'expected "==", "!=", "<", "<=", ">" or ">=", found the end', 6),
        ("tries = 3", 'expected "==", found "="', 7),
        ("tries == 3 && keys == 1", 'expected "and", found "&&"', 12),
        ("!tries == 3", 'expected "not", found "!"', 1),
        ("tries <> 3", 'expected a value, found ">"', 8),
        ("tries == 3 keys", 'expected "and", "or" or the end, found "keys"', 12),
        ("1 < tries < 3", 'only two values can be compared: unexpected "<"', 11),
        ("tries == 'abc", "the text that begins here has no closing '", 10),
        ("tries == 3.5", 'unexpected "."', 11),
        ("(tries == 3", 'expected ")", found the end', 12),
        ("tries == and", 'expected a value, found "and"', 10),
        ("tries == 3)", 'expected "and", "or" or the end, found ")"', 11),
        ("(" * 40 + "a == 1" + ")" * 40, "the expression is nested deeper than 30", 32),
        ("not " * 40 + "a == 1", "the expression is nested deeper than 30", 125),
        ("a == " + "1" * 600, "the expression has 605 characters. at most 500 are read", 501),
    ],
)
def test_what_is_no_condition(text: str, message: str, column: int) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_condition(text)
    assert (caught.value.message, caught.value.column) == (message, column)


def test_a_condition_is_no_value() -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_value("tries == 1")
    assert (caught.value.message, caught.value.column) == ('only two values can be compared: unexpected "=="', 7)


def test_names_come_with_their_columns() -> None:
    names = parse_condition("a == 1 or b + c > a")
    assert list(names.names()) == ["a", "b", "c", "a"]
    assert isinstance(names, Or)
    first = names.parts[0]
    assert isinstance(first, Comparison)
    assert first.left == Variable("a")
    assert isinstance(first.left, Variable)
    assert first.left.column == 1


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"'), max_size=5).map(Text)
LEAVES = st.one_of(TEXTS, st.integers(-99, 99).map(Number), st.sampled_from(["a", "tries", "anders", "nothing"]).map(Variable))
ADDED: st.SearchStrategy[Value] = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Sum,
        inner,
        st.lists(st.tuples(st.sampled_from("+-"), inner), min_size=1, max_size=2).map(tuple),
    ),
    max_leaves=4,
)
COMPARED = st.builds(Comparison, ADDED, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), ADDED)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARED,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)


@given(CONDITIONS)
def test_a_condition_reads_back_from_its_text(condition: Condition) -> None:
    text = str(condition)
    if len(text) <= 500:
        assert parse_condition(text) == condition


@given(st.text(max_size=40) | st.text("ab12'\"()<>=!+- andort", max_size=40))
def test_any_text_is_a_condition_or_a_clear_mistake(text: str) -> None:
    try:
        condition = parse_condition(text)
    except ExpressionSyntaxError as error:
        column = error.column
    else:
        column = 1
        assert parse_condition(str(condition)) == condition
    assert 1 <= column <= len(text) + 1
