"""The limit that a calibration sets: as usual, unless the line needs another one, and never so much that other words pass."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.judge import GOOD_DB, HIGHEST_LIMIT_DB, LOWEST_LIMIT_DB
from ivrtest.probe.calibrate import LEAST_GENUINE, LEAST_OTHERS, MARGIN_DB, limit_of

MANY = [5.0] * LEAST_OTHERS


def test_a_good_line_keeps_the_usual_limit() -> None:
    assert limit_of([0.5] * 40, MANY) == GOOD_DB


def test_a_line_on_which_right_recordings_deviate_more_gets_more() -> None:
    assert limit_of([3.4] * 40, MANY) == 3.7
    assert limit_of([9.0] * 40, [12.0] * LEAST_OTHERS) == HIGHEST_LIMIT_DB


def test_no_other_recording_comes_near_it() -> None:
    assert limit_of([3.4] * 40, [*MANY, 3.8]) == 3.5
    assert limit_of([0.5] * 40, [*MANY, 3.0]) == 2.7
    assert limit_of([0.5] * 40, [*MANY, 1.0]) == LOWEST_LIMIT_DB


def test_few_recordings_change_nothing() -> None:
    assert limit_of([3.4] * (LEAST_GENUINE - 1), MANY) == GOOD_DB
    assert limit_of([3.4] * LEAST_GENUINE, MANY[1:]) == GOOD_DB
    assert limit_of([], []) == GOOD_DB


@given(
    st.lists(st.floats(0, 20), min_size=LEAST_GENUINE, max_size=60),
    st.lists(st.floats(LOWEST_LIMIT_DB + MARGIN_DB, 30), min_size=LEAST_OTHERS, max_size=150),
)
def test_it_stays_within_bounds_and_below_all_others(genuine: list[float], others: list[float]) -> None:
    limit = limit_of(genuine, others)
    assert LOWEST_LIMIT_DB <= limit <= HIGHEST_LIMIT_DB
    assert limit <= min(others) - MARGIN_DB + 0.01
