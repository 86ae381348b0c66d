"""The rule `no-way-back-to-language-choice`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.choices import is_choice, options
from ivrtest.check.circles import leading_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import by_the_caller
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.states import Step
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity

_HELP = frozenset({"transfer", "queue", "callback", "voicemail", "call_flow"})
"""Node types in which somebody may speak her language, or that lead where this flow does not tell."""


class NoWayBackToLanguageChoice(Rule):
    """What it does
        Reports a choice of language that cannot be made again, where a caller who then presses nothing does not come to a person either.

    Why it matters
        A caller who pressed the wrong key understands nothing from then on, so she cannot press the right one. She can only hang up.

    Example
        main:
          menu: {prompt: main_menu, keys: {"1": opening_hours}, attempts: 3, exhausted: goodbye}

    Instead
        main:
          menu: {prompt: main_menu, keys: {"1": opening_hours, "*": language}, attempts: 3, exhausted: goodbye}
    """

    name = "no-way-back-to-language-choice"
    severity = Severity.INFO
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        choices = {node.id for node in flow.nodes.values() if is_choice(flow, node)}
        if not choices:
            return
        states = context.states(flow)

        def silent(step: Step) -> bool:
            return not by_the_caller(flow.nodes[step.origin.node], step.exit)

        back = leading_to(states, lambda state: state.node in choices, lambda step: True)
        helped = leading_to(states, lambda state: flow.nodes[state.node].kind in _HELP, silent)
        for choice in choices:
            keys = {option.exit.key for option in options(flow, flow.nodes[choice])}
            for step in (step for state in states.at(choice) for step in states.steps[state] if step.exit.key in keys):
                if step.arrival is None or step.arrival in back or step.arrival in helped:
                    continue
                yield self.finding(
                    flow.nodes[choice].span,
                    f"a caller who presses the wrong key in {called(flow.nodes[choice])} cannot choose her language again, and no person "
                    f'helps her when she presses nothing. let a key of a later menu lead to "{choice}", or silence to a person',
                    witness=states.witness(step),
                )
                break
