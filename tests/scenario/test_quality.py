"""Limits for the quality of a call, and what is said of those that are none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.scenario.quality import MEASURES, Limit, parse_limit, told_value
from ivrtest.scenario.read import read_scenario, schema
from ivrtest.source.text import Source

HEAD = "ivrtest: scenario/1\nname: A caller\nflow: bank\nsteps: [hang_up]\n"
SPAN = Source("a.yaml", "x").whole()


def limits(text: str) -> dict[str, Limit]:
    reading = read_scenario(Source("a.yaml", HEAD + text))
    assert reading.findings == ()
    assert reading.scenario is not None
    return dict(reading.scenario.quality)


def told(text: str) -> list[str]:
    reading = read_scenario(Source("a.yaml", HEAD + text))
    return [f"{finding.span.line}:{finding.span.column} {finding.message}" for finding in reading.findings]


def test_limits_are_read_in_their_units() -> None:
    found = limits('quality: {mos: ">= 3.5", loss: "<=1%", answer_delay: "< 3s", response: "<= 800 ms", level: "> -36 dBov"}\n')
    assert {name: (limit.relation, limit.value) for name, limit in found.items()} == {
        "mos": (">=", 3.5),
        "loss": ("<=", 0.01),
        "answer_delay": ("<", 3.0),
        "response": ("<=", 0.8),
        "level": (">", -36.0),
    }
    assert str(found["loss"].span) == "a.yaml:5:32"


def test_a_scenario_has_no_limits_of_itself() -> None:
    assert limits("") == {}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{mos: "3.5"}', '5:16 "mos" is "3.5". it must be a limit such as ">= 3.5"'),
        ('{loss: "<= 1"}', '5:17 "loss" is "<= 1". it must be a limit such as "<= 1 %"'),
        ('{loss: "<= 120 %"}', '5:17 "loss" is "<= 120 %". it must be a limit such as "<= 1 %"'),
        ('{response: "<= 2 %"}', '5:21 "response" is "<= 2 %". it must be a limit such as "<= 2s"'),
        ('{response: "<= -2s"}', '5:21 "response" is "<= -2s". it must be a limit such as "<= 2s"'),
        ("{mos: 3.5}", '5:16 "mos" is the number "3.5". it must be a limit such as ">= 3.5"'),
        ('{los: "<= 1 %"}', '5:11 unknown key "los" in "quality". did you mean "loss"?'),
    ],
)
def test_what_is_no_limit_is_told(written: str, message: str) -> None:
    assert told(f"quality: {written}\n") == [message]


def test_the_schema_knows_every_measure_and_its_example() -> None:
    properties = schema()["properties"]["quality"]["properties"]
    assert list(properties) == list(MEASURES)
    for name, measure in MEASURES.items():
        assert re.search(properties[name]["pattern"], measure.example)
        assert isinstance(parse_limit(name, measure.example, SPAN), Limit)


@given(st.sampled_from(sorted(MEASURES)), st.text("<>=0123456789.% -spmdBov", max_size=12))
def test_what_the_schema_lets_pass_is_a_limit_or_out_of_range(name: str, text: str) -> None:
    pattern = schema()["properties"]["quality"]["properties"][name]["pattern"]
    if isinstance(parse_limit(name, text, SPAN), Limit):
        assert re.search(pattern, text)


@pytest.mark.parametrize(
    ("relation", "allowed"),
    [("<=", (True, True, False)), ("<", (True, False, False)), (">=", (False, True, True)), (">", (False, False, True))],
)
def test_relations(relation: str, allowed: tuple[bool, ...]) -> None:
    limit = parse_limit("mos", f"{relation} 3", SPAN)
    assert isinstance(limit, Limit)
    assert tuple(limit.allows(value) for value in (2.9, 3.0, 3.1)) == allowed


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("mos", 3.456, "3.46"),
        ("r_factor", 93.2, "93.2"),
        ("loss", 0.0123, "1.23 %"),
        ("response", 0.85, "850 ms"),
        ("response", 2.5, "2.50 s"),
        ("clock_drift", 41.7, "42 ppm"),
        ("level", -26.04, "-26.0 dBov"),
        ("echo_loss", 40.0, "40.0 dB"),
    ],
)
def test_values_as_people_read_them(measure: str, value: float, text: str) -> None:
    assert told_value(measure, value) == text
