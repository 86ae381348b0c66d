"""The proof of the rules: the good flows, broken in every way that the operators know, and what is found then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.flow.find import find_flows
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.read import load_flow
from ivrtest.source.finding import Finding
from tests.check.mutation import OPERATORS, Mutant, Operator, mutants

pytestmark = pytest.mark.xdist_group("mutations")
"""One worker makes all mutants, once."""

FLOWS = Path(__file__).parents[2] / "flows"
ACCEPTED = frozenset({"prompt-too-long"})
"""Rules of taste, which the good flows may touch themselves. No operator is for them."""
LOWEST_SCORE = 0.95
"""Of the mutants of all operators, those which cannot be seen included."""


@pytest.fixture(scope="module")
def good() -> dict[str, Flow]:
    readings = {name: load_flow(file.path) for name, (file,) in find_flows(FLOWS).items()}
    return {name: reading.flow for name, reading in readings.items() if reading.flow is not None}


@pytest.fixture(scope="module")
def outcomes(good: dict[str, Flow]) -> list[tuple[str, Mutant, frozenset[str]]]:
    """Each mutant, and the rules that object to it and not to the flow that it was made from."""
    return [
        (name, mutant, frozenset(finding.rule for finding in _found(mutant, good) if finding.rule not in ACCEPTED))
        for name, flow in good.items()
        for mutant in mutants(flow)
    ]


def _found(mutant: Mutant, good: dict[str, Flow]) -> Iterator[Finding]:
    """Yield what is found in the flow, and in those that call it."""
    yield from mutant.reading.findings
    broken = mutant.reading.flow
    if broken is None:
        return
    flows = {**good, broken.name: broken}
    yield from check(broken, CheckContext(flows=flows, broken=mutant.reading.broken_nodes))
    for flow in good.values():
        if flow.name != broken.name and any(isinstance(node, CallFlow) and node.flow == broken.name for node in flow.nodes.values()):
            yield from check(flow, CheckContext(flows=flows))


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_every_mutant_that_can_be_seen_is_found(operator: Operator, outcomes: list[tuple[str, Mutant, frozenset[str]]]) -> None:
    mine = [(name, mutant.what, rules) for name, mutant, rules in outcomes if mutant.operator == operator]
    assert mine != [], "the good flows have nothing to which it applies"
    missed = [(name, what, rules) for name, what, rules in mine if not rules & operator.rules]
    assert [(name, what, sorted(rules)) for name, what, rules in missed if not operator.excuse(what)] == []
    excuses = {reason for _, reason in operator.blind}
    assert {operator.excuse(what) for _, what, _ in missed} == excuses, "all are found: take the excuse out"


def test_the_score(outcomes: list[tuple[str, Mutant, frozenset[str]]]) -> None:
    total = Counter(mutant.operator.name for _, mutant, _ in outcomes)
    killed = Counter(mutant.operator.name for _, mutant, rules in outcomes if rules)
    expected = Counter(mutant.operator.name for _, mutant, rules in outcomes if rules & mutant.operator.rules)
    for operator in OPERATORS:
        name = operator.name
        print(f"{name:32} {killed[name]:4} of {total[name]:4} found, {expected[name]:4} by the rule that is for it")
    for name, mutant, rules in outcomes:
        if not rules:
            print(f"not seen: {name}: {mutant.operator.name}: {mutant.what}: {mutant.operator.excuse(mutant.what)}")
    print(f"{killed.total()} of {total.total()} found")
    assert killed.total() / total.total() >= LOWEST_SCORE
