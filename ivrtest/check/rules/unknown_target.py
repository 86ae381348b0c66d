"""The rule `unknown-target`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.slips import other_end
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

    Fix
        Writes the name of a node that nothing leads to, where the two differ in one letter and no other node is as near. A node that is
        in use proves nothing: what was meant may still have to be written. Names of fewer than four letters, and those that differ in a
        digit, are too near to one another to tell.
    """

    name = "unknown-target"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        known = flow.nodes.keys() | context.broken
        ways = [(node, way, way.target) for node in flow.nodes.values() for way in node.ways if way.target is not None]
        wrong = [(node, way, target) for node, way, target in ways if target.node is not None and target.node not in known]
        if flow.entry in known and not wrong:
            return
        alone = flow.nodes.keys() - {flow.entry} - {target.node for node, _, target in ways if target.node != node.id}
        if flow.entry not in known:
            yield self.finding(
                flow.entry_span,
                f'the entry is "{flow.entry}", and no node has that name{did_you_mean(flow.entry, known)}',
                fix=other_end(flow.entry, flow.entry_span, known, alone, flow, context),
            )
        for node, way, target in wrong:
            name = target.node or ""
            yield self.finding(
                target.span,
                f'{exit_of(node, way)} leads to "{name}", and no node has that name{did_you_mean(name, known)}',
                witness=context.states(flow).witness_of_exit(node.id, way),
                fix=other_end(name, target.span, known, alone, flow, context),
            )
