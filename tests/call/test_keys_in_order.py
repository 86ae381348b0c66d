"""Keys as events over a link that stalls, reorders, doubles and loses packets: heard in the order they were pressed, each once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.call.call import CallEvent, KeyHeard
from ivrtest.call.event_queue import EventQueue
from ivrtest.call.incoming import Incoming
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import KEYS, KeySender
from ivrtest.rtp.packet import RtpPacket

FRAME = 160
FAR = ("192.0.2.1", 4000)
LEAD = 25
"""Packets of sound before the first key."""


def stream(keys: str, *, sound: bool = True, first_timestamp: int = 0xFFFFF000) -> list[tuple[int, bytes, int | None]]:
    """What a caller sends who presses keys: the sample at which each packet leaves, the packet, and which of the keys it tells of.

    Half a second of sound before the keys, three seconds after them, and in the gaps between them; or without `sound` the keys alone.
    """
    sender = KeySender()
    packets: list[tuple[int, bytes, int | None]] = []
    number, pressed = 0xFFE0, -1
    for tick in range(LEAD + 10 * len(keys) + 150):
        if tick == LEAD:
            sender.press(keys)
        timestamp = first_timestamp + FRAME * tick & 0xFFFFFFFF
        key = sender.tick(timestamp)
        if key is not None:
            pressed += key.marker
            packet = RtpPacket(101, number, key.timestamp, 7, key.payload, key.marker)
        elif sound:
            packet = RtpPacket(0, number, timestamp, 7, bytes([0xFF]) * FRAME)
        else:
            continue
        packets.append((FRAME * tick, bytes(packet), None if key is None else pressed))
        number = number + 1 & 0xFFFF
    return packets


def heard(arrivals: list[tuple[float, bytes]], until: int | None = None) -> list[KeyHeard]:
    """Return the keys in the order in which a reader gets them, up to a sample; by default to two seconds after the last packet."""
    remote = RemoteMedia(FAR, receive_codecs={0: "PCMU"}, receive_keys={101: 8000})
    incoming = Incoming(limit=None)
    incoming.agree(remote)
    queue, got = EventQueue(), list[CallEvent]()
    waiting = sorted(arrivals, key=lambda arrival: arrival[0])
    end = until if until is not None else int(waiting[-1][0]) + 16_000 if waiting else 0
    for now in range(FRAME, end + 1, FRAME):
        while waiting and waiting[0][0] <= now:
            at, data = waiting.pop(0)
            incoming.datagram(data, FAR, at)
        settled = incoming.settle(now)
        queue.add(incoming.events)
        incoming.events.clear()
        while incoming.taken + FRAME <= settled:
            incoming.take(incoming.taken + FRAME)
        got += queue.passed(incoming.taken)
    return [event for event in got if isinstance(event, KeyHeard)]


def pressed(events: list[KeyHeard]) -> str:
    return "".join(event.key for event in events)


@st.composite
def journeys(draw: st.DrawFn) -> tuple[str, list[tuple[float, bytes]], str]:
    """Return keys, the packets that tell of them as they arrive, in samples, and those keys of which at least one packet does.

    The link stands still twice, lets go of all that waits at once, and is uneven by up to 150 ms all the time.
    """
    keys = draw(st.text(KEYS, min_size=1, max_size=6))
    packets = stream(keys, sound=draw(st.booleans()))
    chance = draw(st.randoms(use_true_random=False))
    uneven = draw(st.sampled_from([0, 160, 800, 1200]))
    loss, doubled = draw(st.sampled_from([0.0, 0.1, 0.6])), draw(st.sampled_from([0.0, 0.1, 0.6]))
    stalls = [(at, at + draw(st.integers(1, 3)) * 8000) for at in draw(st.lists(st.integers(0, FRAME * LEAD + 9600), max_size=2))]
    arrivals: list[tuple[float, bytes]] = []
    arrived = set[int]()
    for sent, data, key in packets:
        ready = sent
        for begin, end in sorted(stalls):
            ready = end if begin <= ready < end else ready
        for _ in range(1 + (chance.random() < doubled)):
            if chance.random() >= loss:
                arrivals.append((ready + uneven * chance.random(), data))
                arrived |= {key} if key is not None else set()
    return keys, arrivals, "".join(name for number, name in enumerate(keys) if number in arrived)


@settings(deadline=None, max_examples=60)
@given(journeys())
def test_keys_are_heard_in_the_order_they_were_pressed_each_once(journey: tuple[str, list[tuple[float, bytes]], str]) -> None:
    _, arrivals, arrived = journey
    events = heard(arrivals)
    assert pressed(events) == arrived
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_key_that_two_others_overtook_is_waited_for() -> None:
    packets = stream("240795")
    assert pressed(heard([(sent + (2400 if key == 2 else 0), data) for sent, data, key in packets])) == "240795"
    # Nobody waits for seconds. It comes, though too late.
    assert pressed(heard([(sent + (16_000 if key == 2 else 0), data) for sent, data, key in packets])) == "247950"


def test_keys_keep_their_order_where_the_line_becomes_slow_and_then_quick_again() -> None:
    """What comes while the line is slow is placed by that. When it is quick again, keys seem to lie ahead of those after them."""
    arrivals: list[tuple[float, bytes]] = []
    free_at = 0.0
    for number, (sent, data, _) in enumerate(stream("240795")):
        free_at = max(free_at, sent + (0 if number < 12 else 24_000 if number < 22 else 4000 if number < 96 else 0))
        arrivals.append((free_at, data))
    assert pressed(heard(arrivals)) == "240795"


def test_a_key_is_reported_at_once_where_nothing_is_missing_before_it() -> None:
    packets = [(float(sent), data) for sent, data, key in stream("2") if sent < FRAME * (LEAD + 5)]
    assert [event.key for event in heard(packets, until=FRAME * (LEAD + 5))] == ["2"]
    # Three packets before it got lost, or come late: as far as anybody knows it may be a second key.
    gone = [packet for number, packet in enumerate(packets) if number not in range(LEAD - 3, LEAD)]
    assert heard(gone, until=FRAME * (LEAD + 5)) == []
    assert heard(gone, until=FRAME * LEAD + 1440) == []
    assert [event.key for event in heard(gone, until=FRAME * LEAD + 1600)] == ["2"]
