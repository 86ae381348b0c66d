"""The timeline with payloads that are no row of octets: other clocks and packet times, decoders that remember, announced silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from ivrtest.rtp.payload import Decoder, PayloadFormat, Samples, octets
from ivrtest.rtp.timeline import Timeline
from tests.rtp.test_timeline import Listener, decode


def counting(clock_rate: int, *, steady: bool = True) -> PayloadFormat:
    """A codec that is easy to check: payload `n` (one octet for each 10 ms) is all `n`, and what was decoded before is counted."""

    def decoder() -> Decoder:
        before = 0

        def decode_one(payload: bytes) -> Samples:
            nonlocal before
            if payload[0] == 0:
                raise RtpSyntaxError("nonsense")
            before += 1
            return np.full(80 * len(payload), 100 * before + payload[0], np.int16)

        return decode_one

    return PayloadFormat(clock_rate, lambda payload: 80 * len(payload), decoder, steady=steady)


def stream(
    clock_rate: int, lengths_ms: list[int], *, start: float = 1000, payload_type: int = 98, dropped: frozenset[int] = frozenset()
) -> list[tuple[float, RtpPacket]]:
    """Packets one after another, each as long as it says. What is dropped keeps its number and its time."""
    arrivals, elapsed = [], 0
    for number, length in enumerate(lengths_ms):
        timestamp = (2**32 - 1000 + elapsed * clock_rate // 1000) & 0xFFFFFFFF
        if number not in dropped:
            arrivals.append((start + 8 * elapsed, RtpPacket(payload_type, number, timestamp, 1, bytes([number + 1]) * (length // 10))))
        elapsed += length
    return arrivals


@settings(deadline=None)
@given(
    clock_rate=st.sampled_from([8000, 16000, 44100, 48000]),
    lengths=st.lists(st.sampled_from([10, 20, 30, 40, 60]), min_size=2, max_size=20),
    steady=st.booleans(),
)
def test_packets_of_any_length_and_clock_lie_end_to_end(clock_rate: int, lengths: list[int], steady: bool) -> None:
    listener = Listener(Timeline({98: counting(clock_rate, steady=steady)}))
    samples, lost = listener.run(stream(clock_rate, lengths), 1000 + 8 * sum(lengths) + 2400)
    expected = [np.full(8 * length, 100 * (number + 1) + number + 1) for number, length in enumerate(lengths)]
    assert samples[1000 : 1000 + 8 * sum(lengths)].tolist() == np.concatenate(expected).tolist()
    assert not lost.any()
    assert (listener.timeline.stats.reanchored, listener.timeline.stats.late) == (0, 0)
    assert listener.timeline.stats.jitter == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("clock_rate", [16000, 44100, 48000])
def test_a_lost_packet_costs_its_own_length(clock_rate: int) -> None:
    listener = Listener(Timeline({98: counting(clock_rate)}))
    samples, lost = listener.run(stream(clock_rate, [20] * 10, dropped=frozenset({4})), 4000)
    assert np.flatnonzero(lost).tolist() == list(range(1640, 1800))
    assert not samples[1640:1800].any()
    # What comes after is decoded as the fifth that came.
    assert samples[1800] == 506
    assert listener.timeline.stats.lost == 1


def test_steady_packets_of_any_clock_take_the_fast_way() -> None:
    listener = Listener(Timeline({98: counting(48000)}))
    listener.run(stream(48000, [20] * 50), 10_000)
    # All but the first, and the one whose timestamp begins again from zero.
    assert listener.fast == 48


def test_packets_out_of_order_are_decoded_in_order() -> None:
    arrivals = stream(48000, [20] * 6)
    arrivals[2], arrivals[3] = (arrivals[3][0] + 8, arrivals[2][1]), (arrivals[3][0], arrivals[3][1])
    samples, _ = Listener(Timeline({98: counting(48000)})).run(arrivals, 3000)
    assert [int(samples[1000 + 160 * number]) for number in range(6)] == [101, 202, 303, 404, 505, 606]


def test_another_clock_in_mid_call_is_tied_at_its_arrival_and_nothing_is_lost() -> None:
    before = stream(8000, [20] * 5, payload_type=0)
    after = [(1800.0 + 160 * number, RtpPacket(98, 5 + number, 777_000 + 960 * number, 1, bytes([number + 1]) * 2)) for number in range(5)]
    listener = Listener(Timeline({0: octets(decode), 98: counting(48000)}))
    before = [(at, RtpPacket(0, one.sequence, one.timestamp, 1, bytes([9]) * 160)) for at, one in before]
    samples, lost = listener.run(before + after, 4000)
    assert (samples[1000:1800] == 9).all()
    assert [int(samples[1800 + 160 * number]) for number in range(5)] == [101, 202, 303, 404, 505]
    assert not lost.any()
    assert listener.timeline.stats.reanchored == 1


def test_another_payload_type_of_the_same_clock_goes_on_where_the_other_ended() -> None:
    arrivals = [
        (1000.0 + 160 * number, RtpPacket(0 if number < 3 else 8, number, 160 * number, 1, bytes([number + 1]) * 160))
        for number in range(6)
    ]
    listener = Listener(Timeline({0: octets(decode), 8: octets(lambda payload: decode(payload) + 1000)}))
    samples, lost = listener.run(arrivals, 3000)
    assert [int(samples[1000 + 160 * number]) for number in range(6)] == [1, 2, 3, 1004, 1005, 1006]
    assert not lost.any()
    assert listener.timeline.stats.reanchored == 0


def test_another_source_is_decoded_afresh() -> None:
    first = stream(48000, [20] * 3)
    second = [(at + 480, RtpPacket(98, one.sequence, one.timestamp, 2, one.payload)) for at, one in first]
    samples, _ = Listener(Timeline({98: counting(48000)})).run(first + second, 3000)
    assert [int(samples[1480 + 160 * number]) for number in range(3)] == [101, 202, 303]


def test_a_payload_that_is_nonsense_is_silence_and_counted() -> None:
    arrivals = stream(48000, [20] * 4)
    at, bad = arrivals[1]
    arrivals[1] = (at, RtpPacket(98, bad.sequence, bad.timestamp, 1, b"\0\0"))
    listener = Listener(Timeline({98: counting(48000)}))
    samples, lost = listener.run(arrivals, 3000)
    assert not samples[1160:1320].any()
    assert samples[1320] == 203
    assert not lost.any()
    assert listener.timeline.stats.malformed == 1


@pytest.mark.parametrize("pace", [0.995, 1.005])
def test_a_far_clock_off_by_half_a_percent_is_followed_in_any_codec(pace: float) -> None:
    count = 3000
    arrivals = [(1000 + 160 * pace * number, RtpPacket(98, number, 960 * number & 0xFFFFFFFF, 1, b"\x07\x07")) for number in range(count)]
    listener = Listener(Timeline({98: PayloadFormat(48000, lambda payload: 160, lambda: lambda payload: np.full(160, 7, np.int16))}))
    samples, lost = listener.run(arrivals, int(160 * pace * count))
    assert not lost.any()
    assert (samples[1000:] == 7).all()
    assert abs(listener.timeline.stats.slipped - round(160 * count * (pace - 1))) < 500


def test_comfort_noise_is_silence_of_a_known_level_and_the_gap_after_it_no_loss() -> None:
    arrivals = stream(8000, [20] * 3, payload_type=0)
    arrivals = [(at, RtpPacket(0, one.sequence, one.timestamp, 1, bytes([5]) * 160)) for at, one in arrivals]
    arrivals.append((1480, RtpPacket(13, 3, 2**32 - 1000 + 480, 1, bytes([63]))))
    # Two seconds later the far side goes on speaking, with the next number.
    later = (2**32 - 1000 + 480 + 16_000) & 0xFFFFFFFF
    arrivals += [(1480.0 + 16_000 + 160 * n, RtpPacket(0, 4 + n, later + 160 * n, 1, bytes([6]) * 160, marker=n == 0)) for n in range(3)]
    listener = Listener()
    samples, lost = listener.run(arrivals, 20_000)
    assert not samples[1480:17_480].any()
    assert (samples[17_480:17_960] == 6).all()
    assert not lost.any()
    assert listener.timeline.missed == []
    assert listener.timeline.noise_dbov == -63
    assert (listener.timeline.stats.lost, listener.timeline.stats.reanchored) == (0, 0)
