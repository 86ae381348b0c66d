"""Keys as telephone events: the wire value, and how they are sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.dtmf import KeyForm, KeyPacket, KeySender, TelephoneEvent
from ivrtest.rtp.packet import RtpSyntaxError


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
