"""The rule `closed-without-alternative`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.naming import exit_of
from ivrtest.check.openings import hours_nodes
from ivrtest.check.rule import Rule
from ivrtest.check.states import States, Step
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
        states = context.states(flow)
        for node in hours_nodes(flow):
            told: set[str | None] = set()
            for way in node.exits():
                if way.label == "open" or way.target is None or way.target.node in told:
                    continue
                told.add(way.target.node)
                steps = [step for state in states.at(node.id) for step in states.steps[state] if step.exit == way]
                if steps and all(_helpless(flow, states, step) for step in steps):
                    yield self.finding(
                        way.span,
                        f"{exit_of(node, way)} leads to nothing but the end of the call{_before(way)}. "
                        "offer a voicemail, a callback, a message or another number",
                        witness=states.witness_of_exit(node.id, way),
                    )


def _helpless(flow: Flow, states: States, step: Step) -> bool:
    """Tell whether a caller who takes `step` is only talked to until the call ends."""
    if step.arrival is None:
        return False
    reached = led_to(states, (step.arrival,), lambda step: True)
    kinds = {flow.nodes[state.node].kind for state in reached}
    leaves = any(onward.arrival is None for state in reached for onward in states.steps[state])
    return "hang_up" in kinds and kinds <= _NO_HELP and not leaves


def _before(way: Exit) -> str:
    return f', in "{way.target.node}"' if way.target is not None else ""
