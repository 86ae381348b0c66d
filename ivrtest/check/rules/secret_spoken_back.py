"""The rule `secret-spoken-back`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import called_flows, expression_names, set_by, targets
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import DigitsRef, Flow, NumberRef
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.message import Message
from ivrtest.source.finding import Finding, Severity


class SecretSpokenBack(Rule):
    """What it does
        Reports a secret that is spoken to the caller or written into a message, the one that she entered or what is computed from it.

    Why it matters
        Others in the room hear her PIN, and so does every recording of the call.

    Example
        announce: {prompt: [you_entered, {digits: pin}], goto: main}

    Instead
        announce: {prompt: thank_you, goto: main}
    """

    name = "secret-spoken-back"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        secrets = _secrets(flow, context)
        for node in flow.nodes.values():
            for spoken in node.spoken():
                for part in spoken:
                    if isinstance(part, DigitsRef | NumberRef) and part.variable in secrets:
                        yield self.finding(
                            part.span, f'{called(node)} speaks "{part.variable}", which is secret. say that it was entered, and not what'
                        )
            if isinstance(node, Message):
                for name in dict.fromkeys(node.names()):
                    if name in secrets:
                        yield self.finding(node.span, f'{called(node)} writes "{name}", which is secret, into a message. take it out')


def _secrets(flow: Flow, context: CheckContext) -> set[str]:
    """Return the variables that hold secrets."""
    flows = (flow, *called_flows(flow, context.flows or {}).values())
    nodes = [node for one in flows for node in one.nodes.values()]
    secrets = {node.into for node in nodes if isinstance(node, Collect) and node.secret}
    copies = [
        (name, frozenset(expression_names(value)))
        for node in nodes
        for values in (set_by(node), *(target.sets for target in targets(node)))
        for name, value in values.items()
    ]
    while more := {name for name, read in copies if name not in secrets and not read.isdisjoint(secrets)}:
        secrets |= more
    return secrets
