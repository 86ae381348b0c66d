"""The rule `self-loop-key`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import announced_by
from ivrtest.check.naming import exit_of
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class SelfLoopKey(Rule):
    """What it does
        Reports a menu key that leads to the same menu and changes nothing.

    Why it matters
        The caller chose something and hears the same question again. Her attempts are counted from the start each time, too.

    Example
        menu: {prompt: main_menu, keys: {"1": sales, "9": main}}

    Instead
        menu: {prompt: main_menu, keys: {"1": sales}, repeat: "9"}
    """

    name = "self-loop-key"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Menu):
                continue
            for way in node.ways:
                if way.key is None or way.target is None or way.target.node != node.id or way.target.sets:
                    continue
                if any(said.key == way.key and said.language for said in announced_by(node, flow)):
                    continue  # A choice of language without effect is told of by that rule.
                yield self.finding(
                    way.target.span,
                    f'{exit_of(node, way)} leads back to "{node.id}" and changes nothing. '
                    f'to say the menu again write {{repeat: "{way.key}"}}, otherwise name the node that was meant',
                    witness=states.witness_of_exit(node.id, way),
                )
