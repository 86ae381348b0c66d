"""The rule `recursive-call-flow`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called, route
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.source.finding import Finding, Severity


class RecursiveCallFlow(Rule):
    """What it does
        Reports a flow that calls itself, directly or through others.

    Why it matters
        Each round leaves one more return open. Platforms bound that, and the caller who reaches the bound is cut off.

    Example
        name: identify
        ...
        try_again:
          call_flow: {flow: identify, outcomes: {known: main}}

    Instead
        Go to the flow's first node with a plain target; `call_flow` is for another flow.
    """

    name = "recursive-call-flow"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, CallFlow):
                continue
            round_ = _way_back(node.flow, flow.name, context)
            if round_ is None:
                continue
            witness = states.witness_at(node.id)
            yield self.finding(
                node.flow_span,
                f"{called(node)} calls the flow that it is in: {route((flow.name, *round_))}. "
                "each round leaves a return open. go back with a plain target or with return",
                witness=witness,
            )


def _way_back(start: str, goal: str, context: CheckContext) -> tuple[str, ...] | None:
    """Return the flows from `start` to `goal` along their calls, both included, or None."""
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    waiting = [start]
    for name in waiting:
        if name == goal:
            return ways[name]
        inner = context.flow(name)
        for node in inner.nodes.values() if inner else ():
            if isinstance(node, CallFlow) and node.flow not in ways:
                ways[node.flow] = (*ways[name], node.flow)
                waiting.append(node.flow)
    return None
