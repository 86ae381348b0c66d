"""The rule `key-conflict`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import DIGITS
from ivrtest.check.naming import exit_of
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.finding import Finding, Severity


class KeyConflict(Rule):
    """What it does
        Reports a digit that leads out of a `collect` and may as well begin the number that is asked for.

    Why it matters
        A caller whose number begins with that digit is led elsewhere at the first key, and cannot enter it at all.

    Example
        collect: {prompt: ask_account, into: account, keys: {"0": operator}, goto: find}

    Instead
        collect: {prompt: ask_account, into: account, keys: {"*": operator}, goto: find}
    """

    name = "key-conflict"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            # A pattern is taken to leave the digit out on purpose.
            if not isinstance(node, Collect) or node.valid.pattern is not None:
                continue
            for way in node.exits():
                if way.cause == "key" and way.key in DIGITS:
                    yield self.finding(
                        way.span,
                        f'{exit_of(node, way)} leads away, so no number that begins with "{way.key}" can be entered. '
                        'take "*" for it, or say in a pattern which numbers are valid',
                    )
