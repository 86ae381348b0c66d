"""Whom callers reach when: opening hours followed through a flow, over any stretch of time.

Nothing is sampled. Between two changes of any opening hours, what a flow does is the same, so each combination of states is followed
once: that covers every minute.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ivrtest.check.circles import led_to
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import Act, called_flows
from ivrtest.check.naming import called
from ivrtest.check.openings import hours_nodes
from ivrtest.check.states import State, States, Step
from ivrtest.flow.calendar import Calendar, OpenState
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.hours import Hours
from ivrtest.source.finding import Finding, Severity

RULE = "nobody-answers"
"""The name that findings of `unanswered` bear."""

Place = tuple[str, str]
"""An hours node: the flow's name and the node's."""
Moment = Mapping[Place, OpenState]
"""What all opening hours say at one moment."""
Combination = frozenset[tuple[Place, OpenState]]

_PERSON = frozenset({"transfer", "queue"})
_LATER = frozenset({"voicemail", "callback", "message"})


class Reach(StrEnum):
    """The best that a caller can get."""

    PERSON = "a person"
    LATER = "an answer later"
    """A voicemail, a call back, a message."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Period:
    """A time during which all opening hours stay as they are."""

    start: datetime
    end: datetime
    """Exclusive."""
    moment: Moment

    @property
    def combination(self) -> Combination:
        """The same for all periods in which all opening hours are alike."""
        return frozenset(self.moment.items())


@dataclass(frozen=True, slots=True)
class Way:
    """What callers reach, and how."""

    reach: Reach
    witness: tuple[Act, ...]
    hours: Hours | None
    """The last opening hours on that way that are not open."""


Day = tuple[tuple[str, OpenState], ...]
"""What one day is like: `("09:00-17:00", OPEN)` and so on. What is not listed is closed."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What callers reach at every minute of a year."""

    periods: tuple[Period, ...]
    """All of the year, without a gap."""
    ways: Mapping[Combination, Way]

    @property
    def minutes(self) -> Counter[Reach]:
        """How long callers reach whom."""
        found = Counter({reach: 0 for reach in Reach if any(way.reach is reach for way in self.ways.values())})
        for period in self.periods:
            found[self.ways[period.combination].reach] += (period.end - period.start) // timedelta(minutes=1)
        return found


def prove(flow: Flow, context: CheckContext, year: int) -> Proof | None:
    """Follow callers through every combination of opening hours of a year, by the flow's clock. None where there are no opening hours."""
    hours = all_hours(flow, context.flows or {})
    if not hours:
        return None
    zone = ZoneInfo(flow.time_zone)
    start, end = (datetime(number, 1, 1, tzinfo=zone).astimezone(UTC) for number in (year, year + 1))
    found = tuple(periods({place: calendar for place, (_, calendar) in hours.items()}, start, end))
    moments = {period.combination: period.moment for period in found}
    return Proof(found, {combination: way_at(flow, context, moment) for combination, moment in moments.items()})


def all_hours(flow: Flow, flows: Mapping[str, Flow]) -> dict[Place, tuple[Hours, Calendar]]:
    """Return the opening hours of a flow and of those that it calls."""
    found: dict[Place, tuple[Hours, Calendar]] = {}
    for one in (flow, *called_flows(flow, flows).values()):
        for node in hours_nodes(one):
            found.setdefault((one.name, node.id), (node, node.calendar(one.time_zone)))
    return found


def periods(calendars: Mapping[Place, Calendar], start: datetime, end: datetime) -> Iterator[Period]:
    """Yield the periods from `start` to `end`, two aware moments, without a gap."""
    changes = heapq.merge(
        *(
            [(stretch.start, place, stretch.state) for stretch in calendar.stretches(start, end)]
            for place, calendar in sorted(calendars.items())
        )
    )
    moment: dict[Place, OpenState] = {}
    began = start
    for at, place, state in changes:
        if at > began:
            yield Period(began, at, dict(moment))
            began = at
        moment[place] = state
    if began < end:
        yield Period(began, end, dict(moment))


def way_at(flow: Flow, context: CheckContext, moment: Moment) -> Way:
    """Return the best that callers of `flow` can reach while all opening hours are as in `moment`."""
    states = context.states(flow)
    ways = _open_ways(states, flow, moment)
    by_kind = {kind: next((state for state in ways if _reaches(flow, state, kind, context, moment)), None) for kind in (_PERSON, _LATER)}
    for reach, kinds in ((Reach.PERSON, _PERSON), (Reach.LATER, _LATER)):
        if (state := by_kind[kinds]) is not None:
            return Way(reach, states.witness_along(ways, state), _closed_before(flow, ways, state))
    last = next((state for state in ways if states.ends(state)), next(iter(ways)))
    return Way(Reach.NOBODY, states.witness_along(ways, last), _closed_before(flow, ways, last))


def unanswered(flow: Flow, context: CheckContext, year: Sequence[Period], ways: Mapping[Combination, Way]) -> Iterator[Finding]:
    """Yield a finding for each way in which callers reach nobody, with the first time it happens."""
    zone = ZoneInfo(flow.time_zone)
    times: dict[tuple[Act, ...], list[Period]] = {}
    for period in year:
        way = ways[period.combination]
        if way.reach is Reach.NOBODY:
            times.setdefault(way.witness, []).append(period)
    for witness, found in times.items():
        first = found[0]
        way = ways[first.combination]
        more = f", and {len(found) - 1} times more until {local(found[-1].end, zone)}" if len(found) > 1 else ""
        where = f"{called(way.hours)} says so" if way.hours is not None else "the flow offers nobody at any time"
        yield Finding(
            RULE,
            Severity.ERROR,
            f'nobody answers from "{local(first.start, zone)}" to "{local(first.end, zone)}"{more}: {where}. '
            "let callers leave a message or ask for a call back then",
            (way.hours or flow).span,
            witness=witness,
        )


def days(calendar: Calendar, first: date, last: date) -> dict[date, Day]:
    """Return what each day from `first` to `last`, both included, is like by the clock on the wall."""
    zone = ZoneInfo(calendar.time_zone)
    found: dict[date, list[tuple[str, OpenState]]] = {first + timedelta(days=number): [] for number in range((last - first).days + 1)}
    end = _midnight(last + timedelta(days=1), zone)
    for stretch in calendar.stretches(_midnight(first, zone), end):
        if stretch.state is OpenState.CLOSED:
            continue
        start = stretch.start
        while start < stretch.end:
            day = start.astimezone(zone).date()
            until = min(stretch.end, _midnight(day + timedelta(days=1), zone))
            ends = f"{until.astimezone(zone):%H:%M}" if until.astimezone(zone).date() == day else "24:00"
            shown = f"{start.astimezone(zone):%H:%M}-{ends}"
            found[day].append((shown, stretch.state))
            start = until
    return {day: tuple(stretches) for day, stretches in found.items()}


def usual_week(found: Mapping[date, Day]) -> tuple[Day, ...]:
    """Return what each day of the week, from Monday, is mostly like."""
    counts: list[Counter[Day]] = [Counter() for _ in range(7)]
    for day, stretches in found.items():
        counts[day.weekday()][stretches] += 1
    return tuple(count.most_common(1)[0][0] if count else () for count in counts)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as it is read from a clock there: `2026-12-25 09:00`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # In UTC, so that moments are compared and not readings of a clock.
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def _open_ways(states: States, flow: Flow, moment: Moment) -> dict[State, Step | None]:
    """Return the states that callers reach, nearest first, with the last step to each."""

    def taken(step: Step) -> bool:
        node = flow.nodes[step.origin.node]
        return not isinstance(node, Hours) or moment.get((flow.name, node.id), step.exit.label) == step.exit.label

    return led_to(states, (state for state, step in states.parents.items() if step is None), taken)


def _reaches(flow: Flow, state: State, kinds: frozenset[str], context: CheckContext, moment: Moment) -> bool:
    """Tell whether callers reach one of `kinds` in this state, or in the flows that it sends them into."""
    seen = {flow.name}
    waiting = [flow.nodes[state.node]]
    while waiting:
        node = waiting.pop()
        if node.kind in kinds:
            return True
        inner = context.flow(node.flow) if isinstance(node, CallFlow) else None
        if inner is not None and inner.name not in seen:
            seen.add(inner.name)
            waiting += {inside.node: inner.nodes[inside.node] for inside in _open_ways(context.states(inner), inner, moment)}.values()
    return False


def _closed_before(flow: Flow, ways: Mapping[State, Step | None], state: State) -> Hours | None:
    step = ways[state]
    while step is not None:
        node = flow.nodes[step.origin.node]
        if isinstance(node, Hours) and step.exit.label != OpenState.OPEN:
            return node
        step = ways[step.origin]
    return None
