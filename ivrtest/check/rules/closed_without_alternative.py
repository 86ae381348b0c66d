"""The rule `closed-without-alternative`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.circles import leading_to
from ivrtest.check.context import CheckContext
from ivrtest.check.naming import exit_of
from ivrtest.check.openings import hours_nodes
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States
from ivrtest.flow.model import Exit, Flow
from ivrtest.source.finding import Finding, Severity

_NO_HELP = frozenset({"announce", "set", "branch", "hours", "hang_up"})
"""Node types that leave a caller with nothing in hand but what she has heard."""


class ClosedWithoutAlternative(Rule):
    """What it does
        Reports opening hours outside of which callers can do nothing: whatever follows `closed` or `holiday` ends the call, with no
        message to leave, no call back, no key and no one else to speak to.

    Why it matters
        The caller must remember to call again, at a time that suits you, and tell it all from the start. Many call somebody else.

    Example
        closed:
          hang_up: {prompt: we_are_closed}

    Instead
        closed:
          voicemail: {greeting: closed_leave_a_message, recorded: goodbye, empty: goodbye}
    """

    name = "closed-without-alternative"
    severity = Severity.WARNING
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if not any(True for _ in hours_nodes(flow)):
            return
        states = context.states(flow)
        helped = leading_to(states, lambda state: _helps(flow, states, state), lambda step: True)
        ended = leading_to(states, lambda state: flow.nodes[state.node].kind == "hang_up", lambda step: True)
        for node in hours_nodes(flow):
            told: set[str | None] = set()
            for way in node.ways:
                if way.label == "open" or way.target is None or way.target.node in told:
                    continue
                told.add(way.target.node)
                steps = [step for state in states.at(node.id) for step in states.steps[state] if step.exit == way]
                if steps and all(step.arrival in ended and step.arrival not in helped for step in steps):
                    yield self.finding(
                        way.span,
                        f"{exit_of(node, way)} leads to nothing but the end of the call{_before(way)}. "
                        "offer a voicemail, a callback, a message or another number",
                        witness=states.witness_of_exit(node.id, way),
                    )


def _helps(flow: Flow, states: States, state: State) -> bool:
    """Tell whether a caller in this state can do something, or leaves the flow."""
    return flow.nodes[state.node].kind not in _NO_HELP or any(step.arrival is None for step in states.steps[state])


def _before(way: Exit) -> str:
    return f', in "{way.target.node}"' if way.target is not None else ""
