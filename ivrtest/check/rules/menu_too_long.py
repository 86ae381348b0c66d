"""The rule `menu-too-long`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class MenuTooLong(Rule):
    """What it does
        Reports a menu with more than five options; more than seven are an error. A key that repeats the menu is no option. The flow may
        set another limit: policy: {menu_options: 6}.

    Why it matters
        Callers keep three or four options in mind. Past that they forget the first ones, wait for the end, and press anything.

    Example
        keys: {"1": a, "2": b, "3": c, "4": d, "5": e, "6": f}

    Instead
        keys: {"1": a, "2": b, "3": c, "4": more}
    """

    name = "menu-too-long"
    severity = Severity.WARNING

    far_too_many = 7
    """More than these are an error. What can be kept in mind ends there at the latest (G. Miller, Psychological Review 63 (1956))."""

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        most = flow.policy.menu_options
        for node in flow.nodes.values():
            if isinstance(node, Menu) and len(node.keys) > most:
                severity = Severity.ERROR if len(node.keys) > max(self.far_too_many, most) else Severity.WARNING
                message = f"{called(node)} has {len(node.keys)} options. callers remember {most} at most: put some into a menu of their own"
                yield self.finding(node.span, message, severity=severity)
