"""Opening hours over a year, followed through flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.check.context import CheckContext
from ivrtest.check.timetable import Reach, all_hours, days, local, periods, unanswered, usual_week, way_at
from ivrtest.flow.calendar import Calendar, Holidays, OpenState, parse_week
from ivrtest.flow.model import Flow

NIGHT = """
main:
  menu: {prompt: choose, keys: {"1": team, "2": team}, attempts: 3, exhausted: team}
team:
  hours: {schedule: {mon-fri: "09:00-17:00"}, holidays: ["2026-12-25"], open: people, closed: night, holiday: bye}
night:
  hours: {schedule: {mon-fri: "17:00-20:00"}, time_zone: Europe/Berlin, open: box, closed: box}
people:
  transfer: {to: "+12025550199", busy: box, no_answer: box, failed: box}
box:
  voicemail: {greeting: ask, recorded: bye, empty: bye}
"""
OPEN, CLOSED, HOLIDAY = OpenState.OPEN, OpenState.CLOSED, OpenState.HOLIDAY
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def test_callers_reach_what_the_hours_let_them(flow: Callable[..., Flow]) -> None:
    night = flow(NIGHT)
    context = CheckContext(flows={})
    team, late = ("test", "team"), ("test", "night")
    person = way_at(night, context, {team: OPEN, late: CLOSED})
    assert (person.reach, tuple(map(str, person.witness))) == (Reach.PERSON, ("call", "press 1", 'hours "team": open'))
    later = way_at(night, context, {team: CLOSED, late: OPEN})
    assert (later.reach, tuple(map(str, later.witness))) == (
        Reach.LATER,
        ("call", "press 1", 'hours "team": closed', 'hours "night": open'),
    )
    nobody = way_at(night, context, {team: HOLIDAY, late: OPEN})
    assert (nobody.reach, tuple(map(str, nobody.witness))) == (Reach.NOBODY, ("call", "press 1", 'hours "team": holiday'))


def test_a_time_at_which_nobody_answers_is_found_wherever_it_is_in_the_year(flow: Callable[..., Flow]) -> None:
    night = flow(NIGHT)
    context = CheckContext(flows={})
    year = list(periods({place: calendar for place, (_, calendar) in all_hours(night, {}).items()}, *YEAR))
    ways = {period.combination: way_at(night, context, period.moment) for period in year}
    [finding] = unanswered(night, context, year, ways)
    assert finding.message == (
        'nobody answers from "2026-12-25 00:00" to "2026-12-25 16:00", and 2 times more until 2026-12-26 00:00: hours "team" says so. '
        "let callers leave a message or ask for a call back then"
    )
    assert finding.span == night.nodes["team"].span
    assert tuple(map(str, finding.witness)) == ("call", "press 1", 'hours "team": holiday')


def test_called_flows_are_followed_too(flow: Callable[..., Flow]) -> None:
    nodes = 'main: {hours: {schedule: {mon: "09:00-17:00"}, open: people, closed: bye}}\npeople: {queue: {name: a, no_agents: bye}}'
    inner = replace(flow(nodes), name="inner")
    outer = flow("main: {call_flow: {flow: inner, goto: bye}}")
    context = CheckContext(flows={"inner": inner})
    assert list(all_hours(outer, {"inner": inner})) == [("inner", "main")]
    assert way_at(outer, context, {("inner", "main"): OPEN}).reach is Reach.PERSON
    assert way_at(outer, context, {("inner", "main"): CLOSED}).reach is Reach.NOBODY


def test_the_days_of_a_year_and_the_usual_week() -> None:
    office = Calendar(
        parse_week({"mon-fri": ["09:00-17:00"], "sat": ["22:00-04:00"]}), Holidays({date(2026, 12, 25): "Christmas"}), "America/New_York"
    )
    found = days(office, date(2026, 1, 1), date(2026, 12, 31))
    assert len(found) == 365
    week = usual_week(found)
    weekday = (("09:00-17:00", OPEN),)
    assert week == (weekday, weekday, weekday, weekday, weekday, (("22:00-24:00", OPEN),), (("00:00-04:00", OPEN),))
    assert {day: stretches for day, stretches in found.items() if stretches != week[day.weekday()]} == {
        date(2026, 12, 25): (("00:00-24:00", HOLIDAY),)
    }


def test_a_day_on_which_the_clock_skips_an_opening_differs() -> None:
    night = Calendar(parse_week({"sun": ["02:15-02:45"]}), Holidays(), "America/New_York")
    found = days(night, date(2026, 3, 1), date(2026, 3, 15))
    assert [day for day, stretches in found.items() if stretches] == [date(2026, 3, 1), date(2026, 3, 15)]


def test_a_moment_reads_as_on_the_wall() -> None:
    assert local(datetime(2026, 12, 25, 14, tzinfo=UTC), ZoneInfo("America/New_York")) == "2026-12-25 09:00"


CALENDARS = st.builds(
    lambda days, opening, zone: Calendar(parse_week({days: [opening]}), Holidays({date(2026, 3, 9): ""}), zone),
    st.sampled_from(["mon", "mon-fri", "sat-sun", "mon-sun"]),
    st.sampled_from(["09:00-17:00", "22:00-06:00", "00:00-24:00", "01:30-02:30"]),
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe"]),
)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.lists(CALENDARS, min_size=1, max_size=3), st.integers(0, 60 * 24 * 20))
def test_periods_tell_the_state_of_every_minute(calendars: list[Calendar], minute: int) -> None:
    named = {("flow", str(number)): calendar for number, calendar in enumerate(calendars)}
    found = list(periods(named, MARCH, MARCH + timedelta(days=21)))
    assert found[0].start == MARCH
    assert found[-1].end == MARCH + timedelta(days=21)
    assert all(before.end == after.start for before, after in pairwise(found))
    moment = MARCH + timedelta(minutes=minute)
    [period] = [period for period in found if period.start <= moment < period.end]
    assert period.moment == {place: calendar.state_at(moment) for place, calendar in named.items()}
