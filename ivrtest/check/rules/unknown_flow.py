"""The rule `unknown-flow`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import did_you_mean
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.source.file import OUTSIDE
from ivrtest.source.finding import Finding, Related, Severity


class UnknownFlow(Rule):
    """What it does
        Reports a `call_flow` that names a flow which is not there, or whose file cannot be read.

    Why it matters
        The IVR has nowhere to go and hangs up on the caller.

    Example
        call_flow: {flow: identfy, outcomes: {known: main}}

    Instead
        call_flow: {flow: identify, outcomes: {known: main}}
    """

    name = "unknown-flow"
    severity = Severity.ERROR

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.flows is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        calls = [node for node in flow.nodes.values() if isinstance(node, CallFlow)]
        for node in calls:
            wrong = context.unread.get(node.flow)
            if wrong is not None and wrong.rule != OUTSIDE:
                yield self.finding(
                    node.flow_span,
                    f'{called(node)} calls flow "{node.flow}", and "{wrong.span.source.name}" cannot be read. put it right first',
                    related=(Related(wrong.message, wrong.span),),
                )
        if context.flows is None:
            return
        states = context.states(flow)
        known = context.flows.keys() | context.siblings
        for node in calls:
            if node.flow not in known:
                message = f'{called(node)} calls flow "{node.flow}", and no flow has that name{did_you_mean(node.flow, known)}'
                yield self.finding(node.flow_span, message, witness=states.witness_at(node.id))
