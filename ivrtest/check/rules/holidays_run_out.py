"""The rule `holidays-run-out`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.hours import Hours
from ivrtest.source.finding import Finding, Severity


class HolidaysRunOut(Rule):
    """What it does
        Reports opening hours whose last holiday is over; those that come every year, such as "12-25", do not count. Silent where today's
        date is not known.

    Why it matters
        On the next holiday callers are told that somebody is there, and wait in a queue that nobody answers.

    Example
        hours: {schedule: {mon-fri: "09:00-17:00"}, holidays: ["2019-12-25"], open: main, closed: closed}

    Instead
        hours: {schedule: {mon-fri: "09:00-17:00"}, holidays: ["12-25"], open: main, closed: closed}
    """

    name = "holidays-run-out"
    severity = Severity.WARNING

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.today is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if context.today is None:
            return
        for node in flow.nodes.values():
            if isinstance(node, Hours) and node.holidays.once and (last := max(node.holidays.once)) < context.today:
                yield self.finding(
                    node.span, f'the last holiday of {called(node)} was "{last}", and today is {context.today}. add those that come'
                )
