"""The rule `flow-file-outside-root`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.source.file import OUTSIDE
from ivrtest.source.finding import Finding, Severity


class FlowFileOutsideRoot(Rule):
    """What it does
        Reports a flow, a recording or a folder of recordings that lies outside of the flow's folder, because a link leads there. A flow
        file that does so is not read at all. What is written in a flow cannot name a place outside of it.

    Why it matters
        Wherever the folder is copied to, callers hear silence there, or what somebody else has put in that place. And what belongs to
        somebody else, and lies where the link leads, gets into reports.

    Example
        flows/prompts/shop/en/welcome.wav -> /home/ann/welcome.wav

    Instead
        Keep a copy of the recording in the flow's folder of prompts.
    """

    name = OUTSIDE
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            wrong = context.unread.get(node.flow) if isinstance(node, CallFlow) else None
            if isinstance(node, CallFlow) and wrong is not None and wrong.rule == self.name:
                message = f'{called(node)} calls flow "{node.flow}", and {wrong.message}. copy it there'
                yield self.finding(node.flow_span, message, witness=context.states(flow).witness_at(node.id))
        for stray in context.strays:
            message, span = stray.told(flow)
            yield self.finding(span, message)
