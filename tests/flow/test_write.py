"""What is written reads back the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrtest.flow.model import Flow
from ivrtest.flow.read import load_flow, read_flow
from ivrtest.flow.write import write_flow
from ivrtest.source.text import Source

FLOWS = Path(__file__).parents[2] / "flows"


def reread(flow: Flow) -> Flow:
    reading = read_flow(Source("written.yaml", write_flow(flow)))
    assert [finding.message for finding in reading.findings] == []
    assert reading.flow is not None
    return reading.flow


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_flow_reads_back_equal(any_flow: st.SearchStrategy[Flow], placeless: Callable[[Any], Any], data: st.DataObject) -> None:
    flow = data.draw(any_flow)
    assert placeless(reread(flow)) == placeless(flow)


@pytest.mark.parametrize("path", sorted(FLOWS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_flows_read_back_equal(path: Path, placeless: Callable[[Any], Any]) -> None:
    flow = load_flow(path).flow
    assert flow is not None
    assert placeless(reread(flow)) == placeless(flow)


def test_what_a_written_flow_looks_like(make: Callable[[str], Flow]) -> None:
    flow = make(
        """\
  first:
    menu:
      prompt: hello
      keys: {"1": next, "*": {goto: other, set: {language: es}}}
      no_input: {after: 800ms, retries: 1}
"""
    )
    assert write_flow(flow) == (
        """\
ivrtest: flow/1
name: test
entry: first
languages: [en, es]
prompts:
  hello: {en: Hello, es: Hola}
  again: Again
  ask: Ask
  bye: Bye
  music: La
  english: {en: "Only English"}
nodes:
  first:
    menu:
      prompt: hello
      keys: {"1": next, "*": {set: {language: es}, goto: other}}
      no_input: {after: 800ms, retries: 1}
  next:
    hang_up: {}
  other:
    hang_up: {}
"""
    )
