"""The flows of the project: the good ones are clean, each broken one shows exactly its mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.flow.find import find_flows
from ivrtest.flow.model import Flow
from ivrtest.flow.read import load_flow
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.fixture(scope="module")
def good() -> dict[str, Flow]:
    found = {}
    for name, (file,) in find_flows(FLOWS).items():
        reading = load_flow(file.path)
        assert reading.findings == ()
        assert reading.flow is not None
        found[name] = reading.flow
    return found


@pytest.mark.parametrize("name", ["airline", "bank", "identify", "office"])
def test_a_good_flow_has_no_findings(name: str, good: dict[str, Flow]) -> None:
    assert check(good[name], CheckContext(flows=good)) == ()


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 12, 26), date(2027, 2, 1), date(2028, 2, 29), date(2040, 10, 5)], ids=str)
def test_a_good_flow_stays_good(today: date, good: dict[str, Flow]) -> None:
    for flow in good.values():
        assert check(flow, CheckContext(flows=good, today=today)) == ()


def test_the_good_flows_are_these(good: dict[str, Flow]) -> None:
    assert sorted(good) == ["airline", "bank", "identify", "office"]


def test_the_good_flows_use_every_node_type(good: dict[str, Flow]) -> None:
    from ivrtest.flow.nodes import NODE_TYPES

    used = {node.kind for flow in good.values() for node in flow.nodes.values()}
    assert used == {node_type.kind for node_type in NODE_TYPES}


def test_an_ordinary_office_fits_on_a_few_pages() -> None:
    assert len((FLOWS / "office.yaml").read_text(encoding="utf-8").splitlines()) < 150


@pytest.mark.parametrize("path", sorted((FLOWS / "broken").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_flow_shows_its_mistake_and_no_other(
    path: Path,
    load: Callable[[Path], tuple[Flow, CheckContext]],
    expected: Callable[[Source], list[object]],
    told: Callable[[tuple[Finding, ...]], list[object]],
) -> None:
    flow, context = load(path)
    wanted = expected(flow.span.source)
    assert wanted != []
    assert told(check(flow, context)) == wanted
    assert flow.name == path.stem


@pytest.mark.parametrize("path", sorted((FLOWS / "broken").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_mistake_of_a_broken_flow_is_an_error(path: Path, load: Callable[[Path], tuple[Flow, CheckContext]]) -> None:
    flow, context = load(path)
    assert Severity.ERROR in {finding.severity for finding in check(flow, context)}
