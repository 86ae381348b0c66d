"""Opening hours: weekly schedules, holidays, time zones and summer time. No clock is read: the moment is an argument.

An opening is the stretch between two moments, not between two readings of a clock. In the hour that comes twice it begins at the
first reading of its start and ends at the last reading of its end; in the hour that is left out it begins, or ends, at the change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60

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
    holidays: Mapping[date, str] = field(default_factory=dict)
    """Their names; empty where they have none."""
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
        for day in self.holidays:
            if day >= today:
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
