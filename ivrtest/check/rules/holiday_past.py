"""The rule `holiday-past`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.openings import hours_nodes
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.hours import Hours
from ivrtest.source.finding import Finding, Severity


class HolidayPast(Rule):
    """What it does
        Reports a holiday that comes every year, that is over, and that is soon to come again without being listed. New Year and
        Christmas come every year, and so does a day that the same list has in two years. Silent where today's date is not known.

    Why it matters
        On that day callers are told that somebody is there, and wait in a queue that nobody answers.

    Example
        holidays: ["2025-12-25", "2026-07-04"]

    Instead
        holidays: ["12-25", "2026-07-04"]
    """

    name = "holiday-past"
    severity = Severity.WARNING

    ahead_days = 92
    """How long before the day it is time to list it."""
    every_year = frozenset({(1, 1), (12, 25)})
    """Month and day."""

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.today is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if context.today is None:
            return
        for node in hours_nodes(flow):
            # Once all are over, `holidays-run-out` says so.
            once = node.holidays.once
            if once and max(once) >= context.today:
                for past, coming in self._missing(node, context.today):
                    name = f' "{once[past]}"' if once[past] else ""
                    yield self.finding(
                        node.holiday_spans.get(past, node.span),
                        f'holiday{name} "{past}" of {called(node)} is over, and "{coming}" is not listed. '
                        f'add it, or write "{coming:%m-%d}", which comes every year',
                    )

    def _missing(self, node: Hours, today: date) -> Iterator[tuple[date, date]]:
        """Yield the last time that each yearly holiday is listed, and the day that is not."""
        listed: dict[tuple[int, int], list[date]] = {}
        once = node.holidays.once
        for day in sorted(once):
            listed.setdefault((day.month, day.day), []).append(day)
        for (month, number), days in listed.items():
            yearly = (month, number) in self.every_year or len(days) > 1
            if not yearly or (month, number) == (2, 29) or days[-1] >= today:
                continue
            this_year = date(today.year, month, number)
            coming = this_year if this_year >= today else date(today.year + 1, month, number)
            name = once[days[-1]]
            moved = name and any(day >= today and other == name for day, other in once.items())
            if not moved and coming not in node.holidays and (coming - today).days <= self.ahead_days:
                yield days[-1], coming
