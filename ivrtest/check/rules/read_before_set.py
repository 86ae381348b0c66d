"""The rule `read-before-set`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import GIVEN, called_flows, filled_by, may_return, set_by, written_by_flow
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.check.variables import Reading, readings
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.source.finding import Finding, Severity


class ReadBeforeSet(Rule):
    """What it does
        Reports a variable that is read where some callers come who never had it set. What the flow itself never sets is taken to come
        from lookups: one must have answered before. What a called flow reads is looked at in the flow that calls it, which may have set it.

    Why it matters
        The IVR cannot decide, or cannot say the number, and hangs up on the caller.

    Example
        nodes:
          another_try:
            branch: {cases: [{when: tries < 3, goto: account}], otherwise: operator}

    Instead
        variables: {tries: 0}
        nodes:
          another_try:
            branch: {cases: [{when: tries < 3, goto: account}], otherwise: operator}
    """

    name = "read-before-set"
    severity = Severity.ERROR
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if may_return(flow):
            return
        states = context.states(flow)
        setters = _Setters(flow, context.flows)
        needed = {
            node.id: _needed(node.flow, context, frozenset({flow.name})) for node in flow.nodes.values() if isinstance(node, CallFlow)
        }
        for name in sorted(context.read(flow).union(*needed.values()) - GIVEN - flow.variables.keys()):
            unset = _unset(states, setters, name)
            told: set[tuple[str, str]] = set()
            for state in unset:
                node = flow.nodes[state.node]
                if isinstance(node, CallFlow) and name in needed[node.id] and (node.id, "") not in told:
                    told.add((node.id, ""))
                    yield self.finding(
                        node.flow_span,
                        f'flow "{node.flow}" reads variable "{name}", and some callers come to {called(node)} before it is set. '
                        f'set it before the call, or give it a first value in "variables" of one of the two',
                        witness=states.witness_along(unset, state),
                    )
                for reading in readings(node):
                    if reading.variable != name or name in filled_by(node) or (node.id, reading.how) in told:
                        continue
                    if reading.exit is not None and name in set_by(node):
                        continue
                    told.add((node.id, reading.how))
                    yield self._finding(states, unset, state, node, reading)

    def _finding(self, states: States, unset: Mapping[State, Step | None], state: State, node: Node, reading: Reading) -> Finding:
        where = called(node) if reading.exit is None else exit_of(node, reading.exit)
        return self.finding(
            reading.span,
            f'variable "{reading.variable}" {reading.how} in {where}, and some callers come here before it is set. '
            'give it a first value in "variables", or set it on every way',
            witness=states.witness_along(unset, state),
        )


def _unset(states: States, setters: _Setters, name: str) -> dict[State, Step | None]:
    """Return the states that callers reach before variable `name` is set."""
    return led_to(states, list(states.steps)[:1], lambda step: not setters.may_set(step, name))


def _needed(name: str, context: CheckContext, above: frozenset[str]) -> frozenset[str]:
    """Return the variables that flow `name`, or one that it calls, reads on some way before it sets them. `above`: who calls it."""
    flow = context.flow(name)
    if flow is None or name in above:
        return frozenset()
    states, setters = context.states(flow), _Setters(flow, context.flows)
    found = set()
    inner = {node.id: _needed(node.flow, context, above | {name}) for node in flow.nodes.values() if isinstance(node, CallFlow)}
    for variable in context.read(flow).union(*inner.values()) - GIVEN - flow.variables.keys():
        for state in _unset(states, setters, variable):
            node = flow.nodes[state.node]
            if variable in inner.get(node.id, ()) or any(
                reading.variable == variable
                and variable not in filled_by(node)
                and not (reading.exit is not None and variable in set_by(node))
                for reading in readings(node)
            ):
                found.add(variable)
                break
    return frozenset(found)


class _Setters:
    """Which steps may set which variables."""

    def __init__(self, flow: Flow, flows: Mapping[str, Flow] | None) -> None:
        self.flow = flow
        self.flows = flows
        self.by_flow = written_by_flow(flow).keys() | {name for node in flow.nodes.values() for name in filled_by(node)}
        self.by_call: dict[str, frozenset[str] | None] = {}

    def may_set(self, step: Step, name: str) -> bool:
        node = self.flow.nodes[step.origin.node]
        if name in set_by(node) or (step.exit.target is not None and name in step.exit.target.sets):
            return True
        match node:
            case Lookup():
                return name not in self.by_flow and step.exit.label not in ("failed", "timed out")
            case CallFlow():
                inner = self._set_in(node.flow)
                return inner is None or name in inner
            case _:
                return name in filled_by(node) and step.exit.cause == "outcome"

    def _set_in(self, name: str) -> frozenset[str] | None:
        """Return what flow `name` may set; None if that may be anything, because it is not known or asks systems."""
        if name not in self.by_call:
            self.by_call[name] = self._worked_out(name)
        return self.by_call[name]

    def _worked_out(self, name: str) -> frozenset[str] | None:
        if self.flows is None or name not in self.flows:
            return None
        found: set[str] = set()
        for flow in (self.flows[name], *called_flows(self.flows[name], self.flows).values()):
            if any(isinstance(node, Lookup) for node in flow.nodes.values()):
                return None
            found |= written_by_flow(flow).keys() | flow.variables.keys()
            found.update(filled for node in flow.nodes.values() for filled in filled_by(node))
        return frozenset(found)
