"""The timeline when the line stalls: what was given as silence because its packets came too late is told as missed, never kept quiet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.losses import Mask
from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.payload import Samples
from tests.rtp.test_timeline import Listener, packet, value

START = 1000
FRAME = 160


def place(number: int) -> slice:
    return slice(START + FRAME * number, START + FRAME * (number + 1))


def hear(listener: Listener, arrivals: list[tuple[float, RtpPacket]], until: int) -> tuple[Samples, Mask]:
    """Return what was heard, and what was missed, whether that was known at once or told later."""
    samples, missed = listener.run(arrivals, until)
    missed = missed.copy()
    for begin, end in listener.timeline.missed:
        missed[begin:end] = True
    return samples, missed


def stalled(count: int, stalls: dict[int, int], steps: list[int]) -> list[tuple[float, RtpPacket]]:
    """A steady stream whose packets stall at some numbers for so many samples each; `steps` lie between two that then come late."""
    arrivals: list[tuple[float, RtpPacket]] = []
    free_at = 0.0
    for number in range(count):
        sent = START + FRAME * number
        free_at = max(free_at, sent + stalls.get(number, 0))
        arrivals.append((max(sent, free_at), packet(number)))
        free_at += steps[number % len(steps)] if free_at > sent else 0
    return arrivals


@pytest.mark.parametrize("steps", [[0], [8], [96], [0, 0, 100, 0]])
def test_what_comes_after_a_stall_in_fits_and_starts_is_missed_and_the_rest_keeps_its_place(steps: list[int]) -> None:
    arrivals = stalled(60, {20: 2600}, steps)
    listener = Listener()
    samples, missed = hear(listener, arrivals, START + FRAME * 60)
    silent = [number for number in range(58) if not samples[place(number)].any()]
    assert silent[0] == 20
    assert len(silent) >= 10
    for number in range(58):
        late = missed[place(number)]
        heard = samples[place(number)]
        assert (heard[~late] == value(number)).all(), number
        assert (heard[late] == 0).all(), number
    assert not missed[: START + FRAME * 20].any()
    stats = listener.timeline.stats
    assert (stats.reanchored, stats.lost) == (0, 0)
    assert stats.late >= len(silent)


@settings(deadline=None, max_examples=200)
@given(
    stalls=st.dictionaries(st.integers(1, 100), st.integers(200, 3800), max_size=4),
    steps=st.lists(st.sampled_from([0, 4, 20, 60, 110]), min_size=1, max_size=5),
)
def test_every_sample_is_heard_at_its_place_or_told_as_missed(stalls: dict[int, int], steps: list[int]) -> None:
    arrivals = stalled(200, stalls, steps)
    listener = Listener()
    samples, missed = hear(listener, arrivals, START + FRAME * 198)
    stats = listener.timeline.stats
    if stats.reanchored or stats.slipped:
        # The end of a stall was so slow that it looked like a slower line or clock. What was lost by that is told all the same.
        quiet = samples == 0
        quiet[:START] = False
        assert not (quiet & ~missed)[: np.flatnonzero(samples)[-1]].any()
        return
    for number in range(198):
        known = ~missed[place(number)][: len(samples[place(number)])]
        assert (samples[place(number)][known] == value(number)).all(), number


@pytest.mark.parametrize("delay", [2400, 3600])
def test_a_line_that_is_slower_from_now_on_loses_nothing_and_its_gap_is_no_silence(delay: int) -> None:
    arrivals = [(START + FRAME * number + (delay if number >= 20 else 0.0), packet(number)) for number in range(60)]
    listener = Listener()
    samples, missed = hear(listener, arrivals, START + FRAME * 60 + delay)
    gap = slice(START + FRAME * 20, START + FRAME * 20 + delay)
    assert not samples[gap].any()
    assert missed[gap].all()
    assert np.count_nonzero(missed) == delay
    for number in range(20, 58):
        assert (samples[START + FRAME * number + delay :][:FRAME] == value(number)).all(), number
    assert (listener.timeline.stats.reanchored, listener.timeline.stats.late) == (1, 0)


def test_a_pause_of_a_far_side_that_does_not_count_on_is_silence_when_it_is_too_long_for_a_stall() -> None:
    arrivals = [(START + FRAME * number + (4800.0 if number >= 20 else 0), packet(number)) for number in range(40)]
    samples, missed = hear(Listener(), arrivals, START + FRAME * 40 + 4800)
    assert not samples[START + FRAME * 20 : START + FRAME * 20 + 4800].any()
    assert not missed.any()


def test_packets_lost_just_before_a_stall_are_missed_too() -> None:
    # 20 and 21 are lost; 22 to 40 come when 41 does.
    arrivals = [
        (START + FRAME * 41.0 if 22 <= number <= 40 else START + FRAME * number, packet(number))
        for number in range(60)
        if number not in (20, 21)
    ]
    samples, missed = hear(Listener(), arrivals, START + FRAME * 58)
    assert missed[place(20)].all()
    assert missed[place(21)].all()
    quiet = samples[START : START + FRAME * 55] == 0
    assert not (quiet & ~missed[START : START + FRAME * 55]).any()


def test_what_is_left_of_a_packet_that_comes_too_late_is_heard_and_the_rest_of_it_is_missed() -> None:
    listener = Listener()
    timeline = listener.timeline
    timeline.insert(packet(0), START)
    timeline.insert(packet(2), START + 2 * FRAME)
    samples, lost = timeline.take(START + FRAME + 100)
    assert np.flatnonzero(lost).tolist() == list(range(START + FRAME, START + FRAME + 100))
    timeline.insert(packet(1), START + 3 * FRAME)
    samples, lost = timeline.take(START + 3 * FRAME)
    assert not lost.any()
    assert samples.tolist() == [value(1)] * 60 + [value(2)] * FRAME
