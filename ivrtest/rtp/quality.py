"""How well a stream of packets travelled: loss and its bursts, order, jitter, spacing, the far side's clock. Plain functions of a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.rtp.packet_log import Packets
from ivrtest.rtp.sequence import MAX_DROPOUT

GMIN: Final = 16
"""So many packets received in a row end a burst of losses (RFC 3611 section 4.7.2)."""
PAUSE_S: Final = 0.5
"""A longer break of the timestamps is a pause of the far side or another stream: nothing to measure across."""
DRIFT_BLOCK_S: Final = 1.0
"""Of each such stretch the packet that travelled quickest tells the time: queues only ever delay."""
DRIFT_VAGUE_PPM: Final = 150.0
"""A greater standard error says nothing of it either: there was too much jitter for so short a stream."""
DRIFT_LEAST_S: Final = 5.0
"""Shorter streams say nothing of a clock."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """Losses, told apart into bursts and the gaps between them (RFC 3611 section 4.7.2)."""

    burst_density: float
    """Share of packets lost within bursts, 0 to 1; 0 where there are none."""
    gap_density: float
    """Share of packets lost outside them."""
    burst_packets: float
    """How long a burst is on average, in packets; 0 where there are none."""
    gap_packets: float
    """How long a gap is on average."""
    count: int
    runs: int
    """Losses without any packet received in between, one after another, count as one run."""
    longest_run: int
    """The most packets lost in a row."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The far side's clock against ours."""

    ppm: float
    """Parts in a million; positive: theirs is fast."""
    error_ppm: float
    """The standard error of it."""


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """What one side's packets tell."""

    received: int
    lost: int
    duplicated: int
    reordered: int
    """Packets that came after one with a higher number (RFC 3550 section 5.1 numbers them in the order they were sent)."""
    bursts: Bursts
    jitter_ms: float
    """Interarrival jitter at the end (RFC 3550 section 6.4.1)."""
    worst_jitter_ms: float
    """The same at its worst."""
    frame_ms: float | None
    """How much sound a packet holds, mostly; None before the second."""
    spacing_p99_ms: float | None
    """Time between packets that follow each other, 99 % of which are no further apart; None where none do."""
    spacing_max_ms: float | None
    drift: Drift | None
    """None where the stream is too short to tell."""

    @property
    def expected(self) -> int:
        return self.received + self.lost

    @property
    def loss(self) -> float:
        """The share that got lost, 0 to 1."""
        return self.lost / self.expected if self.expected else 0.0


def stream_quality(packets: Packets, clock_rates: Mapping[int, int]) -> StreamQuality:
    """Work out the quality of what came. `clock_rates`: by payload type of audio, how many units of its timestamps make a second.

    Packets of other payload types (keys, comfort noise) have a number, and count for loss and order only.
    """
    received = lost = duplicated = reordered = 0
    outcomes: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
    stretches: list[Stretch] = []
    for stream in streams(packets):
        fresh = first_of_each(stream.sequence)
        numbers = stream.sequence[fresh]
        came = np.zeros(int(numbers.max() - numbers.min()) + 1, np.bool_)
        came[numbers - numbers.min()] = True
        outcomes.append(came)
        received += len(numbers)
        lost += len(came) - len(numbers)
        duplicated += len(stream) - len(numbers)
        reordered += int(np.count_nonzero(numbers < np.maximum.accumulate(numbers)))
        stretches += unbroken(stream.only(fresh), clock_rates)
    last_jitter, worst_jitter = jitter_ms(stretches)
    frame_ms, p99, most = spacing(stretches)
    return StreamQuality(
        received=received,
        lost=lost,
        duplicated=duplicated,
        reordered=reordered,
        bursts=bursts(np.concatenate(outcomes)),
        jitter_ms=last_jitter,
        worst_jitter_ms=worst_jitter,
        frame_ms=frame_ms,
        spacing_p99_ms=p99,
        spacing_max_ms=most,
        drift=drift(stretches),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Audio packets in the order of their numbers, without a pause or a jump of the timestamps in between."""

    sequence: NDArray[np.int64]
    sent_s: NDArray[np.float64]
    """When the far side sent each, by its own clock: the timestamps, in seconds."""
    arrival_s: NDArray[np.float64]


def streams(packets: Packets) -> Iterator[Packets]:
    """Yield the packets of one SSRC after another, with numbers that go on where 16 bits wrap around.

    A step of the numbers too great for a loss begins another stream, as in `rtp.sequence`.
    """
    for ssrc in dict.fromkeys(packets.ssrc.tolist()):
        mine = packets.only(packets.ssrc == ssrc)
        steps = _wrapped(np.diff(mine.sequence), 16)
        cuts = np.flatnonzero(np.abs(steps) >= MAX_DROPOUT) + 1
        for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(mine)], strict=True):
            part = mine.only(np.arange(begin, end))
            numbers = part.sequence[0] + np.concatenate([[0], np.cumsum(steps[begin : end - 1])]).astype(np.int64)
            yield Packets(numbers, part.timestamp, part.ssrc, part.payload_type, part.arrival_s)


def first_of_each(numbers: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where each number comes first, in the order of arrival. The others are duplicates."""
    _, first = np.unique(numbers, return_index=True)
    return np.sort(first)


def unbroken(stream: Packets, clock_rates: Mapping[int, int]) -> Iterator[Stretch]:
    """Yield the stretches of a stream's audio."""
    audio = stream.only(np.isin(stream.payload_type, np.array(list(clock_rates), np.int64)))
    ordered = audio.only(np.argsort(audio.sequence, kind="stable"))
    changes = np.flatnonzero(np.diff(ordered.payload_type)) + 1
    for begin, end in zip([0, *changes.tolist()], [*changes.tolist(), len(ordered)], strict=True):
        if begin == end:
            continue
        run = ordered.only(np.arange(begin, end))
        rate = clock_rates[int(run.payload_type[0])]
        steps_s = _wrapped(np.diff(run.timestamp), 32) / rate
        sent_s = np.concatenate([[0.0], np.cumsum(steps_s)])
        cuts = np.flatnonzero(np.abs(steps_s) > PAUSE_S) + 1
        for first, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(run)], strict=True):
            yield Stretch(run.sequence[first:stop], sent_s[first:stop], run.arrival_s[first:stop])


def bursts(came: NDArray[np.bool_]) -> Bursts:
    """Tell bursts from gaps. `came`: for each packet that was sent, in order, whether it arrived.

    A burst begins and ends with a loss, and within it fewer than `GMIN` packets in a row arrive. A loss that stands alone among `GMIN`
    received on each side belongs to a gap.
    """
    lost = np.flatnonzero(~came)
    if not len(lost):
        return Bursts(0.0, 0.0, 0.0, float(len(came)), 0, 0, 0)
    groups = np.split(lost, np.flatnonzero(np.diff(lost) > GMIN) + 1)
    found = [(int(group[0]), int(group[-1]) + 1, len(group)) for group in groups if len(group) > 1]
    in_bursts = sum(end - begin for begin, end, _ in found)
    lost_in_bursts = sum(count for _, _, count in found)
    outside = len(came) - in_bursts
    edges = [0, *(edge for begin, end, _ in found for edge in (begin, end)), len(came)]
    gaps = [end - begin for begin, end in zip(edges[::2], edges[1::2], strict=True) if end > begin]
    runs = np.split(lost, np.flatnonzero(np.diff(lost) > 1) + 1)
    return Bursts(
        burst_density=lost_in_bursts / in_bursts if found else 0.0,
        gap_density=(len(lost) - lost_in_bursts) / outside if outside else 0.0,
        burst_packets=in_bursts / len(found) if found else 0.0,
        gap_packets=float(np.mean(gaps)) if gaps else 0.0,
        count=len(found),
        runs=len(runs),
        longest_run=max(len(run) for run in runs),
    )


def jitter_ms(stretches: list[Stretch]) -> tuple[float, float]:
    """Return the interarrival jitter of RFC 3550 section 6.4.1 at the end and at its worst, in milliseconds."""
    jitter = worst = 0.0
    for stretch in stretches:
        order = np.argsort(stretch.arrival_s, kind="stable")
        transit = stretch.arrival_s[order] - stretch.sent_s[order]
        for difference in np.abs(np.diff(transit)).tolist():
            jitter += (difference - jitter) / 16
            worst = max(worst, jitter)
    return 1000 * jitter, 1000 * worst


def spacing(stretches: list[Stretch]) -> tuple[float | None, float | None, float | None]:
    """Return how much sound a packet holds, and how far apart packets that follow each other arrive: of 99 %, and at most. In milliseconds.

    Only packets with nothing missing and no pause between them are compared. Packets out of order do not count.
    """
    frames: list[NDArray[np.float64]] = [np.zeros(0)]
    spaces: list[NDArray[np.float64]] = [np.zeros(0)]
    for stretch in stretches:
        next_to = np.diff(stretch.sequence) == 1
        frames.append(np.diff(stretch.sent_s)[next_to])
        spaces.append(np.diff(stretch.arrival_s)[next_to])
    frame, space = np.concatenate(frames), np.concatenate(spaces)
    if not len(frame):
        return None, None, None
    usual = float(np.median(frame))
    space = space[(frame <= 1.5 * usual) & (space >= 0)]
    if not len(space):
        return 1000 * usual, None, None
    return 1000 * usual, 1000 * float(np.percentile(space, 99)), 1000 * float(np.max(space))


def drift(stretches: list[Stretch]) -> Drift | None:
    """Return how much faster the far side's clock runs than ours: a straight line through the packets that travelled quickest.

    None where that cannot be told.
    """
    longest = max(stretches, key=lambda stretch: float(np.ptp(stretch.arrival_s)), default=None)
    if longest is None or np.ptp(longest.arrival_s) < DRIFT_LEAST_S:
        return None
    transit = longest.arrival_s - longest.sent_s
    block = ((longest.sent_s - longest.sent_s[0]) // DRIFT_BLOCK_S).astype(np.int64)
    quickest = np.array([indices[np.argmin(transit[indices])] for indices in (np.flatnonzero(block == each) for each in np.unique(block))])
    if len(quickest) < 3:
        return None
    x, y = longest.sent_s[quickest], transit[quickest]
    x = x - x.mean()
    spread = float(x @ x)
    slope = float(x @ (y - y.mean())) / spread
    rest = y - y.mean() - slope * x
    error_ppm = 1e6 * float(np.sqrt(rest @ rest / (len(x) - 2) / spread))
    # A fast clock says too soon that a packet's time has come: their transit shrinks.
    return Drift(-1e6 * slope, error_ppm) if error_ppm <= DRIFT_VAGUE_PPM else None


def _wrapped(steps: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return steps of a counter of so many bits as the shortest way there."""
    half = 1 << (bits - 1)
    return (steps + half) % (1 << bits) - half
