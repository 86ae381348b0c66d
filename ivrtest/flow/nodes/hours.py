"""Go on by the time of day and the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from ivrtest.flow.calendar import (
    DAYS,
    Calendar,
    Holidays,
    MonthDay,
    Opening,
    OpenState,
    ScheduleError,
    parse_days,
    parse_holiday,
    parse_week,
    time_zone_exists,
    written_holiday,
)
from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Target, Written
from ivrtest.flow.writing import given, written_target
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Hours(Node):
    """Takes the exit for the moment at which the caller arrives. `calendar` tells what is open when."""

    kind: ClassVar[str] = "hours"

    week: tuple[tuple[Opening, ...], ...] = ((),) * 7
    """Seven days from Monday."""
    holidays: Holidays = field(default_factory=Holidays)
    time_zone: str | None = None
    """None: the flow's."""
    open: Target | None = None
    closed: Target | None = None
    holiday: Target | None = None
    """None: where `closed` leads."""
    week_spans: tuple[tuple[Span, ...], ...] = ((),) * 7
    """The places of the openings in `week`."""
    holiday_spans: Mapping[date | MonthDay, Span] = field(default_factory=dict)
    """The places of those in `holidays`: by the day, or by month and day."""

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Hours:  # noqa: A002
        week, week_spans = _read_week(fields)
        holidays = _read_holidays(fields)
        return cls(
            id,
            span,
            week=week,
            holidays=Holidays(
                {day: name for day, (name, _) in holidays.items() if isinstance(day, date)},
                {day: name for day, (name, _) in holidays.items() if not isinstance(day, date)},
            ),
            time_zone=read_time_zone(fields) or None,
            open=fields.target("open"),
            closed=fields.target("closed"),
            holiday=fields.target("holiday"),
            week_spans=week_spans,
            holiday_spans={day: place for day, (_, place) in holidays.items()},
        )

    def written(self) -> Written:
        schedule = {name: [str(opening) for opening in openings] for name, openings in zip(DAYS, self.week, strict=True) if openings}
        days: list[tuple[date | MonthDay, str]] = [*self.holidays.yearly.items(), *self.holidays.once.items()]
        holidays = [{"date": written_holiday(day), "name": name} if name else written_holiday(day) for day, name in days]
        return given(
            schedule=schedule,
            holidays=holidays or None,
            time_zone=self.time_zone,
            open=written_target(self.open),
            closed=written_target(self.closed),
            holiday=written_target(self.holiday),
        )

    def calendar(self, flow_time_zone: str) -> Calendar:
        """Return when this node is open, in its own time zone or else the flow's."""
        return Calendar(self.week, self.holidays, self.time_zone or flow_time_zone)

    def exits(self) -> Iterator[Exit]:
        """`holiday` is listed only if there are holidays, or if it is declared."""
        yield Exit.to(self.open, "open", self.span, "branch")
        yield Exit.to(self.closed, "closed", self.span, "branch")
        if self.holidays or self.holiday is not None:
            yield Exit.to(self.holiday or self.closed, "holiday", self.span, "branch")

    def visit(self, memory: Memory) -> Script:
        yield from ()
        match self.calendar(memory.flow.time_zone).state_at(memory.wall_time):
            case OpenState.OPEN:
                return Exit.to(self.open, "open", self.span, "branch")
            case OpenState.CLOSED:
                return Exit.to(self.closed, "closed", self.span, "branch")
            case OpenState.HOLIDAY:
                return Exit.to(self.holiday or self.closed, "holiday", self.span, "branch")


def read_time_zone(fields: Fields) -> str:
    """Return the time zone, empty if none is given."""
    name = fields.text("time_zone")
    if name and not time_zone_exists(name):
        fields.wrong(f'unknown time zone "{name}". write it as in the time zone database: "America/New_York"', fields.span("time_zone"))
    return name


def _read_week(fields: Fields) -> tuple[tuple[tuple[Opening, ...], ...], tuple[tuple[Span, ...], ...]]:
    """Return seven days of openings, and their places."""
    schedule = fields.child("schedule")
    if schedule is None:
        return ((),) * 7, ((),) * 7
    days: dict[str, tuple[str, ...]] = {}
    spans: list[tuple[Span, ...]] = [()] * 7
    for name, value in schedule.data.items():
        texts = schedule.texts(name)
        places = [(name, place) for place in range(len(texts))] if isinstance(value, list) else [(name,)]
        good = [(text, schedule.span(*place)) for text, place in zip(texts, places, strict=True) if _is_opening(schedule, text, place)]
        days[name] = tuple(text for text, _ in good)
        try:
            parse_week(days)
        except ScheduleError as error:
            fields.wrong(str(error), schedule.key_span(name))
            del days[name]
            continue
        for day in parse_days(name):
            spans[day] = tuple(span for _, span in sorted(good, key=lambda opening: Opening.parse(opening[0])))
    return parse_week(days), tuple(spans)


def _is_opening(schedule: Fields, text: str, place: tuple[str | int, ...]) -> bool:
    try:
        Opening.parse(text)
    except ScheduleError as error:
        schedule.wrong(str(error), schedule.span(*place))
        return False
    return True


def _read_holidays(fields: Fields) -> dict[date | MonthDay, tuple[str, Span]]:
    """Return the names of the holidays, and their places."""
    holidays: dict[date | MonthDay, tuple[str, Span]] = {}
    for place, item in enumerate(fields.data.get("holidays") or ()):
        text, name = (str(item["date"]), str(item.get("name") or "")) if isinstance(item, Mapping) else (str(item), "")
        span = fields.span("holidays", place)
        try:
            day = parse_holiday(text)
        except ScheduleError as error:
            fields.wrong(str(error), span)
            continue
        if day in holidays:
            fields.wrong(f'holiday "{text}" is listed twice. take one out', span)
        holidays[day] = name, span
    return holidays
