"""The rule `unreachable-node`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span


class UnreachableNode(Rule):
    """What it does
        Reports a node that no caller reaches, whatever she presses and whatever the systems behind answer.

    Why it matters
        Somebody wrote it for callers, and none of them hears it. Most often a key was forgotten or a condition never holds.

    Example
        keys: {"1": sales}
        ...
        opening_hours:
          announce: {prompt: opening_hours, goto: main}

    Instead
        keys: {"1": sales, "2": opening_hours}
    """

    name = "unreachable-node"
    severity = Severity.WARNING
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        if flow.entry not in flow.nodes:
            return
        ways = _ways_to(flow)
        unreached = [node for node in flow.nodes.values() if not states.at(node.id)]
        covered: set[str] = set()
        # What only an unreached node leads to follows from that one, and is not reported again. Where such nodes stand in a
        # circle, the first in the file stands for all.
        heads = [node for node in unreached if all(way.origin in states.by_node for way in ways.get(node.id, ()))]
        for node in (*heads, *unreached):
            if node.id in covered:
                continue
            covered |= _led_to(flow, node.id)
            if not ways.get(node.id):
                yield self.finding(node.span, f"no caller reaches {called(node)}. nothing leads to it: let a key lead here, or remove it")
            elif node in heads:
                related = tuple(Related("this way is never taken", way.span) for way in ways[node.id])
                yield self.finding(
                    node.span, f"no caller reaches {called(node)}. the conditions on the way to it never hold", related=related[:3]
                )
            else:
                origins = listed(dict.fromkeys(way.origin for way in ways[node.id]))
                yield self.finding(node.span, f"no caller reaches {called(node)}. what leads to it, {origins}, is not reached either")


@dataclass(frozen=True, slots=True)
class _Way:
    origin: str
    span: Span


def _ways_to(flow: Flow) -> dict[str, list[_Way]]:
    """Return the ways that lead to each node from another one."""
    ways: dict[str, list[_Way]] = {}
    for node in flow.nodes.values():
        for way in node.ways:
            if way.target is not None and way.target.node is not None and way.target.node != node.id:
                ways.setdefault(way.target.node, []).append(_Way(node.id, way.target.span))
    return ways


def _led_to(flow: Flow, start: str) -> set[str]:
    """Return `start` and every node that it leads to."""
    found = {start}
    waiting = [start]
    while waiting:
        for way in flow.nodes[waiting.pop()].ways:
            following = way.target.node if way.target else None
            if following is not None and following in flow.nodes and following not in found:
                found.add(following)
                waiting.append(following)
    return found
