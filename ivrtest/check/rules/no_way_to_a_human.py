"""The rule `no-way-to-a-human`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import called_flows, may_return
from ivrtest.check.effort import PERSON, Ways, cheapest, effort_of, keys_of, starts
from ivrtest.check.keys import LISTENING
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class NoWayToAHuman(Rule):
    """What it does
        Reports a flow that asks callers something and from which none of them reaches a person: no transfer, no queue, no call back, no
        voicemail. Where the flow sets a limit, as in policy: {keys_to_a_person: 3, seconds_to_a_person: 60s}, it also reports a nearest
        person who is farther away: by the keys that it takes, or by the prompts that a caller hears who waits for the end of each.

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
        if kinds & LISTENING and not PERSON & (kinds | inner):
            yield self.finding(
                flow.span,
                f'no caller of flow "{flow.name}" reaches a person. add a transfer, a queue, a callback or a voicemail, and a key to it',
            )
        elif PERSON & kinds and not PERSON & inner:
            yield from self._too_far(flow, context, states)

    def _too_far(self, flow: Flow, context: CheckContext, states: States) -> Iterator[Finding]:
        most_keys, most_s = flow.policy.keys_to_a_person, flow.policy.seconds_to_a_person
        if most_keys is not None:
            costs, ways = cheapest(states, starts(states), lambda step: keys_of(flow.nodes[step.origin.node], step))
            nearest = _nearest(flow, costs)
            if costs[nearest] > most_keys:
                yield self._far(flow, states, ways, nearest, f"{costs[nearest]:.0f} keys", f"{most_keys}")
        if most_s is not None:
            costs, ways = cheapest(states, starts(states), lambda step: effort_of(flow, context, step).seconds)
            nearest = _nearest(flow, costs)
            if costs[nearest] > most_s:
                yield self._far(flow, states, ways, nearest, f"{costs[nearest]:.0f} s", f"{most_s:g} s")

    def _far(self, flow: Flow, states: States, ways: Ways, nearest: State, far: str, most: str) -> Finding:
        return self.finding(
            flow.nodes[nearest.node].span,
            f'the nearest person is {far} away, in "{nearest.node}". the policy of flow "{flow.name}" allows {most}: lead there sooner',
            witness=states.witness_along(ways, nearest),
        )


def _nearest(flow: Flow, costs: dict[State, float]) -> State:
    return min((state for state in costs if flow.nodes[state.node].kind in PERSON), key=lambda state: costs[state])
