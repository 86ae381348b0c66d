"""The rule `key-conflict`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import DIGITS
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.finding import Finding, Severity


class KeyConflict(Rule):
    """What it does
        Reports a key that leads out of a `collect` and may as well begin the number that is asked for, and a digit that ends the entry
        and may as well belong to it. Menus have keys of one digit, and survey answers of several digits wait for the next one, so they
        have no such conflict.

    Why it matters
        A caller whose number begins with that digit is led elsewhere at the first key, and cannot enter it at all.

    Example
        collect: {prompt: ask_account, into: account, keys: {"0": operator}, goto: find}

    Instead
        collect: {prompt: ask_account, into: account, keys: {"*": operator}, goto: find}
    """

    name = "key-conflict"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Collect):
                continue
            pattern = node.valid.pattern
            begins = DIGITS if pattern is None else pattern.first_keys()
            for way in node.ways:
                if way.cause == "key" and way.key in begins:
                    cure = (
                        'take "*" for it, or say in a pattern which numbers are valid'
                        if pattern is None
                        else f'"{pattern}" lets it begin: take another key, or change the pattern'
                    )
                    yield self.finding(
                        way.span,
                        f'{exit_of(node, way)} leads away, so no number that begins with "{way.key}" can be entered. {cure}',
                        witness=states.witness_of_exit(node.id, way),
                    )
            terminator = node.entry.terminator
            if terminator in DIGITS and pattern is None:
                yield self.finding(
                    node.span,
                    f'key "{terminator}" ends the entry of {called(node)}, so no number with a "{terminator}" in it can be entered. '
                    'take "#" for it',
                    witness=states.witness_at(node.id),
                )
