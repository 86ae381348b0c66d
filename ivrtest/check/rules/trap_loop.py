"""The rule `trap-loop`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.circles import circle, leading_to, led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called, route
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class TrapLoop(Rule):
    """What it does
        Reports a part of the flow that nobody leaves: no key, no outcome and no silence leads to a person or to an end of the call.

    Why it matters
        The caller goes round in a circle, and the only way out is to hang up.

    Example
        account:
          menu: {prompt: account_menu, keys: {"1": orders}, attempts: 3, exhausted: orders}
        orders:
          announce: {prompt: orders, goto: account}

    Instead
        account:
          menu: {prompt: account_menu, keys: {"1": orders, "0": operator}, attempts: 3, exhausted: operator}
    """

    name = "trap-loop"
    severity = Severity.ERROR
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        safe = leading_to(states, states.ends, lambda step: True)
        inside: set[str] = set()
        for state in states.steps:
            if state in safe or state.node in inside:
                continue
            reached = led_to(states, (state,), lambda step: True)
            inside.update(here.node for here in reached)
            round_ = circle(states, state, lambda step: True)
            yield self.finding(
                flow.nodes[state.node].span,
                f"no caller gets out of {called(flow.nodes[state.node])} again: {route(round_)}. "
                "let a key or an outcome there lead to a person or to the end",
                witness=states.witness(state),
            )
