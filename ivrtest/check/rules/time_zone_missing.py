"""The rule `time-zone-missing`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.openings import hours_nodes
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class TimeZoneMissing(Rule):
    """What it does
        Reports opening hours of which neither the flow nor the node says in what time zone they are. They are kept in UTC then.

    Why it matters
        Callers in New York hear at noon that it is closed, and at four in the morning wait for somebody who is asleep.

    Example
        hours: {schedule: {mon-fri: "09:00-17:00"}, open: main, closed: closed}

    Instead
        time_zone: America/New_York
    """

    name = "time-zone-missing"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if flow.time_zone_span is not None:
            return
        for node in hours_nodes(flow):
            if node.time_zone is None and (any(node.week) or node.holidays):
                yield self.finding(
                    node.span,
                    f"{called(node)} opens and closes by UTC, because no time zone is named. name it, such as "
                    "{time_zone: America/New_York}, even if it is UTC",
                    witness=context.states(flow).witness_at(node.id),
                )
