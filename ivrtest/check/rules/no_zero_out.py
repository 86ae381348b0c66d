"""The rule `no-zero-out`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.choices import is_choice
from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import by_the_caller
from ivrtest.check.effort import PERSON
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.states import Step
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class NoZeroOut(Rule):
    """What it does
        Reports a menu whose key 0 does not lead to a person, in a flow with policy: {zero_reaches_a_person: true}; other flows are left
        alone. The choice of language is left out.

    Why it matters
        Callers who are lost press 0. Where it does nothing in one menu of many, they are told that they pressed a wrong key.

    Example
        policy: {zero_reaches_a_person: true}
        ...
        keys: {"1": orders, "2": returns}

    Instead
        keys: {"1": orders, "2": returns, "0": operator}
    """

    name = "no-zero-out"
    severity = Severity.WARNING
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if not flow.policy.zero_reaches_a_person:
            return
        states = context.states(flow)

        def alone(step: Step) -> bool:
            return not by_the_caller(flow.nodes[step.origin.node], step.exit)

        for node in flow.nodes.values():
            if not isinstance(node, Menu) or not states.at(node.id) or is_choice(flow, node):
                continue
            if "0" not in node.keys:
                yield self.finding(
                    node.span, f'{called(node)} has no key "0", which is to reach a person. add it', witness=states.witness_at(node.id)
                )
                continue
            for state in states.at(node.id):
                zero = next(step for step in states.steps[state] if step.exit.key == "0")
                if zero.arrival is None:
                    break  # Where a caller goes who leaves the flow is not known.
                reached = led_to(states, (zero.arrival,), alone)
                if not any(flow.nodes[other.node].kind in PERSON | {"call_flow"} for other in reached):
                    message = f'key "0" of {called(node)} does not reach a person, as the policy says. lead it to one'
                    yield self.finding(zero.exit.span, message, witness=states.witness(zero))
                    break
