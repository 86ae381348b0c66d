"""The rule `entry-never-valid`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.finding import Finding, Severity


class EntryNeverValid(Rule):
    """What it does
        Reports a `collect` whose pattern no entry can fit that has as many digits as it takes.

    Why it matters
        Whatever the caller enters, she hears that it is wrong, and in the end she is sent away.

    Example
        collect: {prompt: ask_account, into: account, min: 8, max: 8, valid: {pattern: "[0-9]{6}"}, goto: find}

    Instead
        collect: {prompt: ask_account, into: account, min: 8, max: 8, valid: {pattern: "[0-9]{8}"}, goto: find}
    """

    name = "entry-never-valid"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if not isinstance(node, Collect) or node.valid.pattern is None:
                continue
            lengths = node.valid.pattern.lengths(node.entry.most)
            if not any(node.min <= length for length in lengths):
                takes = f"{node.min}" if node.min == node.entry.most else f"{node.min} to {node.entry.most}"
                yield self.finding(
                    node.span,
                    f'{called(node)} takes {takes} keys, and none of that length fits the pattern "{node.valid.pattern}": no entry is ever '
                    'valid. make "min" and "max" fit the pattern',
                    witness=context.states(flow).witness_at(node.id),
                )
