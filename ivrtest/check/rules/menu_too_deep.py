"""The rule `menu-too-deep`."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator

from ivrtest.check.choices import is_choice
from ivrtest.check.context import CheckContext
from ivrtest.check.effort import SERVED, starts
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class MenuTooDeep(Rule):
    """What it does
        Reports a menu before which callers have been through three others, whatever they press, without anything being done for them. The
        choice of language is not counted. The flow may set another limit: policy: {menu_depth: 2}.

    Why it matters
        With each menu callers grow less sure that they are on the right way, and more of them press 0 or hang up.

    Example
        main -> "2" -> accounts -> "1" -> savings -> "3" -> old_savings -> "1" -> rates

    Instead
        main -> "2" -> savings -> "3" -> rates
    """

    name = "menu-too-deep"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        most = flow.policy.menu_depth
        states = context.states(flow)
        counted = {node.id for node in flow.nodes.values() if isinstance(node, Menu) and not is_choice(flow, node)}

        # Where something was done for the caller, a new matter begins.
        anew = [step.arrival for step in states.all_steps() if step.arrival is not None and flow.nodes[step.origin.node].kind in SERVED]
        depths = _depths(states, (*starts(states), *anew), counted)
        told: set[str] = set()
        for state in states.steps:
            if state.node not in counted or state.node in told:
                continue
            depth = min(depths[other] for other in states.at(state.node))
            # Those still deeper stand or fall with the first one.
            if depth == most:
                told.add(state.node)
                node = flow.nodes[state.node]
                yield self.finding(
                    node.span,
                    f"{called(node)} comes after {most} other menus. callers give up on the way: ask less, or put it nearer to the start",
                    witness=states.witness(state),
                )


def _depths(states: States, begin: Iterable[State], counted: Collection[str]) -> dict[State, int]:
    """Return through how many of the nodes in `counted` callers come at least to each state: breadth first, menu by menu."""
    depths: dict[State, int] = {}
    depth, near = 0, deque(begin)
    while near:
        far: deque[State] = deque()
        while near:
            state = near.popleft()
            if state in depths:
                continue
            depths[state] = depth
            following = far if state.node in counted else near
            following.extend(step.arrival for step in states.steps[state] if step.arrival is not None)
        depth, near = depth + 1, far
    return depths
