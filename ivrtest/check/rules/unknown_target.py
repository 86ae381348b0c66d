"""The rule `unknown-target`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import did_you_mean
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class UnknownTarget(Rule):
    """What it does
        Reports an entry, a key, an outcome or a `goto` that names a node which the flow does not have.

    Why it matters
        The IVR has nowhere to go and hangs up on the caller.

    Example
        keys: {"1": sales, "0": operater}

    Instead
        keys: {"1": sales, "0": operator}
    """

    name = "unknown-target"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        known = flow.nodes.keys() | context.broken
        if flow.entry not in known:
            yield self.finding(flow.entry_span, f'the entry is "{flow.entry}", and no node has that name{did_you_mean(flow.entry, known)}')
        for node in flow.nodes.values():
            for way in node.exits():
                target = way.target
                if target is None or target.node is None or target.node in known:
                    continue
                yield self.finding(
                    target.span,
                    f'{exit_of(node, way)} leads to "{target.node}", and no node has that name{did_you_mean(target.node, known)}',
                    witness=context.states(flow).witness_of_exit(node.id, way),
                )
