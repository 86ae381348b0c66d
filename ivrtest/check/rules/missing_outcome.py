"""The rule `missing-outcome`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import may_return, targets
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import did_you_mean, listed
from ivrtest.check.states import States
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.source.finding import Finding, Severity

ANSWERED_BY_THE_CALLER = frozenset({"collect", "survey"})
"""Node types whose outcomes are what the caller does: undeclared ones belong to `dead-end`."""


class MissingOutcome(Rule):
    """What it does
        Reports an outcome that can happen and that the flow has no answer to: a lookup that fails or times out, a transfer that is
        busy, a queue that is full, a called flow that returns something else. For called flows also an outcome that never comes.

    Why it matters
        On the day when it happens, every caller is cut off there, and that day is a busy one.

    Example
        lookup: {name: order, outcomes: {found: order_sent}}

    Instead
        lookup: {name: order, outcomes: {found: order_sent}, failed: operator, timed_out: operator}
    """

    name = "missing-outcome"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if isinstance(node, CallFlow):
                yield from self._call(node, context, states)
                continue
            if node.kind in ANSWERED_BY_THE_CALLER:
                continue
            for way in node.ways:
                if way.target is None and way.cause == "outcome":
                    field = way.label.replace(" ", "_")
                    yield self.finding(
                        way.span,
                        f'{called(node)} has no answer to "{way.label}": the caller is cut off then. add it, such as {{{field}: operator}}',
                        witness=states.witness_of_exit(node.id, way),
                    )

    def _call(self, node: CallFlow, context: CheckContext, states: States) -> Iterator[Finding]:
        inner = context.flow(node.flow)
        if inner is None:
            return
        witness = states.witness_at(node.id)
        if not may_return(inner):
            message = f'flow "{node.flow}" never returns, so nothing follows {called(node)}. let it return where the caller is to go on'
            yield self.finding(node.flow_span, message, witness=witness)
            return
        returned = dict.fromkeys(_returned(inner))
        for outcome in returned:
            if outcome is None and node.goto is None:
                yield self.finding(
                    node.span,
                    f'flow "{node.flow}" can return without an outcome, and {called(node)} has no "goto" for that. '
                    "the caller is cut off then. add it, such as {goto: operator}",
                    witness=witness,
                )
            elif outcome is not None and outcome not in node.outcomes:
                yield self.finding(
                    node.span,
                    f'flow "{node.flow}" can return "{outcome}", and {called(node)} has no such outcome. '
                    f"the caller is cut off then. add it, such as {{{outcome}: operator}}",
                    witness=witness,
                )
        names = [outcome for outcome in returned if outcome is not None]
        for outcome, target in node.outcomes.items():
            if outcome not in returned:
                there_are = (
                    did_you_mean(outcome, names) or f". it returns {listed(names)}" if names else ". it names no outcome when it returns"
                )
                message = f'flow "{node.flow}" never returns "{outcome}", which {called(node)} waits for{there_are}'
                yield self.finding(target.span, message, severity=Severity.WARNING)


def _returned(flow: Flow) -> Iterator[str | None]:
    for node in flow.nodes.values():
        yield from (target.outcome for target in targets(node) if target.node is None)
