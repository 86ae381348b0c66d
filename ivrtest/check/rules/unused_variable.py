"""The rule `unused-variable`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import GIVEN, called_flows, may_return, set_by
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.editing import removed
from ivrtest.source.finding import Finding, Severity


class UnusedVariable(Rule):
    """What it does
        Reports a variable that is set, counted or entered by the caller, and that nothing reads. Flows that others call are left out:
        their callers may read it.

    Why it matters
        A caller enters a number for nothing, or what was to be counted decides nothing.

    Example
        collect: {prompt: ask_account, into: account, goto: find}
        ...
        lookup: {name: order, outcomes: {found: order_sent}, failed: operator, timed_out: operator}

    Instead
        lookup: {name: order, with: {account: account}, outcomes: {found: order_sent}, failed: operator, timed_out: operator}

    Fix
        Takes a variable out of `variables` that nothing sets and nothing reads. Where something sets it, a use may have been forgotten.
    """

    name = "unused-variable"
    severity = Severity.WARNING
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        calls = any(node.kind == "call_flow" for node in flow.nodes.values())
        if may_return(flow) or (calls and context.flows is None):
            return
        read = set(context.read(flow)) | GIVEN
        for inner in called_flows(flow, context.flows or {}).values():
            read |= context.read(inner)
        told: set[str] = set()
        for node in flow.nodes.values():
            if isinstance(node, Collect) and node.into not in read | told:
                told.add(node.into)
                yield self.finding(
                    node.span, f'{called(node)} asks the caller for "{node.into}", and nothing reads it. use it, or do not ask for it'
                )
            for name in set_by(node):
                if name not in read | told:
                    told.add(name)
                    yield self.finding(node.span, f'{called(node)} sets variable "{name}", and nothing reads it. use it, or remove it')
            for way in node.ways:
                for name in way.target.sets if way.target else ():
                    if name not in read | told:
                        told.add(name)
                        message = f'{exit_of(node, way)} sets variable "{name}", and nothing reads it. use it, or remove it'
                        yield self.finding(way.span, message)
        for name in flow.variables:
            if name not in read | told:
                span = flow.variable_spans.get(name, flow.span)
                message = f'flow "{flow.name}" declares variable "{name}", and nothing reads it. use it, or remove it'
                document = context.document(flow)
                path = ("variables", name) if len(flow.variables) > 1 else ("variables",)
                yield self.finding(span, message, fix=removed(document, path, "remove it") if document is not None else None)
