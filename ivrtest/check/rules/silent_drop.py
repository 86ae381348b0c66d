"""The rule `silent-drop`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import may_return
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.hang_up import HangUpNode
from ivrtest.source.finding import Finding, Related, Severity

_SILENT = frozenset({"set", "branch", "hours", "call_flow"})
"""Node types that say nothing: what was heard before them is the last thing heard."""
_FULFILLED = frozenset({("announce", "then"), ("voicemail", "recorded"), ("survey", "done"), ("callback", "accepted"), ("message", "sent")})
"""Node types and exits after which a caller has been told, or has what she wanted."""


class SilentDrop(Rule):
    """What it does
        Reports a hang-up without a word, right after something did not work out, or the caller said nothing, or the call was answered.

    Why it matters
        The caller hears the line go dead, takes it for a fault, and calls again.

    Example
        transfer: {to: "+12025550199", busy: the_end, no_answer: the_end, failed: the_end}
        ...
        the_end:
          hang_up: {}

    Instead
        the_end:
          hang_up: {prompt: all_busy}
    """

    name = "silent-drop"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        silent = {node.id for node in flow.nodes.values() if isinstance(node, HangUpNode) and not node.prompt}
        told: set[str] = set()
        for end in _unheard_ends(flow, states, silent):
            told.add(end.id)
            message = f"{called(end)} ends the call before anything is said. say something first, such as {{hang_up: {{prompt: goodbye}}}}"
            yield self.finding(end.span, message, witness=states.witness_at(end.id))
        for step in states.all_steps():
            for end in _silent_ends(flow, states, step, silent - told):
                told.add(end.id)
                node = flow.nodes[step.origin.node]
                yield self.finding(
                    end.span,
                    f"{called(end)} ends the call without a word after {exit_of(node, step.exit)}. "
                    "say something first, such as {hang_up: {prompt: goodbye}}",
                    related=(Related("the caller comes from here", step.exit.span),),
                    witness=states.witness(step),
                )


def _silent_ends(flow: Flow, states: States, step: Step, silent: set[str]) -> Iterator[Node]:
    """Yield the hang-ups that follow `step` with nothing heard in between, if the caller has not been told before."""
    origin = flow.nodes[step.origin.node]
    if silent and step.arrival is not None and origin.kind not in _SILENT and (origin.kind, step.exit.label) not in _FULFILLED:
        yield from _ends_after(flow, states, step.arrival, silent)


def _unheard_ends(flow: Flow, states: States, silent: set[str]) -> Iterator[Node]:
    """Yield the hang-ups of callers who have heard nothing at all. What a flow that returns follows on is for its callers to say."""
    arrivals = states.at(flow.entry)
    if silent and arrivals and not may_return(flow):
        yield from _ends_after(flow, states, arrivals[0], silent)


def _ends_after(flow: Flow, states: States, arrival: State, silent: set[str]) -> Iterator[Node]:
    """Yield the hang-ups that follow with nothing heard in between."""
    seen: dict[State, None] = {arrival: None}
    waiting = [arrival]
    told: set[str] = set()
    while waiting:
        state = waiting.pop()
        node = flow.nodes[state.node]
        if node.id in silent and node.id not in told:
            told.add(node.id)
            yield node
        if node.kind in _SILENT:
            for onward in states.steps[state]:
                if onward.arrival is not None and onward.arrival not in seen:
                    seen[onward.arrival] = None
                    waiting.append(onward.arrival)
