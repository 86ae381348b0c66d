"""The rule `dst-gap`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.openings import Placed, clock, hours_nodes, placed
from ivrtest.check.rule import Rule
from ivrtest.flow.calendar import MINUTES_A_DAY
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class DstGap(Rule):
    """What it does
        Reports an opening that begins or ends at a time that the clock skips, or shows twice, when summer time begins or ends in the coming
        year. Silent where today's date is not known.

    Why it matters
        Your staff and the telephone may read that time differently: for up to an hour, callers wait for people who are not there.

    Example
        time_zone: America/New_York
        schedule: {sun: "01:30-09:00"}

    Instead
        time_zone: America/New_York
        schedule: {sun: "03:00-09:00"}
    """

    name = "dst-gap"
    severity = Severity.WARNING

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.today is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if context.today is None:
            return
        changes: dict[str, tuple[date, ...]] = {}
        for node in hours_nodes(flow):
            zone = ZoneInfo(node.time_zone or flow.time_zone)
            if zone.key not in changes:
                changes[zone.key] = tuple(_changes(context.today, zone))
            for day in changes[zone.key]:
                for one in placed(node):
                    for began_on in (day, day - timedelta(days=1)):
                        if began_on.weekday() == one.day and began_on not in node.holidays:
                            yield from self._at(one, began_on, day, zone)

    def _at(self, one: Placed, began_on: date, day: date, zone: ZoneInfo) -> Iterator[Finding]:
        """Yield what the change of the clock on `day` does to an opening that began then or the day before."""
        for verb, minutes in (("begins", one.opening.start), ("ends", one.opening.end)):
            if began_on + timedelta(days=minutes // MINUTES_A_DAY) != day:
                continue
            jump = _jump(day, minutes % MINUTES_A_DAY, zone)
            if not jump:
                continue
            what = "the clock skips" if jump > 0 else "the clock shows twice"
            yield self.finding(
                one.span,
                f'opening "{one.opening}" of {called(one.node)} {verb} at "{clock(minutes)}", '
                f'a time that {what} on "{day}" in "{zone.key}". '
                f"let it {verb.removesuffix('s')} before or after that hour",
            )


def _changes(today: date, zone: ZoneInfo) -> Iterator[date]:
    """Yield the days of the coming year on which the clock is changed."""
    offset = datetime.combine(today, time(), zone).utcoffset()
    for number in range(366):
        after = datetime.combine(today + timedelta(days=number + 1), time(), zone).utcoffset()
        if after != offset:
            yield today + timedelta(days=number)
        offset = after


def _jump(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Return 1 for a time of day that the clock skips, -1 for one that it shows twice, 0 for any other.

    The first minute that is skipped is the moment of the change, which is one moment, however it is called.
    """
    wall = datetime.combine(day, time(minutes // 60, minutes % 60), zone)
    before, after = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    if before is None or after is None or before == after:
        return 0
    if before > after:
        return -1
    earlier = wall - timedelta(minutes=1)
    return 1 if earlier.utcoffset() != earlier.replace(fold=1).utcoffset() else 0
