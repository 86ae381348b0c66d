"""The compiled schemas give the library's verdict, whatever is done to a file; what they do not know they refuse."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

import ivrtest
from ivrtest.source.shape import _inlined, load_schema
from ivrtest.source.verdict import UnknownKeywordError, compiled
from ivrtest.source.yaml import read_document, read_source

PACKAGE = Path(ivrtest.__file__).parent
HERE = Path(__file__).parent
CASES = [
    (load_schema(PACKAGE / "flow" / "flow.schema.json"), read_document(read_source(HERE / "every_node.yaml")).data),
    (load_schema(PACKAGE / "scenario" / "scenario.schema.json"), read_document(read_source(HERE / "every_step.yaml")).data),
]
COMPILED = [compiled(_inlined(schema, schema["$defs"])) for schema, _ in CASES]
VALUES = st.recursive(
    st.sampled_from([None, True, False, -1, 0, 1, 7, 100, 1.5, "", "x", "X y", "12", "5s", "5s\n", "none", "#", "return", "en", "flow/1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["goto", "set", "prompt", "keys", "1", "then", "menu", "x", "X", "digits", "to"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[int, Any]:
    """One of the schemas, and data that was right before something was put in, taken out or added somewhere."""
    which = draw(st.integers(0, len(CASES) - 1))
    data = copy.deepcopy(CASES[which][1])
    for _ in range(draw(st.integers(0, 2))):
        around: Any = data
        while True:
            keys = list(around) if isinstance(around, dict) else list(range(len(around)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = around[key]
            if isinstance(inner, dict | list) and inner and draw(st.integers(0, 3)):
                around = inner
                continue
            change = draw(st.sampled_from(["replace", "delete", "add"]))
            if change == "delete":
                del around[key]
            elif change == "add" and isinstance(around, dict):
                around[draw(st.sampled_from(["extra", "goto", "then", "repeat", "menu", "9"]))] = draw(VALUES)
            else:
                around[key] = draw(VALUES)
            break
    return which, data


@given(mutated())
@settings(max_examples=300, deadline=None)
def test_the_verdict_is_the_librarys(case: tuple[int, Any]) -> None:
    which, data = case
    assert COMPILED[which](data) == Draft202012Validator(CASES[which][0]).is_valid(data)


@pytest.mark.parametrize(
    ("schema", "data", "fits"),
    [
        ({"enum": [1, True]}, 1.0, True),
        ({"enum": [1]}, True, False),
        ({"const": {"a": [0]}}, {"a": [False]}, False),
        ({"const": {"a": [0]}}, {"a": [0]}, True),
        ({"type": "integer"}, 1.0, False),
        ({"type": ["number", "null"]}, None, True),
        ({"uniqueItems": True}, [1, True, "1"], True),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1}], False),
        ({"oneOf": [{"required": ["a"]}]}, 7, True),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, False),
        ({"not": {"type": "string"}}, "x", False),
        ({"if": {"type": "string"}, "then": False}, "x", False),
        ({"if": {"type": "string"}, "else": {"minimum": 3}}, 2, False),
        ({"properties": {"a": True}, "additionalProperties": False}, {"b": 1}, False),
        ({"anyOf": [{"maxLength": 1}, {"pattern": "^a"}]}, "bb", False),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, False),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, False),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 3}, 1, False),
        (True, 1, True),
        (False, 1, False),
    ],
)
def test_single_keywords(schema: Any, data: Any, fits: bool) -> None:
    assert compiled(schema)(data) is fits


def test_a_keyword_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownKeywordError, match='the keyword "contains" is not known'):
        compiled({"properties": {"a": {"contains": {}}}})
