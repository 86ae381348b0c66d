"""The rule `double-ask`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import set_by
from ivrtest.check.effort import starts
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.finding import Finding, Related, Severity


class DoubleAsk(Rule):
    """What it does
        Reports a second node that asks for what the caller has entered, on a way on which nothing failed: what she entered was taken, and
        she chose something from a menu after it. Variables tell what is the same: both nodes collect into one. A node
        that some callers come to without having entered it is left alone.

    Why it matters
        The caller enters sixteen digits again that you have already, and wonders whether anybody listens.

    Example
        pay:
          collect: {prompt: ask_account, into: account, goto: amount}  # callers come from "balance", which has asked for it

    Instead
        keys: {"1": amount}  # in the menu that led to "pay"
    """

    name = "double-ask"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        asking: dict[str, list[Collect]] = {}
        for node in flow.nodes.values():
            if isinstance(node, Collect):
                asking.setdefault(node.into, []).append(node)
        states = context.states(flow)
        for variable, nodes in asking.items():
            if len(nodes) > 1:
                yield from self._asked_again(flow, states, variable, nodes)

    def _asked_again(self, flow: Flow, states: States, variable: str, nodes: list[Collect]) -> Iterator[Finding]:
        ids = {node.id for node in nodes}

        def keeps(step: Step) -> bool:
            """Tell whether the value is kept on this step, and nothing went wrong."""
            node = flow.nodes[step.origin.node]
            if node.id in ids or variable in set_by(node) or (step.exit.target and variable in step.exit.target.sets):
                return False
            return step.exit.cause not in ("no_input", "no_match", "attempts") and step.exit.label not in _FAILURES

        def elsewhere(step: Step) -> bool:
            """Tell whether the step is on a way on which nothing was entered yet."""
            return not (step.origin.node in ids and step.exit.label == "entered")

        first_asked = {state.node for state in led_to(states, starts(states), elsewhere)}
        entered = {
            step.arrival: node
            for node in nodes
            for state in states.at(node.id)
            for step in states.steps[state]
            if step.exit.label == "entered" and step.arrival is not None and not _resets(step, variable)
        }
        taken = led_to(states, entered, keeps)
        # A key in a menu shows that the flow went on with what was entered.
        chosen = {
            step.arrival: state
            for state in taken
            if flow.nodes[state.node].kind == "menu"
            for step in states.steps[state]
            if step.exit.cause == "key" and step.arrival is not None and keeps(step)
        }
        again = led_to(states, chosen, keeps)
        repeated = ids - first_asked
        told: set[str] = set()
        for state in again:
            if state.node not in repeated or state.node in told:
                continue
            first = entered[_begin(taken, chosen[_begin(again, state)])]
            if first.id != state.node:
                told.add(state.node)
                second = flow.nodes[state.node]
                yield self.finding(
                    second.span,
                    f'{called(second)} asks for "{variable}" again, which every caller has entered before, as in "{first.id}". '
                    "go on without it",
                    related=(Related("it was entered here", first.span),),
                    witness=states.witness(state),
                )


def _begin(ways: Mapping[State, Step | None], state: State) -> State:
    """Return where the way to `state` begins."""
    while (step := ways[state]) is not None:
        state = step.origin
    return state


_FAILURES = frozenset({"failed", "timed out", "busy", "no answer", "overflow", "no agents", "unknown", "invalid", "not found", "wrong"})


def _resets(step: Step, variable: str) -> bool:
    return step.exit.target is not None and variable in step.exit.target.sets
