"""The rule `barge-in-off-on-long-menu`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import spoken_length
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class BargeInOffOnLongMenu(Rule):
    """What it does
        Reports a menu of more than five seconds that callers cannot interrupt. Its recording tells how long it is, or else its words.

    Why it matters
        Who has heard it before must hear all of it again, and keys that she presses meanwhile are lost, so she presses them twice.

    Example
        menu: {prompt: main_menu, barge_in: false, keys: {"1": orders, "2": returns}, attempts: 3, exhausted: operator}

    Instead
        menu: {prompt: main_menu, keys: {"1": orders, "2": returns}, attempts: 3, exhausted: operator}
    """

    name = "barge-in-off-on-long-menu"
    severity = Severity.WARNING

    longest_s = 5.0

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Menu) or node.barge_in:
                continue
            for state in states.at(node.id):
                length = spoken_length(node.prompt, flow, state.language, context)
                if length is not None and length.exceeds(self.longest_s):
                    yield self.finding(
                        node.span,
                        f'{called(node)} cannot be interrupted and {length} in "{state.language}". allow barge_in, or say less',
                        witness=states.witness(state),
                    )
                    break
