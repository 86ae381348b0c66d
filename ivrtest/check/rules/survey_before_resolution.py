"""The rule `survey-before-resolution`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effort import PERSON, SERVED, starts
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity

_DOING = SERVED - {"survey"}


class SurveyBeforeResolution(Rule):
    """What it does
        Reports a survey that callers come to before anything was done for them, and after which they go on to a person.

    Why it matters
        The caller is asked how she was served when she was not served yet. She is angry, and the answers say nothing.

    Example
        main:
          survey: {questions: [{name: easy, prompt: how_easy}], done: agents}

    Instead
        agents:
          queue: {name: agents, answered: survey, overflow: voicemail, no_agents: voicemail}
    """

    name = "survey-before-resolution"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if not any(node.kind == "survey" for node in flow.nodes.values()):
            return
        states = context.states(flow)
        told: set[str] = set()
        unserved = led_to(states, starts(states), lambda step: flow.nodes[step.origin.node].kind not in _DOING)
        for state in unserved:
            node = flow.nodes[state.node]
            if node.kind != "survey" or node.id in told:
                continue
            for step in states.steps[state]:
                after = led_to(states, (step.arrival,), lambda step: True) if step.arrival and step.exit.label == "done" else {}
                if person := next((other.node for other in after if flow.nodes[other.node].kind in PERSON), None):
                    told.add(node.id)
                    yield self.finding(
                        node.span,
                        f'{called(node)} asks callers for whom nothing was done yet: they reach "{person}" after it. ask at the end',
                        witness=states.witness_along(unserved, state),
                    )
