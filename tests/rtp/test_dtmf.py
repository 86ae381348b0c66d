"""Keys as telephone events."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.dtmf import KEYS, KeyForm, KeyPacket, KeyReceiver, KeySender, ReceivedKey, TelephoneEvent
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError


def sent(sender: KeySender, first: int = 0, ticks: int = 100_000) -> list[tuple[int, KeyPacket]]:
    """All packets until the sender is idle, each with the sample of its tick."""
    packets = []
    for tick in range(ticks):
        if not sender.busy:
            break
        packet = sender.tick((first + 160 * tick) & 0xFFFFFFFF)
        if packet is not None:
            packets.append((160 * tick, packet))
    return packets


def event_packet(event: TelephoneEvent, timestamp: int, *, sequence: int = 0, ssrc: int = 7) -> RtpPacket:
    return RtpPacket(101, sequence, timestamp, ssrc, bytes(event))


def test_event_octets() -> None:
    assert TelephoneEvent.parse(bytes.fromhex("0b 8a 0320")) == TelephoneEvent(event=11, end=True, duration=800, volume=10)
    assert bytes(TelephoneEvent(event=11, end=True, duration=800, volume=10)) == bytes.fromhex("0b8a0320")


@settings(deadline=None)
@given(st.builds(TelephoneEvent, st.integers(0, 255), st.booleans(), st.integers(0, 0xFFFF), st.integers(0, 63)))
def test_event_round_trip(event: TelephoneEvent) -> None:
    assert TelephoneEvent.parse(bytes(event)) == event


def test_event_too_short() -> None:
    with pytest.raises(RtpSyntaxError) as caught:
        TelephoneEvent.parse(b"\x01\x02")
    assert str(caught.value) == "a telephone event has 4 octets, the payload 2"


def test_a_key_of_100_ms_is_seven_packets() -> None:
    sender = KeySender()
    sender.press("5")
    packets = sent(sender, first=4000)
    assert [(at, packet.payload.hex(), packet.marker, packet.timestamp, packet.last) for at, packet in packets] == [
        (0, "050a00a0", True, 4000, False),
        (160, "050a0140", False, 4000, False),
        (320, "050a01e0", False, 4000, False),
        (480, "050a0280", False, 4000, False),
        (640, "058a0320", False, 4000, False),
        (800, "058a0320", False, 4000, False),
        (960, "058a0320", False, 4000, True),
    ]


def test_second_key_begins_after_key_and_gap() -> None:
    sender = KeySender(KeyForm(90, 100))
    sender.press("1")
    sender.press("d", secret=True)
    packets = sent(sender)
    assert [(at, packet.key, packet.secret) for at, packet in packets if packet.marker] == [(0, "1", False), (1600, "D", True)]
    assert not sender.busy


@pytest.mark.parametrize(
    ("keys", "secret", "message"),
    [
        ("12x4", False, 'key "x" at place 3 of 4 is no key. keys are 0 to 9, *, # and A to D'),
        ("12 4", True, "key at place 3 of 4 is no key. keys are 0 to 9, *, # and A to D"),
    ],
)
def test_what_is_no_key(keys: str, secret: bool, message: str) -> None:
    sender = KeySender()
    with pytest.raises(ValueError, match=r"is no key") as caught:
        sender.press(keys, secret=secret)
    assert str(caught.value) == message
    assert not sender.busy


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((20, 100, 10), 'a key lasts 40 to 60000 ms, not "20"'),
        ((100, 20, 10), 'the gap after a key lasts 60 to 60000 ms, not "20"'),
        ((100, 100, 64), 'the volume of a key is 0 to 63 dBm0 below zero, not "64"'),
    ],
)
def test_forms_out_of_range(values: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match="not") as caught:
        KeyForm(*values)
    assert str(caught.value) == message


def test_long_key_is_cut_into_segments_and_heard_as_one() -> None:
    sender = KeySender(KeyForm(20_000))
    sender.press("#")
    packets = sent(sender)
    segments = sorted({packet.timestamp for _, packet in packets})
    assert segments == [0, 65535, 131070]
    full = [TelephoneEvent.parse(packet.payload) for _, packet in packets if packet.timestamp == 0][-1]
    assert full == TelephoneEvent(11, end=False, duration=65535)
    assert heard(packets) == [ReceivedKey("#", 0, 160_000, ended=True)]


def heard(packets: list[tuple[int, KeyPacket]]) -> list[ReceivedKey]:
    receiver = KeyReceiver()
    keys = []
    now = 0
    for at, packet in packets:
        now = at
        keys += receiver.expire(at)
        keys += receiver.receive(RtpPacket(101, 0, packet.timestamp, 7, packet.payload, packet.marker), packet.timestamp, at)
    return keys + receiver.expire(now + 1600)


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
    receiver = KeyReceiver(lost_end=1600)
    assert receiver.receive(event_packet(TelephoneEvent(3, False, 480), 1000), 1000, 1480) == []
    assert receiver.down
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
