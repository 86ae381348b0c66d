"""The schema files of the package: good schemas, in agreement with the library that editors' ones are like, and with the examples."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

import ivrtest
from ivrtest.source.shape import load_schema, problems
from ivrtest.source.text import Source
from ivrtest.source.yaml import Document, read_document, read_source

PACKAGE = Path(ivrtest.__file__).parent
FLOW = load_schema(PACKAGE / "flow" / "flow.schema.json")
SCENARIO = load_schema(PACKAGE / "scenario" / "scenario.schema.json")
ROUTE = load_schema(PACKAGE / "run" / "route.schema.json")
HEARING = load_schema(PACKAGE / "run" / "hearing.schema.json")
SCHEMAS = [
    pytest.param(FLOW, id="flow"),
    pytest.param(SCENARIO, id="scenario"),
    pytest.param(ROUTE, id="route"),
    pytest.param(HEARING, id="hearing"),
]
HERE = Path(__file__).parent
FLOWS = sorted((PACKAGE.parent / "flows").glob("*.yaml"))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_is_a_good_one(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:ivrtest:")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_editors_can_explain_every_key(schema: dict[str, Any]) -> None:
    silent = [
        f"{where}/{key}"
        for where, properties in all_properties(schema)
        for key, about in properties.items()
        if not explained(about, schema)
    ]
    assert silent == []


def explained(about: Any, schema: dict[str, Any]) -> bool:
    if about is True or "propertyNames" in about:
        # Repeats a key that is explained beside it, to allow or restrict it.
        return True
    return "description" in about or "description" in schema["$defs"][about["$ref"].removeprefix("#/$defs/")]


def all_properties(schema: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield where, schema["properties"]
        for key, part in schema.items():
            yield from all_properties(part, f"{where}/{key}")
    elif isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from all_properties(part, f"{where}/{index}")


@pytest.mark.parametrize(("name", "schema"), [("every_node.yaml", FLOW), ("every_step.yaml", SCENARIO)])
def test_everything_that_can_be_written_is_allowed(name: str, schema: dict[str, Any]) -> None:
    document = read_document(read_source(HERE / name))
    assert [str(found.finding.message) for found in problems(document, schema)] == []
    assert document.findings == ()


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.name)
def test_the_example_flows_have_the_right_shape(path: Path) -> None:
    document = read_document(read_source(path))
    assert [f"{found.finding.span}: {found.finding.message}" for found in problems(document, FLOW)] == []
    assert document.findings == ()


def paths(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in entries:
        yield from paths(part, (*path, key))


EXAMPLES = [read_document(read_source(HERE / name)).data for name in ("every_node.yaml", "every_step.yaml")]
PLACES = [(schema, data, path) for schema, data in zip((FLOW, SCENARIO), EXAMPLES, strict=True) for path in paths(data)]
ODD = st.sampled_from([None, True, -1, 7, 1.5, "", "x", "X y", "12", "5s", [], ["x"], [1], {}, {"x": 1}, {"goto": "x"}, {"keys": "1"}])


@given(st.sampled_from(PLACES), st.sampled_from(["replace", "delete", "add"]), ODD)
def test_there_are_problems_exactly_where_the_library_finds_some(
    place: tuple[dict[str, Any], Any, tuple[str | int, ...]], change: str, odd: Any
) -> None:
    schema, data, path = place
    data = copy.deepcopy(data)
    around = data
    for step in path[:-1]:
        around = around[step]
    if change == "delete":
        del around[path[-1]]
    elif change == "add" and isinstance(around, dict):
        around["extra"] = odd
    else:
        around[path[-1]] = odd
    root = read_document(Source("a", "a: 1"))._root
    found = problems(Document(Source("a", "a: 1"), data, (), root), schema)
    assert (found == ()) == Draft202012Validator(schema).is_valid(data)
    assert not any("something else" in problem.finding.message for problem in found)
