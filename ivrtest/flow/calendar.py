"""Opening hours: weekly schedules, holidays, time zones and summer time. No clock is read: the moment is an argument.

An opening is the stretch between two moments, not between two readings of a clock. In the hour that comes twice it begins at the
first reading of its start and ends at the last reading of its end; in the hour that is left out it begins, or ends, at the change.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60

_YEARLY = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR = 2000
_OPENING = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


class OpenState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


class ScheduleError(ValueError):
    """Text that is no schedule. The message names what is wrong and what would be right."""


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A stretch of one day, in minutes since its midnight by the clock on the wall."""

    start: int
    end: int
    """Exclusive. More than 1440 where it goes on past midnight."""

    @classmethod
    def parse(cls, text: str) -> Opening:
        """Read `09:00-17:00`, `22:00-06:00` (past midnight) or `00:00-24:00`. Raises `ScheduleError`."""
        match = _OPENING.fullmatch(text)
        hours = [int(part) for part in match.groups()] if match else []
        if not hours or hours[0] > 23 or hours[1] > 59 or hours[3] > 59 or hours[2] * 60 + hours[3] > MINUTES_A_DAY:
            raise ScheduleError(f'"{text}" is no opening. write it as "09:00-17:00"')
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if start == end:
            raise ScheduleError(f'"{text}" is no time at all. a whole day is "00:00-24:00"')
        return cls(start, end if end > start else end + MINUTES_A_DAY)

    def __str__(self) -> str:
        end = self.end if self.end <= MINUTES_A_DAY else self.end - MINUTES_A_DAY
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


def parse_days(text: str) -> tuple[int, ...]:
    """Read `mon` or `mon-fri` (or `sat-mon`, over the week's end); Monday is 0. Raises `ScheduleError`."""
    first, dash, last = text.partition("-")
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise ScheduleError(f'"{text}" names no days. write "mon", or "mon-fri"')
    start = DAYS.index(first)
    return tuple((start + step) % 7 for step in range((DAYS.index(last) - start) % 7 + 1)) if dash else (start,)


def parse_week(days: Mapping[str, Sequence[str]]) -> tuple[tuple[Opening, ...], ...]:
    """Read a schedule: seven days from Monday, each with its openings in order. Raises `ScheduleError`."""
    week: dict[int, tuple[Opening, ...]] = {}
    for name, texts in days.items():
        openings = tuple(sorted(Opening.parse(text) for text in texts))
        for day in parse_days(name):
            if day in week:
                raise ScheduleError(f'"{DAYS[day]}" is in the schedule twice, the second time in "{name}". name each day once')
            week[day] = openings
    return tuple(week.get(day, ()) for day in range(7))


MonthDay = tuple[int, int]


def parse_holiday(text: str) -> date | MonthDay:
    """Read `2026-04-05`, a day, or `12-25`, the same day of every year. Raises `ScheduleError`."""
    match = _YEARLY.fullmatch(text)
    try:
        if match is None:
            return date.fromisoformat(text)
        day = date(_LEAP_YEAR, int(match[1]), int(match[2]))
    except ValueError as error:
        raise ScheduleError(f'"{text}" is no day of the calendar. write it as "2026-12-25", or "12-25" for every year') from error
    return day.month, day.day


def written_holiday(day: date | MonthDay) -> str:
    """Return the text that `parse_holiday` reads."""
    return day.isoformat() if isinstance(day, date) else f"{day[0]:02}-{day[1]:02}"


@dataclass(frozen=True, slots=True)
class Holidays:
    """Days on which nobody is there, and their names, which are empty where they have none."""

    once: Mapping[date, str] = field(default_factory=dict)
    yearly: Mapping[MonthDay, str] = field(default_factory=dict)
    """By month and day. One on 29 February comes in leap years only."""

    def __bool__(self) -> bool:
        return bool(self.once or self.yearly)

    def __contains__(self, day: date) -> bool:
        return day in self.once or (day.month, day.day) in self.yearly

    def get(self, day: date) -> str | None:
        """Return the name of a holiday, None if that day is none. A name given to a single day comes before one for every year."""
        return self.once.get(day) or self.yearly.get((day.month, day.day), self.once.get(day))

    def days(self, first: date, last: date) -> Iterator[date]:
        """Yield the holidays from one day to another, both included, in order."""
        found = {day for day in self.once if first <= day <= last}
        for month, number in self.yearly:
            for year in range(first.year, last.year + 1):
                if (month, number) != (2, 29) or isleap(year):
                    found.add(date(year, month, number))
        yield from sorted(day for day in found if first <= day <= last)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time during which one state holds."""

    start: datetime
    end: datetime
    """Exclusive."""
    state: OpenState


@dataclass(frozen=True, slots=True)
class Calendar:
    """When somebody is there.

    An opening that goes on past midnight belongs to the day on which it begins. A holiday is one from midnight to midnight: it
    cuts off what began the day before, and what begins on it does not open.
    """

    week: tuple[tuple[Opening, ...], ...]
    """Seven days from Monday."""
    holidays: Holidays = field(default_factory=Holidays)
    time_zone: str = "UTC"

    def state_at(self, moment: datetime) -> OpenState:
        """Tell what holds at an aware moment. The start of an opening belongs to it, the end does not."""
        today = self._local(moment).date()
        if today in self.holidays:
            return OpenState.HOLIDAY
        yesterday = today - timedelta(days=1)
        openings = (*self._openings(yesterday), *self._openings(today))
        return OpenState.OPEN if any(start <= moment < end for start, end in openings) else OpenState.CLOSED

    def next_change(self, moment: datetime) -> datetime | None:
        """Return the first moment after this one at which another state holds, in UTC; None if that never comes."""
        today = self._local(moment).date()
        # What repeats every week shows within nine days, or a week later where the clock skips it; then only a holiday can bring a change.
        days = [today + timedelta(days=step) for step in range(-1, 17)]
        changes = {change for day in days for opening in self._openings(day) for change in opening}
        for day in self._coming_holidays(today):
            changes |= {self._midnight(day), self._midnight(day + timedelta(days=1))}
        now = self.state_at(moment)
        return next((change for change in sorted(changes) if change > moment and self.state_at(change) is not now), None)

    def stretches(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Yield what holds from `start` to `end`, two aware moments, without a gap."""
        while start < end:
            change = self.next_change(start)
            until = end if change is None else min(change, end)
            yield Stretch(start, until, self.state_at(start))
            start = until

    def _coming_holidays(self, today: date) -> Iterator[date]:
        """Yield those at which something may change next: what comes every year, once (eight years can lie between two leap days)."""
        yield from (day for day in self.holidays.once if day >= today)
        if self.holidays.yearly:
            years = 9 if (2, 29) in self.holidays.yearly else 2
            yield from self.holidays.days(today, date(min(today.year + years, MAXYEAR), 1, 1))

    def _local(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone, so it is no moment")
        return moment.astimezone(ZoneInfo(self.time_zone))

    def _openings(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the openings that begin on a day, as moments in UTC. None on a holiday."""
        if day not in self.holidays:
            for opening in self.week[day.weekday()]:
                yield self._moment(day, opening.start, last=False), self._moment(day, opening.end, last=True)

    def _midnight(self, day: date) -> datetime:
        return self._moment(day, 0, last=False)

    def _moment(self, day: date, minutes: int, *, last: bool) -> datetime:
        """Return the moment at which the clock on the wall shows a time, in UTC; `last` takes the later one where it shows it twice."""
        zone = ZoneInfo(self.time_zone)
        wall = datetime.combine(day + timedelta(days=minutes // MINUTES_A_DAY), time(minutes % MINUTES_A_DAY // 60, minutes % 60), zone)
        early, late = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
        if late < early:  # The clock never shows this time: it is put forward between the two (PEP 495).
            return _change_between(late, early, zone)
        return late if last else early


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def time_zone_exists(name: str) -> bool:
    """Tell if the time zone database has it."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # KeyError: not there. ValueError: a path that leads out of the database. OSError: a folder in it, such as "America".
        return False
    return True
