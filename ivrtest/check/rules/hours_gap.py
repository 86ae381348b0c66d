"""The rule `hours-gap`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.openings import MINUTES_A_WEEK, Placed, clock, hours_nodes, placed
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.hours import Hours
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span


class HoursGap(Rule):
    """What it does
        Reports a few minutes between two openings in which nobody is there. The end of an opening does not belong to it, so `23:59` is one
        minute short of midnight. Where `closed` leads to further hours, such as those of the night shift, the gap between the two counts.

    Why it matters
        A caller at 23:59 is told that you are closed, although you are there day and night. Nobody notices until it happens.

    Example
        schedule: {mon-sun: "00:00-23:59"}

    Instead
        schedule: {mon-sun: "00:00-24:00"}
    """

    name = "hours-gap"
    severity = Severity.WARNING

    longest_minutes = 5
    """Longer ones are breaks: nobody closes for five minutes."""

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        told: set[tuple[Span, Span]] = set()
        for node in hours_nodes(flow):
            week = sorted((one for shift in _shifts(flow, node) for one in placed(shift)), key=lambda one: (one.start, one.end))
            for last, after, gap in self._gaps(week):
                if (last.span, after.span) in told:
                    continue
                told.add((last.span, after.span))
                of = f" of {called(after.node)}" if after.node is not last.node else ""
                minutes = "a minute" if gap == 1 else f"{gap} minutes"
                yield self.finding(
                    last.span,
                    f'opening "{last.opening}" of {called(last.node)} ends {minutes} before "{after.opening}"{of} begins, '
                    f'and callers in between find you closed. end it at "{clock(last.end + gap)}"',
                    related=(Related("the other one is here", after.span),) if after.span != last.span else (),
                )

    def _gaps(self, week: list[Placed]) -> Iterator[tuple[Placed, Placed, int]]:
        """Yield the opening before and the one after each short gap, and its minutes."""
        if not week:
            return
        last, until = max(((one, one.end - MINUTES_A_WEEK) for one in week), key=lambda ended: ended[1])
        for one in week:
            if 0 < one.start - until <= self.longest_minutes:
                yield last, one, one.start - until
            if one.end > until:
                last, until = one, one.end


def _shifts(flow: Flow, node: Hours) -> tuple[Hours, ...]:
    """Return `node` and the hours that stand in for it when it is closed."""
    found = {node.id: node}
    while node.closed is not None and node.closed.node not in found:
        following = flow.nodes.get(node.closed.node or "")
        if not isinstance(following, Hours) or following.time_zone != node.time_zone:
            break
        found[following.id] = node = following
    return tuple(found.values())
