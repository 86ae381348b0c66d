"""The rule `unbounded-retry`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.circles import circle, leading_to, led_to, round_trips
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import by_the_caller, may_end
from ivrtest.check.naming import called, route
from ivrtest.check.rule import Rule
from ivrtest.check.states import States, Step
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity

FAILURES = frozenset({"failed", "timed out", "busy", "no answer"})
_RETRIED = frozenset({"lookup", "transfer", "message"})


class UnboundedRetry(Rule):
    """What it does
        Reports a circle that goes on without the caller: one that she cannot leave by saying nothing, or in which something that
        fails is tried again and again.

    Why it matters
        A caller who has put the phone down keeps her line, and one of yours, for hours. While a system is down, every caller hears the
        same two sentences until she gives up.

    Example
        main:
          menu: {prompt: main_menu, keys: {"0": operator}, attempts: 3, exhausted: not_heard}
        not_heard:
          announce: {prompt: not_heard, goto: main}

    Instead
        main:
          menu: {prompt: main_menu, keys: {"0": operator}, attempts: 3, exhausted: operator}
    """

    name = "unbounded-retry"
    severity = Severity.ERROR
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        yield from self._silent(flow, states)
        yield from self._failing(flow, states)

    def _silent(self, flow: Flow, states: States) -> Iterator[Finding]:
        def silent(step: Step) -> bool:
            return not by_the_caller(flow.nodes[step.origin.node], step.exit)

        out = leading_to(
            states,
            lambda state: may_end(flow.nodes[state.node]) or any(step.arrival is None and silent(step) for step in states.steps[state]),
            silent,
        )
        stuck = [state for state in states.steps if state not in out]
        # Who cannot get out by any means is told of by trap-loop.
        free = leading_to(states, states.ends, lambda step: True) if stuck else frozenset()
        reported: set[str] = set()
        for state in stuck:
            if state not in free or state.node in reported:
                continue
            inside = led_to(states, (state,), silent)
            reported.update(here.node for here in inside)
            yield self.finding(
                flow.nodes[state.node].span,
                f"a caller who says nothing stays in {called(flow.nodes[state.node])} for ever: {route(circle(states, state, silent))}. "
                "let silence lead to a person or to the end",
                witness=states.witness(state),
            )

    def _failing(self, flow: Flow, states: States) -> Iterator[Finding]:
        def failing(step: Step) -> bool:
            return _failing_step(flow, step)

        told: set[str] = set()
        for state in round_trips(states, failing):
            node = flow.nodes[state.node]
            if node.kind not in _RETRIED or node.id in told:
                continue
            round_ = circle(states, state, failing)
            told.update(round_)
            yield self.finding(
                node.span,
                f"{called(node)} is tried again for ever while it fails: {route(round_)}. "
                "count the tries in a variable, and go on elsewhere after some",
                witness=states.witness(state),
            )


def _failing_step(flow: Flow, step: Step) -> bool:
    """Tell whether the step is taken without the caller while what is tried keeps failing."""
    if step.exit.cause in ("always", "branch"):
        return True
    return step.exit.label in FAILURES and flow.nodes[step.origin.node].kind in _RETRIED
