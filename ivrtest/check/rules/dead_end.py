"""The rule `dead-end`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.rules.missing_outcome import ANSWERED_BY_THE_CALLER
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity

_CURES = {
    "no input": 'add "then" to "no_input", such as {then: operator}',
    "no match": 'add "then" to "no_match", such as {then: operator}',
    "attempts exhausted": 'add "exhausted", such as {exhausted: operator}',
    "then": 'add "goto"',
    "entered": 'add "goto"',
}
"""By the exit's label. Other exits are declared by a field of that name."""


class DeadEnd(Rule):
    """What it does
        Reports a step after which nothing is declared: a caller who presses nothing, or only wrong keys, or waits for what comes next.

    Why it matters
        The IVR has no answer and hangs up on a caller who may only have been slow.

    Example
        no_input: {after: 5s, retries: 2}

    Instead
        no_input: {after: 5s, retries: 2, then: operator}
    """

    name = "dead-end"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            for way in node.ways:
                by_the_caller = way.cause != "outcome" or node.kind in ANSWERED_BY_THE_CALLER
                if way.target is None and by_the_caller:
                    cure = _CURES.get(way.label, f'add "{way.label}"')
                    message = f'{called(node)} ends in nothing at "{way.label}": the caller is cut off there. {cure}'
                    yield self.finding(way.span, message, witness=states.witness_of_exit(node.id, way))
