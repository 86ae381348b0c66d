"""The openings of `hours` nodes, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivrtest.flow.calendar import MINUTES_A_DAY, Opening
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.hours import Hours
from ivrtest.source.text import Span

MINUTES_A_WEEK = 7 * MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class Placed:
    """One opening of one day."""

    node: Hours
    day: int
    """Monday is 0."""
    opening: Opening
    span: Span

    @property
    def start(self) -> int:
        """Minutes since Monday, 00:00."""
        return self.day * MINUTES_A_DAY + self.opening.start

    @property
    def end(self) -> int:
        """Exclusive; more than a week's minutes where it goes on past Sunday."""
        return self.day * MINUTES_A_DAY + self.opening.end


def hours_nodes(flow: Flow) -> Iterator[Hours]:
    for node in flow.nodes.values():
        if isinstance(node, Hours):
            yield node


def placed(node: Hours) -> Iterator[Placed]:
    """Yield the openings of a week in order."""
    for day, (openings, spans) in enumerate(zip(node.week, node.week_spans, strict=True)):
        for opening, span in zip(openings, spans, strict=False):
            yield Placed(node, day, opening, span)


def clock(minutes: int) -> str:
    """Return a time of day: `17:00`; midnight at the end of a day is `24:00`."""
    within = minutes % MINUTES_A_DAY
    return "24:00" if minutes and not within else f"{within // 60:02}:{within % 60:02}"
