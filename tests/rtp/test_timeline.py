"""The timeline: every sample at its place, the mask true exactly where packets were lost."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.losses import Mask
from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.payload import Samples, octets
from ivrtest.rtp.timeline import COMFORT_NOISE, Timeline


def decode(octets: bytes) -> Samples:
    """A codec that is easy to check: the sample is the octet."""
    return np.frombuffer(octets, np.uint8).astype(np.int16)


def packet(number: int, *, first_sequence: int = 0, first_timestamp: int = 0, ssrc: int = 1, **more: Any) -> RtpPacket:
    """The packet `number` of a steady stream: its payload is all `number % 255 + 1`, never 0."""
    whole = RtpPacket(
        payload_type=0,
        sequence=(first_sequence + number) & 0xFFFF,
        timestamp=(first_timestamp + 160 * number) & 0xFFFFFFFF,
        ssrc=ssrc,
        payload=bytes([number % 255 + 1]) * 160,
    )
    return replace(whole, **more)


def value(number: int) -> int:
    return number % 255 + 1


class Listener:
    """Inserts packets in the order of their arrival, and takes frames of 20 ms as soon as they are settled, as a call does."""

    def __init__(self, timeline: Timeline | None = None) -> None:
        self.timeline = timeline or Timeline({0: octets(decode)})
        self.samples: list[Samples] = []
        self.lost: list[Mask] = []
        self.taken = 0
        self.fast = 0

    def run(self, arrivals: list[tuple[float, RtpPacket]], until: int) -> tuple[Samples, Mask]:
        waiting = sorted(enumerate(arrivals), key=lambda entry: (entry[1][0], entry[0]))
        queue = [entry for _, entry in waiting]
        for now in range(0, until + 1, 40):
            while queue and queue[0][0] <= now:
                arrival, one = queue.pop(0)
                if self.timeline.insert_next(bytes(one), arrival):
                    self.fast += 1
                else:
                    self.timeline.insert(one, arrival)
            while self.taken + 160 <= self.timeline.settled(now):
                samples, lost = self.timeline.take(self.taken + 160)
                self.taken += 160
                self.samples.append(samples)
                self.lost.append(lost)
        return np.concatenate(self.samples), np.concatenate(self.lost)


def steady(numbers: range, start: float = 1000, **more: int) -> list[tuple[float, RtpPacket]]:
    return [(start + 160 * (number - numbers[0]), packet(number, **more)) for number in numbers]


def test_first_packet_ties_the_timestamps_to_the_clock_and_the_rest_follows() -> None:
    listener = Listener()
    samples, lost = listener.run(steady(range(10)), 5000)
    assert samples[:1000].max() == 0
    for number in range(10):
        assert (samples[1000 + 160 * number : 1160 + 160 * number] == value(number)).all()
    assert samples[2600:].max() == 0
    assert not lost.any()
    assert listener.fast == 9


def test_silence_in_between_is_no_loss_and_lasts_as_long_as_the_timestamps_say() -> None:
    before = steady(range(3))
    after = [(1000.0 + 160 * 40, packet(40, sequence=3, marker=True)), (1000 + 160 * 41, packet(41, sequence=4))]
    samples, lost = Listener().run(before + after, 9000)
    assert np.flatnonzero(samples == value(40))[0] == 1000 + 160 * 40
    assert samples[1480 : 1000 + 160 * 40].max() == 0
    assert not lost.any()


@settings(deadline=None)
@given(
    dropped=st.sets(st.integers(1, 58), max_size=20),
    delays=st.lists(st.integers(0, 300), min_size=60, max_size=60),
    repeated=st.sets(st.integers(0, 59), max_size=10),
    first_sequence=st.sampled_from([0, 65500, 40000]),
    first_timestamp=st.sampled_from([0, 2**32 - 1000, 2**31 - 1000]),
)
def test_every_sample_is_at_its_place_and_the_mask_is_true_exactly_where_lost(
    dropped: set[int], delays: list[int], repeated: set[int], first_sequence: int, first_timestamp: int
) -> None:
    # The last three arrive, and no gap is longer than patience, so all loss is seen in time.
    dropped = {number for number in dropped if not {number - 1, number - 2, number - 3} <= dropped}
    delays[0] = 0
    arrivals: list[tuple[float, RtpPacket]] = []
    for number in range(60):
        one = packet(number, first_sequence=first_sequence, first_timestamp=first_timestamp)
        if number not in dropped:
            arrivals.append((800 + 160 * number + delays[number], one))
        if number in repeated - dropped:
            arrivals.append((800 + 160 * number + delays[number] + 100, one))
    listener = Listener()
    samples, lost = listener.run(arrivals, 800 + 160 * 60 + 4000)
    for number in range(60):
        here = slice(800 + 160 * number, 960 + 160 * number)
        assert (samples[here] == (0 if number in dropped else value(number))).all(), number
        assert (lost[here] == (number in dropped)).all(), number
    assert not lost[:800].any()
    assert not lost[800 + 160 * 60 :].any()
    stats = listener.timeline.stats
    assert (stats.received, stats.lost, stats.late) == (60 - len(dropped), len(dropped), 0)
    assert stats.duplicated == len(repeated - dropped)
    assert (stats.reanchored, stats.slipped) == (0, 0)


def test_packet_that_comes_after_its_time_stays_masked_and_is_counted() -> None:
    arrivals = steady(range(20))
    arrivals[5] = (1000 + 160 * 5 + 900, packet(5))
    listener = Listener()
    samples, lost = listener.run(arrivals, 6000)
    assert np.flatnonzero(lost).tolist() == list(range(1800, 1960))
    assert samples[1800:1960].max() == 0
    stats = listener.timeline.stats
    assert (stats.late, stats.lost, stats.reordered) == (1, 0, 1)


def test_a_stall_shorter_than_patience_loses_nothing() -> None:
    arrivals = [(3000.0 if 5 <= number < 13 else 1000 + 160 * number, packet(number)) for number in range(30)]
    listener = Listener()
    samples, lost = listener.run(arrivals, 8000)
    for number in range(30):
        assert (samples[1000 + 160 * number : 1160 + 160 * number] == value(number)).all(), number
    assert not lost.any()
    assert listener.timeline.stats.reanchored == 0


def test_after_a_long_stall_late_packets_are_counted_and_the_place_of_the_rest_is_kept() -> None:
    # Packets 10 to 40 all come at once when 40 would: 600 ms late at worst.
    arrivals = [(1000.0 + 160 * 40 if 10 <= number < 40 else 1000 + 160 * number, packet(number)) for number in range(60)]
    listener = Listener()
    samples, _ = listener.run(arrivals, 14000)
    for number in [*range(10), *range(40, 60)]:
        assert (samples[1000 + 160 * number : 1160 + 160 * number] == value(number)).all(), number
    stats = listener.timeline.stats
    assert stats.late >= 25
    assert stats.reanchored == 0


def test_pause_that_the_timestamps_do_not_count_is_tied_anew_without_losing_a_sample() -> None:
    arrivals = [*steady(range(10)), *steady(range(10, 20), start=20000)]
    listener = Listener()
    samples, lost = listener.run(arrivals, 24000)
    for number in range(10, 20):
        assert (samples[20000 + 160 * (number - 10) : 20160 + 160 * (number - 10)] == value(number)).all()
    assert not lost.any()
    assert (listener.timeline.stats.reanchored, listener.timeline.stats.late) == (1, 0)


@pytest.mark.parametrize("change", [{"ssrc": 2}, {"first_sequence": 30000}, {"first_timestamp": 10_000_000}])
def test_another_stream_is_tied_at_its_arrival(change: dict[str, int]) -> None:
    arrivals = [*steady(range(10)), *steady(range(10, 20), start=4003, **change)]
    listener = Listener()
    samples, lost = listener.run(arrivals, 8000)
    # A restart of the numbers is believed when a second packet confirms it; the first of them is not heard.
    first = 11 if "first_sequence" in change else 10
    for number in range(first, 20):
        assert (samples[4003 + 160 * (number - 10) : 4163 + 160 * (number - 10)] == value(number)).all()
    assert not lost.any()
    assert listener.timeline.stats.reanchored == 1


@pytest.mark.parametrize("pace", [0.995, 1.005])
def test_far_clock_half_a_percent_off_does_not_pile_up_delay(pace: float) -> None:
    # Two minutes: untouched, the delay would move by 600 ms.
    count = 6000
    listener = Listener()
    samples, lost = listener.run([(1000 + 160 * pace * number, packet(number)) for number in range(count)], int(160 * pace * count))
    stats = listener.timeline.stats
    assert not lost.any()
    assert (stats.late, stats.reanchored, stats.lost) == (0, 0, 0)
    moved = round(160 * count * (pace - 1))
    assert abs(stats.slipped - moved) < 500
    for number in (count - 400, count - 200, count - 101):
        # The frame lies within 50 ms of where it arrived.
        found = np.flatnonzero(samples[int(1000 + 160 * pace * number) - 400 :] == value(number))[0] - 400
        assert abs(found) <= 400
    assert not (samples[1000:] == 0).any()


@pytest.mark.parametrize("jitter_s", [0.03, 0.1, 0.15])
def test_jitter_of_packets_in_order_changes_nothing_of_the_sound(jitter_s: float) -> None:
    """The quickest are early because the slowest must not be late: who made up for that as for a quick clock would play 1 % too fast."""
    dice = np.random.default_rng(1)
    arrivals: list[tuple[float, RtpPacket]] = []
    for number in range(500):
        came = 160 * number + 8000 * float(dice.uniform(0, jitter_s))
        arrivals.append((max(came, arrivals[-1][0] if arrivals else 0.0), packet(number)))
    listener = Listener()
    samples, lost = listener.run(arrivals, 160 * 500 + 4000)
    begin = int(np.flatnonzero(samples == value(1))[0]) - 160
    assert (samples[begin : begin + 160 * 500].reshape(500, 160) == [[value(number)] for number in range(500)]).all()
    assert not lost.any()
    assert listener.timeline.stats.slipped == 0


def test_wraps_of_both_counters_in_a_long_run_are_no_event() -> None:
    listener = Listener()
    listener.run(steady(range(70_000), first_timestamp=2**32 - 160 * 35_000), 160 * 70_000)
    stats = listener.timeline.stats
    assert (stats.received, stats.lost, stats.late, stats.reanchored) >= (69_900, 0, 0, 0)
    assert (stats.lost, stats.late, stats.reanchored, stats.duplicated) == (0, 0, 0, 0)
    assert listener.timeline.sequence.highest > 65536


def test_key_packets_have_a_number_in_the_sequence_and_no_samples() -> None:
    arrivals = steady(range(5))
    for number in range(5, 10):
        key = packet(number, payload_type=101, payload=b"\x01\x0a\x03\x20", timestamp=160 * 5)
        arrivals.append((1000 + 160 * number, key))
    arrivals += [(1000 + 160 * number, packet(number)) for number in range(10, 15)]
    listener = Listener()
    samples, lost = listener.run(arrivals, 4000)
    assert samples[1800:2600].max() == 0
    assert (samples[2600:2760] == value(10)).all()
    assert not lost.any()
    assert listener.timeline.stats.lost == 0


def test_insert_says_where_the_start_of_a_key_lies() -> None:
    timeline = Timeline({0: octets(decode)})
    timeline.insert(packet(0), 1000)
    assert timeline.insert(packet(7, sequence=1, payload_type=101, timestamp=800), 1980.5) == 1800


def test_announced_silence_is_delivered_without_patience() -> None:
    timeline = Timeline({0: octets(decode)})
    timeline.insert(packet(0), 1000)
    timeline.insert(packet(1, payload_type=COMFORT_NOISE, payload=b"\x40"), 1160)
    assert timeline.settled(2200) == 1880
    timeline.insert(packet(9, sequence=2), 2440)
    assert timeline.settled(3100) == 2600


def test_loss_during_a_pause_is_marked_at_both_ends_for_it_may_have_been_either() -> None:
    arrivals = [*steady(range(3)), (1000 + 160 * 6, packet(6, sequence=4)), (1000 + 160 * 7, packet(7, sequence=5))]
    _, lost = Listener().run(arrivals, 4000)
    assert np.flatnonzero(lost).tolist() == [*range(1480, 1640), *range(1800, 1960)]


def test_a_long_loss_is_told_when_it_is_known_though_it_was_taken_for_silence() -> None:
    listener = Listener()
    samples, lost = listener.run(steady(range(5)) + steady(range(105, 110), start=1000 + 160 * 105), 1000 + 160 * 108)
    assert samples[1800 : 1000 + 160 * 105].max() == 0
    taken = listener.timeline.missed
    assert [begin for begin, _ in taken] == [1800]
    assert taken[0][1] == np.flatnonzero(lost)[0] or not lost.any()
    assert taken[0][1] + np.count_nonzero(lost) == 1000 + 160 * 105


def test_silence_that_nobody_sent_is_never_missed() -> None:
    listener = Listener()
    listener.run([*steady(range(3)), (1000.0 + 160 * 140, packet(140, sequence=3, marker=True))], 1000 + 160 * 160)
    assert listener.timeline.missed == []
