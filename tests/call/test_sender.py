"""Senders, whose clock is told to them, over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest

from ivrtest.call.call import Samples
from ivrtest.call.impairment import Impairment
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.call.sender import Sender, send_due
from tests.call.test_media_outgoing import outgoing, sound

pytestmark = pytest.mark.calls

RAMP: Samples = np.arange(0, 16_000, 8, dtype=np.int16)
"""2000 samples: twelve frames and a half."""
ZERO = 1000.0
TICK_S = 0.02


class Pair:
    """A sender, and the socket that it sends to."""

    def __init__(self) -> None:
        self.near, self.far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one in (self.near, self.far):
            one.bind(("127.0.0.1", 0))
            one.settimeout(20)
        self.events = 0
        self.outgoing = outgoing()
        self.outgoing.agree(RemoteMedia(self.far.getsockname()))
        self.sender = Sender(self.near, zero=ZERO, outgoing=self.outgoing, capture=None, happened=self._happened)
        self.sender.destination = self.far.getsockname()

    def _happened(self) -> None:
        self.events += 1

    def received(self, count: int) -> list[bytes]:
        """Return the next `count` datagrams, and make sure that no more came."""
        datagrams = [self.far.recv(2000) for _ in range(count)]
        self.near.sendto(b"last", self.far.getsockname())
        assert self.far.recv(2000) == b"last"
        return datagrams

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    made = [Pair() for _ in range(3)]
    yield made
    for pair in made:
        pair.close()


def expected(numbers: int, *, played_at: int | None = None, length: int = len(RAMP)) -> list[bytes]:
    """What is to leave, made one by one."""
    out = outgoing()
    out.agree(RemoteMedia(("192.0.2.1", 4000)))
    packets = []
    for number in range(numbers):
        if number == played_at:
            out.play(sound(RAMP[:length]))
        packet = out.packet(160 * number)
        assert packet is not None
        packets.append(packet[0])
    return packets


def test_many_send_what_each_would_send_alone(pairs: list[Pair]) -> None:
    for number in range(40):
        for which, pair in enumerate(pairs):
            if number == 7 * which + 3:
                pair.sender.catch_up()
                pair.outgoing.play(sound(RAMP))
        send_due([pair.sender for pair in pairs], ZERO + number * TICK_S, 0.0)
    for which, pair in enumerate(pairs):
        pair.sender.catch_up()
        assert pair.received(40) == expected(40, played_at=7 * which + 3)
        assert (pair.sender.position, pair.outgoing.packets, pair.sender.unsent) == (6400, 40, 0)
        assert pair.sender.due == pytest.approx(ZERO + 0.8)
        assert pair.events == 1  # the recording's end
        times, deadlines = pair.sender.pacing.columns()
        assert list(deadlines) == pytest.approx([ZERO + number * TICK_S for number in range(40)])
        assert len(times) == 40


def test_who_was_not_woken_sends_all_that_is_due_and_who_is_not_due_sends_nothing(pairs: list[Pair]) -> None:
    late, early, usual = (pair.sender for pair in pairs)
    for number in range(12):
        now = ZERO + number * TICK_S + 0.001
        send_due([usual, late] if number % 4 == 3 else [usual], now, 0.0)
        send_due([early, early], now, 0.0)
        send_due([early], now, 0.0)
    for pair in pairs:
        assert pair.received(12) == expected(12)


def test_what_does_not_just_leave_goes_its_own_way(pairs: list[Pair]) -> None:
    lossy, plain, nowhere = pairs
    for _ in range(2):
        # The second time some packets are ready.
        begin = plain.sender.position // 160
        lossy.sender.impair(Impairment(loss=1.0))
        for number in range(begin, begin + 8):
            send_due([pair.sender for pair in pairs], ZERO + number * TICK_S, 0.0)
        lossy.sender.impair(None)
        for number in range(begin + 8, begin + 16):
            send_due([pair.sender for pair in pairs], ZERO + number * TICK_S, 0.0)
    assert plain.received(32) == expected(32)
    everything = expected(32)
    assert lossy.received(16) == everything[8:16] + everything[24:32]
    # The system refuses port 0.
    nowhere.sender.destination = ("127.0.0.1", 0)
    for number in range(32, 39):
        send_due([nowhere.sender], ZERO + number * TICK_S, 0.0)
    assert nowhere.received(32) == everything
    assert (nowhere.sender.unsent, nowhere.sender.pacing.paces.sent, nowhere.sender.position) == (7, 32, 39 * 160)


def test_whoever_has_stopped_sends_nothing_more(pairs: list[Pair]) -> None:
    pair = pairs[0]
    for number in range(3):
        send_due([pair.sender], ZERO + number * TICK_S, 0.0)
    pair.sender.stop()
    send_due([pair.sender], ZERO + 10, 0.0)
    assert pair.received(3) == expected(3)
    assert (pair.outgoing.packets, pair.sender.position) == (3, 480)
