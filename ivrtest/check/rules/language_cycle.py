"""The rule `language-cycle`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.choices import chosen, is_choice
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import by_the_caller
from ivrtest.check.naming import exit_of
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Related, Severity


class LanguageCycle(Rule):
    """What it does
        Reports a way that leads callers back to the choice of language who have chosen already and did not ask for it.

    Why it matters
        The caller is asked what she has answered, and everything else that she entered may be asked again, too.

    Example
        opening_hours:
          announce: {prompt: opening_hours, goto: language}

    Instead
        opening_hours:
          announce: {prompt: opening_hours, goto: main}
    """

    name = "language-cycle"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        choices = {node.id for node in flow.nodes.values() if is_choice(flow, node)}
        told: set[tuple[str, str]] = set()
        for state in chosen(flow, states):
            node = flow.nodes[state.node]
            for step in states.steps[state]:
                arrival = step.arrival
                if arrival is None or arrival.node not in choices or node.id in choices or by_the_caller(node, step.exit):
                    continue
                if (node.id, step.exit.label) in told:
                    continue
                told.add((node.id, step.exit.label))
                yield self.finding(
                    step.exit.span,
                    f'{exit_of(node, step.exit)} leads back to the choice of language in "{arrival.node}", '
                    f'although the caller has chosen "{state.language}". go on to a node after the choice',
                    related=(Related("the language is chosen here", flow.nodes[arrival.node].span),),
                    witness=states.witness(step),
                )
