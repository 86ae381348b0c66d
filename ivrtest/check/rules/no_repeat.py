"""The rule `no-repeat`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class NoRepeat(Rule):
    """What it does
        Reports a menu without a key that repeats it, in a flow with policy: {repeat_key: true}; other flows are left alone, since silence
        repeats a menu, too. A key that leads back to its own menu counts.

    Why it matters
        A caller who was distracted has to guess, or to wait in silence until the menu is said again.

    Example
        policy: {repeat_key: true}
        ...
        menu: {prompt: main_menu, keys: {"1": orders, "2": returns}, attempts: 3, exhausted: operator}

    Instead
        menu: {prompt: main_menu, keys: {"1": orders, "2": returns}, repeat: "9", attempts: 3, exhausted: operator}
    """

    name = "no-repeat"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if not flow.policy.repeat_key:
            return
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Menu) or node.repeat or any(target.node == node.id for target in node.keys.values()):
                continue
            if states.at(node.id):
                message = f'{called(node)} has no key that repeats it, as the policy says. add one, such as {{repeat: "9"}}'
                yield self.finding(node.span, message, witness=states.witness_at(node.id))
