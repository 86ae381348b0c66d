"""The readers against spoilt files and against what has made them fail before. `tests.fuzz.campaign` goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.campaign import executed
from tests.fuzz.strategies import spoilt
from tests.fuzz.targets import TARGETS, flow, scenario

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = sorted(path for target in TARGETS for path in (HERE / "corpus" / target).iterdir())
FLOWS = sorted((ROOT / "flows").glob("*.yaml")) + sorted((ROOT / "flows" / "broken").glob("*.yaml"))
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))


def data_of(paths: list[Path]) -> list[Any]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_made_a_reader_fail_no_longer_does(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@given(spoilt(data_of(FLOWS)))
@settings(max_examples=150, deadline=20_000)
def test_a_spoilt_flow_is_read_or_told_what_is_wrong(data: bytes) -> None:
    flow(data)


@given(spoilt(data_of(SCENARIOS)))
@settings(max_examples=150, deadline=20_000)
def test_a_spoilt_scenario_is_read_or_told_what_is_wrong(data: bytes) -> None:
    scenario(data)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_anything_is_told_what_is_wrong_with_it(data: bytes) -> None:
    for target in TARGETS.values():
        target(data)


def test_the_number_of_inputs_is_read_from_the_log() -> None:
    assert executed("stat::number_of_executed_units: 24160\nstat::average_exec_per_sec:     779\n") == 24160
    assert executed("INFO: Seed: 1\n") == 0
