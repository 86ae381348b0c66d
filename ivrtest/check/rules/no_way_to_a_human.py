"""The rule `no-way-to-a-human`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import called_flows, may_return
from ivrtest.check.keys import LISTENING
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity

_HUMAN = frozenset({"transfer", "queue", "callback", "voicemail"})


class NoWayToAHuman(Rule):
    """What it does
        Reports a flow that asks callers something and from which none of them reaches a person: no transfer, no queue, no call back, no
        voicemail.

    Why it matters
        A caller with another question, or who cannot use the keys, has nobody to turn to.

    Example
        keys: {"1": opening_hours, "2": address}

    Instead
        keys: {"1": opening_hours, "2": address, "0": operator}
    """

    name = "no-way-to-a-human"
    severity = Severity.WARNING
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if may_return(flow):
            return  # The flow that called it goes on.
        states = context.states(flow)
        kinds = {flow.nodes[state.node].kind for state in states.steps}
        if "call_flow" in kinds and context.flows is None:
            return
        inner = {node.kind for called in called_flows(flow, context.flows or {}).values() for node in called.nodes.values()}
        if kinds & LISTENING and not _HUMAN & (kinds | inner):
            yield self.finding(
                flow.span,
                f'no caller of flow "{flow.name}" reaches a person. add a transfer, a queue, a callback or a voicemail, and a key to it',
            )
