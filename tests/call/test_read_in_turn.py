"""What is read when its turn has come is heard as if it had been read as soon as it came; what was not read in time is counted. In virtual
time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.call import SAMPLE_RATE, Block, CallEvent, Mask, Samples
from ivrtest.call.datagrams import socket_name
from ivrtest.call.inbox import ROWS, Inbox
from ivrtest.call.incoming import Incoming
from ivrtest.call.media_session import MediaSession
from ivrtest.call.remote_media import MediaStats, RemoteMedia
from ivrtest.call.reporting import Reporting
from ivrtest.rtp.dtmf import TelephoneEvent
from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.reports import Reports
from tests.call.bound import PATIENCE_S, bound
from tests.call.test_media_outgoing import outgoing

FAR: Final = ("192.0.2.1", 4000)
STRANGER: Final = ("203.0.113.9", 9)
WAKE_S: Final = 0.005
FRAME_S: Final = 0.02
BLOCK: Final = 800
BEGUN_S: Final = 1_000_000.0
"""So long ago the session began: all that it is told happened in the past."""


@dataclass(frozen=True, slots=True)
class Letter:
    data: bytes
    source: tuple[str, int]
    at: float
    """Seconds on the session's clock."""


class Post(Inbox):
    """Brings datagrams when their time has come."""

    def __init__(self, letters: list[Letter], connection: int) -> None:
        self.now = 0.0
        self._zero = time.monotonic() - BEGUN_S
        self._letters = sorted(letters, key=lambda letter: letter.at)
        self._connection = connection

    @property
    def zero(self) -> float:
        """When the session began."""
        return self._zero

    def receive(self, descriptor: int, wall_zero: float) -> list[tuple[bytes, bytes, float]]:
        assert descriptor == self._connection
        came = [letter for letter in self._letters if letter.at <= self.now][:ROWS]
        del self._letters[: len(came)]
        return [(letter.data, socket_name(letter.source, 2) or b"", self._zero + letter.at) for letter in came]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    samples: Samples
    lost: Mask
    missed: list[tuple[int, int]]
    events: list[CallEvent]
    stats: MediaStats


def session(connection: socket.socket, control: socket.socket, post: Post, loop: asyncio.AbstractEventLoop) -> MediaSession:
    """Return a session to which `post` brings what comes."""
    ear, mouth = Incoming(limit=None, hears_tones=True), outgoing()
    ear.agree(RemoteMedia(FAR))
    return MediaSession(
        connection,
        post,
        zero=post.zero,
        loop=loop,
        outgoing=mouth,
        incoming=ear,
        reporting=Reporting(connection, control, post, Reports(ssrc=1, cname="", draw=lambda: 0.5), mouth, ear, None),
        capture=None,
        asked=lambda _: None,
        repace=lambda _, __: None,
        max_lag_s=BEGUN_S,
    )


def heard(letters: list[Letter], *, in_turn: bool, until_s: float) -> Heard:
    """Return what a session makes of it. It is read every 5 ms, or `in_turn`: when a block is due, or 100 ms after it was read before."""
    loop = asyncio.new_event_loop()
    with bound() as connection, bound() as control, closing(loop):
        post = Post(letters, connection.fileno())
        ear = session(connection, control, post, loop)
        items: list[Block | CallEvent] = []
        turn_at = 0.0
        for wake in range(round(until_s / WAKE_S)):
            post.now = wake * WAKE_S
            now = post.zero + post.now
            woken = wake % round(FRAME_S / WAKE_S) == 0
            if not in_turn or (woken and (ear.look_at <= now or turn_at <= post.now)):
                ear.receiver.receive_all(0.0)
                turn_at = post.now + 0.09
            if woken and ear.look_at <= now:
                items += [item for item in ear.deliver(now, BLOCK // 2, BLOCK) if isinstance(item, Block | CallEvent)]
        stats = ear.stats()
    blocks = [item for item in items if isinstance(item, Block)]
    # Without a gap, and none is kept back for long: 40 ms until a packet out of order has found its place, 200 after a stall.
    assert [block.start for block in blocks] == np.cumsum([0, *(len(block.samples) for block in blocks)])[:-1].tolist()
    assert blocks[-1].end_s >= until_s - 0.04 - 0.2 - BLOCK / SAMPLE_RATE
    end = int((until_s - 0.5) * SAMPLE_RATE)
    return Heard(
        np.concatenate([block.samples for block in blocks])[:end],
        np.concatenate([block.lost for block in blocks])[:end],
        [stretch for block in blocks for stretch in block.missed],
        [item for item in items if not isinstance(item, Block)],
        stats,
    )


def sound(number: int, *, ssrc: int = 7, marker: bool = False) -> bytes:
    """A frame that no other is like."""
    return bytes(RtpPacket(0, number & 0xFFFF, 160 * number & 0xFFFFFFFF, ssrc, bytes([number % 250]) * 160, marker=marker))


def key(number: int) -> bytes:
    """A key that begins and ends in one packet."""
    return bytes(RtpPacket(101, number & 0xFFFF, 160 * number & 0xFFFFFFFF, 7, bytes(TelephoneEvent(number % 12, True, 800)), marker=True))


KINDS = st.sampled_from(["sound"] * 12 + ["lost", "lost", "twice", "marked", "rubbish", "stranger", "another", "key"])
FIRST = 65_500
"""Numbers and timestamps begin again soon after."""


def posted(number: int, kind: str, delay_ms: int) -> Iterator[Letter]:
    at = 0.05 + number * FRAME_S + delay_ms / 1000
    match kind:
        case "lost":
            return
        case "rubbish":
            yield Letter(b"\x80" * (number % 20), FAR, at)
        case "stranger":
            yield Letter(sound(FIRST + number, ssrc=9), STRANGER, at)
        case "another":
            yield Letter(sound(FIRST + number, ssrc=8), FAR, at)
        case "key":
            yield Letter(key(FIRST + number), FAR, at)
        case _:
            yield Letter(sound(FIRST + number, marker=kind == "marked"), FAR, at)
            if kind == "twice":
                yield Letter(sound(FIRST + number), FAR, at + 0.001)


def letters(packets: list[tuple[str, int]]) -> list[Letter]:
    return [letter for number, (kind, delay_ms) in enumerate(packets) for letter in posted(number, kind, delay_ms)]


def same(one: Heard, other: Heard) -> None:
    assert one.samples.tolist() == other.samples.tolist()
    assert one.lost.tolist() == other.lost.tolist()
    assert one.missed == other.missed
    assert one.events == other.events
    assert one.stats == other.stats


@given(packets=st.lists(st.tuples(KINDS, st.integers(0, 35)), max_size=80))
def test_whatever_comes_in_time_is_heard_the_same(packets: list[tuple[str, int]]) -> None:
    until_s = 1.0 + len(packets) * FRAME_S
    same(*(heard(letters(packets), in_turn=in_turn, until_s=until_s) for in_turn in (False, True)))


@given(
    packets=st.lists(st.tuples(st.sampled_from(["sound", "sound", "sound", "lost", "twice"]), st.integers(0, 60)), max_size=60),
    stall=st.tuples(st.integers(0, 60), st.integers(0, 600)),
)
def test_whatever_stalls_is_heard_the_same(packets: list[tuple[str, int]], stall: tuple[int, int]) -> None:
    """For a while nothing comes, and then all of it at once."""
    begin = 0.05 + stall[0] * FRAME_S
    end = begin + stall[1] / 1000
    came = [Letter(each.data, each.source, max(each.at, end) if begin <= each.at else each.at) for each in letters(packets)]
    until_s = 2.0 + len(packets) * FRAME_S
    same(*(heard(came, in_turn=in_turn, until_s=until_s) for in_turn in (False, True)))


@pytest.mark.parametrize("in_turn", [False, True])
def test_a_flood_is_read_over_several_turns(in_turn: bool) -> None:
    """1,000 packets of a stranger a second; the call's own are between them."""
    own = letters([("sound", 0)] * 100)
    strange = [Letter(sound(number, ssrc=9), STRANGER, 0.1 + number / 1000) for number in range(2000)]
    result = heard(own + strange, in_turn=in_turn, until_s=3.0)
    alone = heard(own, in_turn=in_turn, until_s=3.0)
    assert result.samples.tolist() == alone.samples.tolist()
    assert (result.stats.strangers, result.stats.lost, result.stats.late) == (2000, 0, 0)


def test_what_was_not_read_in_time_is_known_after_the_end() -> None:
    with bound() as far, bound() as connection, bound() as control, closing(asyncio.new_event_loop()) as loop:
        post = Post([], connection.fileno())
        ear = session(connection, control, post, loop)
        give_up_at = time.monotonic() + PATIENCE_S
        while ear.stats().overrun == 0:
            far.sendto(bytes(172), connection.getsockname())
            assert time.monotonic() < give_up_at
        overrun = ear.stats().overrun
        ear.finish(None)
        assert ear.deliver(post.zero + 1.0, BLOCK // 2, BLOCK)[-1] is None
        connection.close()
        assert ear.stats().overrun >= overrun
