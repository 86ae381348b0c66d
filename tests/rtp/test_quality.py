"""Quality of streams whose faults are known."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.rtp.packet_log import PacketLog
from ivrtest.rtp.quality import GMIN, Bursts, StreamQuality, bursts, stream_quality
from ivrtest.rtp.sequence import Sequence

RATES = {0: 8000, 111: 48000}
Sent = tuple[int, float]
"""The number of a packet and how late it comes, in seconds."""


def log_of(
    sent: Iterable[Sent], *, first: int = 65000, timestamp: int = 2**32 - 4000, rate: int = 8000, payload_type: int = 0, fast: float = 0.0
) -> PacketLog:
    """A log of packets of 20 ms. Numbers and timestamps wrap around soon. `fast`: by how much the far clock is too fast."""
    log = PacketLog()
    for number, delay in sorted(sent, key=lambda packet: 0.02 * packet[0] + packet[1]):
        header = struct.pack("!BBHII", 0x80, payload_type, (first + number) % 2**16, (timestamp + number * rate // 50) % 2**32, 7)
        log.add(header + bytes(160), 10 + 0.02 * number * (1 - fast) + delay)
    return log


def quality_of(sent: Iterable[Sent], **options: int | float) -> StreamQuality:
    return stream_quality(log_of(sent, **options).packets(), RATES)  # type: ignore[arg-type]


def test_a_perfect_stream() -> None:
    quality = quality_of((number, 0.0) for number in range(1000))
    assert (quality.received, quality.lost, quality.duplicated, quality.reordered, quality.loss) == (1000, 0, 0, 0, 0.0)
    assert quality.bursts == Bursts(0, 0, 0, 1000, 0, 0, 0)
    assert quality.jitter_ms == pytest.approx(0, abs=1e-6)
    assert quality.frame_ms == pytest.approx(20)
    assert quality.spacing_p99_ms == pytest.approx(20)
    assert quality.spacing_max_ms == pytest.approx(20)
    assert quality.drift is not None
    assert abs(quality.drift.ppm) < 0.1


def test_nothing_came() -> None:
    quality = quality_of(())
    assert (quality.expected, quality.loss, quality.frame_ms, quality.spacing_max_ms, quality.drift) == (0, 0.0, None, None, None)


def test_losses_duplicates_and_order() -> None:
    sent = [(number, 0.0) for number in range(200) if number not in {50, 51, 120}]
    sent += [(60, 0.004), (61, 0.004)]
    sent = [(number, 0.03 if number == 90 else delay) for number, delay in sent]
    quality = quality_of(sent)
    assert (quality.received, quality.lost, quality.duplicated, quality.reordered) == (197, 3, 2, 1)
    assert quality.loss == 3 / 200
    assert (quality.bursts.count, quality.bursts.runs, quality.bursts.longest_run) == (1, 2, 2)


def test_jitter_is_that_of_the_rfc() -> None:
    # Every second packet comes 8 ms late: each difference is 8 ms, and so J grows towards 8 ms by a sixteenth of what is left.
    quality = quality_of((number, 0.008 * (number % 2)) for number in range(101))
    assert quality.jitter_ms == pytest.approx(8 * (1 - (15 / 16) ** 100))


def test_spacing() -> None:
    quality = quality_of((number, 0.06 if number == 500 else 0.0) for number in range(1000) if number != 501)
    # 500 comes 60 ms late, after 502 and 503; the space to its neighbours is not one between packets in order.
    assert quality.spacing_max_ms == pytest.approx(80)
    assert quality.spacing_p99_ms == pytest.approx(20)


def test_a_pause_is_no_spacing_and_no_jitter() -> None:
    log = PacketLog()
    for number in range(100):
        pause = 3.0 if number >= 50 else 0.0
        log.add(struct.pack("!BBHII", 0x80, 0, number, 160 * number + round(8000 * pause), 7) + bytes(160), 0.02 * number + pause)
    quality = stream_quality(log.packets(), RATES)
    assert quality.lost == 0
    assert quality.jitter_ms == pytest.approx(0, abs=1e-6)
    assert quality.spacing_max_ms == pytest.approx(20)


@pytest.mark.parametrize("ppm", [-3000, -80, 0, 40, 12000])
def test_the_far_clock_is_measured_under_jitter(ppm: float) -> None:
    chance = random.Random(1)
    quality = quality_of(((number, chance.uniform(0, 0.03)) for number in range(3000)), fast=ppm / 1e6)
    assert quality.drift is not None
    # The quickest of fifty packets of jitter up to 30 ms is 0.6 ms late on average: 60 s tell the clock to about 10 ppm.
    assert quality.drift.ppm == pytest.approx(ppm, abs=40)
    assert quality.drift.error_ppm < 20


def test_a_short_stream_says_nothing_of_the_clock() -> None:
    assert quality_of((number, 0.0) for number in range(200)).drift is None


def test_a_codec_with_another_clock() -> None:
    quality = quality_of(((number, 0.0) for number in range(500)), rate=48000, payload_type=111)
    assert quality.frame_ms == pytest.approx(20)
    assert quality.jitter_ms == pytest.approx(0, abs=1e-6)


def test_keys_count_for_loss_and_not_for_jitter() -> None:
    log = PacketLog()
    for number in range(300):
        key = 100 <= number < 110
        timestamp = 160 * (100 if key else number)
        log.add(struct.pack("!BBHII", 0x80, 101 if key else 0, number, timestamp, 7) + bytes(4 if key else 160), 0.02 * number)
    quality = stream_quality(log.packets(), RATES)
    assert (quality.received, quality.lost) == (300, 0)
    assert quality.jitter_ms == pytest.approx(0, abs=1e-6)
    assert quality.spacing_max_ms == pytest.approx(20)


def test_another_stream_is_no_loss() -> None:
    log = PacketLog()
    for ssrc, first in ((7, 10), (8, 40000), (8, 5000)):
        for number in range(50):
            log.add(struct.pack("!BBHII", 0x80, 0, first + number, 160 * number, ssrc) + bytes(160), 0.02 * number)
    quality = stream_quality(log.packets(), RATES)
    assert (quality.received, quality.lost) == (150, 0)


def test_what_is_no_rtp_is_left_out() -> None:
    log = PacketLog()
    log.add(struct.pack("!BBHII", 0x80, 200, 6, 1, 2), 0.1)
    log.add(b"\0" * 20, 0.1)
    assert len(log.packets()) == 0


def test_a_log_ends_at_its_limit() -> None:
    log = PacketLog(limit=2)
    for number in range(5):
        log.add(struct.pack("!BBHII", 0x80, 0, number, 0, 7), 0.0)
    assert len(log.packets()) == 2


def came(pattern: str) -> np.ndarray:
    return np.array([mark == "." for mark in pattern])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # A loss alone among many is part of a gap.
        ("." * 40 + "x" + "." * 59, Bursts(0.0, 0.01, 0.0, 100, 0, 1, 1)),
        # Two with fifteen received between them are a burst of 17; with sixteen they are two losses of a gap.
        ("." * 40 + "x" + "." * 15 + "x" + "." * 43, Bursts(2 / 17, 0.0, 17, 41.5, 1, 2, 1)),
        ("." * 40 + "x" + "." * 16 + "x" + "." * 42, Bursts(0.0, 0.02, 0.0, 100, 0, 2, 1)),
        ("xxxx", Bursts(1.0, 0.0, 4, 0.0, 1, 1, 4)),
    ],
)
def test_bursts_and_gaps_of_rfc_3611(pattern: str, expected: Bursts) -> None:
    assert bursts(came(pattern)) == expected


@given(st.lists(st.booleans(), max_size=300))
def test_bursts_and_gaps_account_for_every_loss(pattern: list[bool]) -> None:
    found = bursts(np.array(pattern, np.bool_))
    in_bursts = found.count * found.burst_packets
    outside = len(pattern) - in_bursts
    assert found.burst_density * in_bursts + found.gap_density * outside == pytest.approx(pattern.count(False))
    assert found.gap_density <= 1 / GMIN or len(pattern) < 2 * GMIN
    assert found.longest_run <= pattern.count(False)


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0, 0.2)), max_size=120))
def test_the_counts_are_those_of_the_receiver(sent: list[Sent]) -> None:
    """The log says what `rtp.sequence` counted while the packets came."""
    log = log_of(sent)
    counter = Sequence()
    packets = log.packets()
    for place, number in enumerate(packets.sequence.tolist()):
        if place == 0:
            counter.restart(number)
        else:
            counter.arrive(number)
    quality = stream_quality(packets, RATES)
    # What comes before the first packet, and what comes too late for its memory, only the log knows of.
    assert quality.received + quality.duplicated == len(packets)
    assert quality.received >= counter.received
