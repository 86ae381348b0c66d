"""`ivrtest hours FLOW`: what callers find when they call, today, at one moment, or at any minute of a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ivrtest.check.context import CheckContext
from ivrtest.check.timetable import Day, Place, Reach, all_hours, days, local, prove, unanswered, usual_week, way_at
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain
from ivrtest.flow.calendar import DAYS, Calendar, OpenState
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.hours import Hours
from ivrtest.run.bundle import FlowFolder
from ivrtest.source.finding import InputError

AHEAD_DAYS = 14


@dataclass(frozen=True, slots=True)
class Opened:
    """A flow and all opening hours that its callers may meet."""

    flow: Flow
    context: CheckContext
    hours: Mapping[Place, tuple[Hours, Calendar]]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.flow.time_zone)


@click.command()
@click.argument("path", metavar="FLOW", type=click.Path(path_type=Path))
@click.option("--at", metavar="MOMENT", help="What holds then, such as 2026-12-25T09:00, by the flow's clock.")
@click.option("--year", type=click.IntRange(1970, 9998), metavar="YEAR", help="What holds at every minute of a year.")
def command(path: Path, at: str | None, year: int | None) -> int:
    """Show what callers find when they call.

    Without options: the opening hours of the next two weeks. With --year: the usual week, every day that differs from it, and whom callers
    reach, for every minute of the year. Exit code 1 if there is a time at which callers reach nobody and can leave no message; 3 if the
    flow cannot be used.
    """
    if at is not None and year is not None:
        raise click.UsageError('"--at" is about one moment and "--year" about a year. give one of them')
    moment = None if at is None else moment_of(at)
    try:
        bundle = FlowFolder(path.parent).bundle(path)
        flow = bundle.flow
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    flows = {**bundle.called, flow.name: flow}
    opened = Opened(flow, CheckContext(flows=flows), all_hours(flow, flows))
    if not opened.hours:
        click.echo(f'flow "{flow.name}" has no opening hours: it is the same at any time')
        return 0
    if year is not None:
        return show_year(opened, year)
    if moment is not None:
        return show_moment(opened, moment if moment.tzinfo is not None else moment.replace(tzinfo=opened.zone))
    show_days(opened, datetime.now(UTC))
    return 0


def moment_of(text: str) -> datetime:
    """Read a moment. Raises UsageError."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f'"--at" is "{text}". it must be a moment such as 2026-12-25T09:00') from error


def show_moment(opened: Opened, moment: datetime) -> int:
    click.echo(f"{local(moment, opened.zone)} in {opened.flow.time_zone}")
    now = {}
    for place, (node, calendar) in opened.hours.items():
        now[place] = calendar.state_at(moment)
        zone = ZoneInfo(calendar.time_zone)
        change = calendar.next_change(moment)
        until = "for ever" if change is None else f"until {local(change, zone)}"
        there = "" if calendar.time_zone == opened.flow.time_zone else f" in {calendar.time_zone}"
        name = calendar.holidays.get(moment.astimezone(zone).date())
        click.echo(f"{title(opened, place, node)}: {now[place]}{f' ({name})' if name else ''} {until}{there}")
    way = way_at(opened.flow, opened.context, now)
    click.echo(f"callers reach {way.reach}: {', '.join(map(str, way.witness))}")
    return 1 if way.reach is Reach.NOBODY else 0


def show_days(opened: Opened, now: datetime) -> None:
    for place, (node, calendar) in opened.hours.items():
        today = now.astimezone(ZoneInfo(calendar.time_zone)).date()
        click.echo(f"{title(opened, place, node)}, {calendar.time_zone}: now {calendar.state_at(now)}")
        for day, stretches in days(calendar, today, today + timedelta(days=AHEAD_DAYS - 1)).items():
            click.echo(f"  {day} {DAYS[day.weekday()]}  {described(stretches, calendar, day)}")


def show_year(opened: Opened, year: int) -> int:
    first, last = date(year, 1, 1), date(year, 12, 31)
    for place, (node, calendar) in opened.hours.items():
        click.echo(f"{title(opened, place, node)}, {calendar.time_zone}, {year}")
        found = days(calendar, first, last)
        week = usual_week(found)
        for names, stretches in grouped(week):
            click.echo(f"  {names:<15} {described(stretches)}")
        for day, stretches in found.items():
            if stretches != week[day.weekday()] or day in calendar.holidays:
                click.echo(f"  {day} {DAYS[day.weekday()]}  {described(stretches, calendar, day)}")
    proof = prove(opened.flow, opened.context, year)
    assert proof is not None, "a flow with opening hours"
    spans, ways, minutes = proof.periods, proof.ways, proof.minutes
    total = sum(minutes.values())
    click.echo(f"\n{total} minutes of {year} in {len(spans)} periods: {len(ways)} combinations of opening hours, each followed to its end")
    for reach in Reach:
        if reach in minutes:
            way = next(way for way in ways.values() if way.reach is reach)
            click.echo(
                f"  callers reach {reach} in {minutes[reach]} minutes ({100 * minutes[reach] / total:.1f} %): "
                f"{', '.join(map(str, way.witness))}"
            )
    if findings := list(unanswered(opened.flow, opened.context, spans, ways)):
        complain(findings)
        return 1
    click.echo("there is no minute at which callers reach nobody")
    return 0


def title(opened: Opened, place: Place, node: Hours) -> str:
    flow, name = place
    return f'hours "{name}"' if flow == opened.flow.name else f'hours "{name}" of flow "{flow}"'


def described(stretches: Day, calendar: Calendar | None = None, day: date | None = None) -> str:
    """Return `09:00-12:00, 13:00-17:00`, `closed` or `holiday (Christmas)`."""
    parts = [shown if state is OpenState.OPEN else "holiday" for shown, state in stretches]
    name = calendar.holidays.get(day) if calendar is not None and day is not None else None
    return (", ".join(parts) or "closed") + (f" ({name})" if name else "")


def grouped(week: tuple[Day, ...]) -> Iterator[tuple[str, Day]]:
    """Yield `mon-fri` and what these days are like, then the next days."""
    first = 0
    for number in range(1, 8):
        if number == 7 or week[number] != week[first]:
            yield DAYS[first] if number == first + 1 else f"{DAYS[first]}-{DAYS[number - 1]}", week[first]
            first = number
