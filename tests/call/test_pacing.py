"""How evenly packets left, worked out from their times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.pacing import Pacing, percentile_ms


def note(pacing: Pacing, deadline: float, sent: float) -> None:
    times, deadlines = pacing.columns()
    times.append(sent)
    deadlines.append(deadline)


def paced(late_ms: list[float], *, every_s: float = 0.02) -> Pacing:
    """Packets that were to leave 20 ms apart, and left so many milliseconds late."""
    pacing = Pacing()
    for number, late in enumerate(late_ms):
        note(pacing, 100 + number * every_s, 100 + number * every_s + late / 1000)
    return pacing


def test_nothing_is_known_before_the_first_packet() -> None:
    paces = Pacing().paces
    assert (paces.sent, paces.late, paces.worst_late_s, paces.shortest_s, paces.longest_s) == (0, 0, 0.0, None, None)
    assert paces.p99_late_ms == 0.0


def test_how_late_and_how_far_apart() -> None:
    paces = paced([0.2, 0.2, 7.2, 0.2]).paces
    assert (paces.sent, paces.late) == (4, 1)
    assert paces.worst_late_s == pytest.approx(0.0072)
    assert paces.shortest_s == pytest.approx(0.013)
    assert paces.longest_s == pytest.approx(0.027)
    assert paces.lateness[:9] == (3, 0, 0, 0, 0, 0, 0, 1, 0)
    assert sum(paces.unevenness) == 3
    assert sum(paces.unevenness[6:8]) == 2
    assert paces.p99_late_ms == 8.0


def test_a_pause_is_no_spacing() -> None:
    pacing = Pacing()
    for time in (1.0, 1.02, 3.0, 3.03):
        note(pacing, time, time)
    assert pacing.paces.shortest_s == pytest.approx(0.02)
    assert pacing.paces.longest_s == pytest.approx(0.03)


@given(late=st.lists(st.floats(0, 300), min_size=1, max_size=40), asked=st.integers(1, 7))
def test_it_is_the_same_however_often_it_is_asked_and_however_many_packets_there_were(late: list[float], asked: int) -> None:
    # More than are kept at a time.
    many = late * 60
    once, often = paced(many), Pacing()
    for number, one in enumerate(many):
        note(often, 100 + number * 0.02, 100 + number * 0.02 + one / 1000)
        if number % asked == 0:
            assert often.paces.sent == number + 1
    assert once.paces == often.paces
    assert once.paces.sent == sum(once.paces.lateness) == sum(once.paces.unevenness) + 1 == len(many)
    # Whole milliseconds of time are not told more exactly than that.
    assert once.paces.late == pytest.approx(sum(one > 5 for one in many), abs=60 * late.count(5.0))


def test_percentiles() -> None:
    assert percentile_ms((50, 49, 1), 50) == 1.0
    assert percentile_ms((50, 49, 1), 99) == 2.0
    assert percentile_ms((50, 49, 1), 99.9) == 3.0
