"""The rule `hours-overlap`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.openings import MINUTES_A_WEEK, Placed, clock, hours_nodes, placed
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Related, Severity


class HoursOverlap(Rule):
    """What it does
        Reports an opening that begins before the one before it has ended, also past midnight and over the end of the week.

    Why it matters
        One of the two times is a slip. Callers reach you when nobody is there, or find you closed when somebody is.

    Example
        schedule: {mon-fri: ["08:00-14:00", "13:00-17:00"]}

    Instead
        schedule: {mon-fri: ["08:00-12:00", "13:00-17:00"]}
    """

    name = "hours-overlap"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in hours_nodes(flow):
            week = tuple(placed(node))
            told: set[tuple[object, object]] = set()
            # The first one of the next week follows the last one of this.
            for before, after in zip(week, (*week[1:], *week[:1]), strict=True):
                start = after.start if after.start >= before.start and before is not after else after.start + MINUTES_A_WEEK
                if start < before.end and (before.span, after.span) not in told:
                    told.add((before.span, after.span))
                    yield self._finding(before, after, start)

    def _finding(self, before: Placed, after: Placed, start: int) -> Finding:
        other_day = "" if before.day == after.day else " of the day before"
        length = after.opening.end - after.opening.start
        right = f'begin it at "{clock(before.end)}"' if start + length > before.end else "remove it, or correct one of them"
        return self.finding(
            after.span,
            f'opening "{after.opening}" of {called(after.node)} begins before "{before.opening}"{other_day} has ended. {right}',
            related=(Related("the other one is here", before.span),),
        )
