"""Keys heard from telephone events."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.dtmf import KEYS, KeyForm, KeyPacket, KeySender, TelephoneEvent
from ivrtest.rtp.key_receiver import KeyReceiver, ReceivedKey
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from tests.rtp.test_dtmf import sent


def event_packet(event: TelephoneEvent, timestamp: int, *, sequence: int = 0, ssrc: int = 7) -> RtpPacket:
    return RtpPacket(101, sequence, timestamp, ssrc, bytes(event))


def heard(packets: list[tuple[int, KeyPacket]]) -> list[ReceivedKey]:
    receiver = KeyReceiver()
    keys = []
    for at, packet in packets:
        keys += receiver.expire(at)
        keys += receiver.receive(RtpPacket(101, 0, packet.timestamp, 7, packet.payload, packet.marker), packet.timestamp, at)
    return keys + receiver.finish()


def test_long_key_is_cut_into_segments_and_heard_as_one() -> None:
    sender = KeySender(KeyForm(20_000))
    sender.press("#")
    packets = sent(sender)
    segments = sorted({packet.timestamp for _, packet in packets})
    assert segments == [0, 65535, 131070]
    full = [TelephoneEvent.parse(packet.payload) for _, packet in packets if packet.timestamp == 0][-1]
    assert full == TelephoneEvent(11, end=False, duration=65535)
    assert heard(packets) == [ReceivedKey("#", 0, 160_000, ended=True)]


@settings(deadline=None)
@given(st.text(KEYS, max_size=8), st.data())
def test_every_key_is_heard_once_whatever_is_lost_or_repeated(keys: str, data: st.DataObject) -> None:
    sender = KeySender()
    sender.press(keys)
    packets = sent(sender)
    groups = [packets[start : start + 7] for start in range(0, len(packets), 7)]
    kept = []
    for group in groups:
        # Of each key at least one packet arrives, some twice, those of one key in any order.
        some = data.draw(st.lists(st.sampled_from(range(7)), min_size=1, max_size=10))
        kept += [(group[0][0] + 160 * place, group[index][1]) for place, index in enumerate(some[:7])]
    received = heard(kept)
    assert "".join(key.key for key in received) == keys
    assert [key.start for key in received] == [group[0][0] for group in groups]


def test_lost_end_runs_out_of_time() -> None:
    receiver = KeyReceiver(patience=1600)
    assert receiver.receive(event_packet(TelephoneEvent(3, False, 480), 1000), 1000, 1480) == []
    assert receiver.waits
    assert receiver.expire(3079) == []
    assert receiver.expire(3080) == [ReceivedKey("3", 1000, 480, ended=False)]
    assert receiver.receive(event_packet(TelephoneEvent(3, True, 800), 1000), 1000, 3200) == []


def test_next_key_ends_one_whose_end_was_lost() -> None:
    receiver = KeyReceiver()
    receiver.receive(event_packet(TelephoneEvent(3, False, 480), 1000), 1000, 1480)
    assert receiver.receive(event_packet(TelephoneEvent(3, False, 160), 2600), 2600, 2760) == [ReceivedKey("3", 1000, 480, ended=False)]


def test_same_timestamp_from_another_source_is_another_key() -> None:
    receiver = KeyReceiver()
    first = receiver.receive(event_packet(TelephoneEvent(3, True, 800), 1000, ssrc=1), 1000, 1800)
    second = receiver.receive(event_packet(TelephoneEvent(3, True, 800), 1000, ssrc=2), 5000, 5800)
    assert [key.key for key in first + second] == ["3", "3"]


def test_events_that_are_no_keys_are_not_heard() -> None:
    assert KeyReceiver().receive(event_packet(TelephoneEvent(16, True, 800), 1000), 1000, 1800) == []


@settings(deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=30), st.integers(0, 2**32 - 1))
def test_any_payload_is_a_key_or_a_syntax_error(payloads: list[bytes], seed: int) -> None:
    receiver = KeyReceiver()
    order = random.Random(seed)
    for payload in payloads:
        try:
            for key in receiver.receive(RtpPacket(101, 0, order.getrandbits(32), 1, payload), 0, 0):
                assert key.key in KEYS
        except RtpSyntaxError:
            assert len(payload) < 4


@pytest.mark.parametrize("counted", [8000, 48000])
def test_where_events_and_sound_have_different_clocks_the_time_tells_which_one_counts(counted: int) -> None:
    receiver = KeyReceiver()
    keys: list[ReceivedKey] = []
    for tick in range(1, 6):
        event = TelephoneEvent(3, tick == 5, tick * counted // 50)
        keys += receiver.receive(event_packet(event, 1000, sequence=tick), 4000, 4000 + 160 * tick, clock_rate=8000, sound_rate=48000)
    assert [(key.key, key.start, key.samples) for key in keys] == [("3", 4000, 800)]


def segment(event: int, number: int, *, full: bool = True, end: bool = False) -> RtpPacket:
    return event_packet(TelephoneEvent(event, end, 65535 if full else 800), 1000 + 65535 * number)


def test_segments_in_any_order_are_one_key() -> None:
    receiver = KeyReceiver()
    receiver.missed(100, 150_000)
    keys = receiver.receive(segment(3, 1, full=False), 66_535, 150_000)
    keys += receiver.receive(segment(3, 0), 1000, 150_001)
    keys += receiver.receive(segment(3, 2, full=False, end=True), 132_070, 150_002)
    assert keys + receiver.expire(151_600) == [ReceivedKey("3", 1000, 2 * 65535 + 800, ended=True)]
    assert receiver.receive(segment(3, 1), 66_535, 151_700) == []


def test_a_key_that_was_taken_for_over_in_a_stall_is_not_heard_again_when_it_goes_on() -> None:
    receiver = KeyReceiver()
    receiver.receive(segment(3, 0), 1000, 66_000)
    assert [key.ended for key in receiver.expire(68_000)] == [False]
    assert receiver.receive(segment(3, 1), 66_535, 80_000) == []
    assert receiver.receive(segment(3, 2, full=False, end=True), 132_070, 133_000) == []
    # Of another key it is the start.
    assert [key.key for key in receiver.receive(segment(4, 3, full=False, end=True), 197_605, 198_405)] == ["4"]


def test_a_key_waits_for_one_that_may_be_missing_before_it() -> None:
    receiver = KeyReceiver(patience=1600)
    receiver.missed(2, 5000)
    assert [key.key for key in receiver.receive(event_packet(TelephoneEvent(1, True, 800), 4200), 4200, 5000)] == ["1"]
    receiver.missed(3, 9000)
    assert receiver.receive(event_packet(TelephoneEvent(3, True, 800), 8200), 8200, 9000) == []
    assert receiver.receive(event_packet(TelephoneEvent(2, True, 800), 6600), 6600, 9100) == []
    assert receiver.expire(10_599) == []
    assert [(key.key, key.start) for key in receiver.expire(10_600)] == [("2", 6600), ("3", 8200)]
    assert not receiver.waits


def test_no_key_begins_before_the_key_before_it() -> None:
    receiver = KeyReceiver()
    first = receiver.receive(event_packet(TelephoneEvent(1, True, 800), 4000), 12_000, 5000)
    second = receiver.receive(event_packet(TelephoneEvent(2, True, 800), 5600), 4200, 5100)
    assert [(key.key, key.start) for key in first + second] == [("1", 12_000), ("2", 12_000)]


def test_the_end_of_the_stream_reports_what_waits() -> None:
    receiver = KeyReceiver()
    receiver.receive(event_packet(TelephoneEvent(1, False, 480), 4000), 4000, 4480)
    assert receiver.finish() == [ReceivedKey("1", 4000, 480, ended=False)]
    assert receiver.finish() == []
