"""Two sessions on the loopback, at the pace of real time, and short."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import re
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from ivrtest.audio import tones
from ivrtest.call.call import Answered, Block, CallEvent, Ended, KeyHeard, KeySent, PlaybackEnded, Ringing, Samples
from ivrtest.call.media import MediaEngine
from ivrtest.call.media_session import MediaError, MediaSession, RemoteMedia
from ivrtest.rtp.dtmf import KeyForm

ANY = range(0)
PATIENCE_S = 60.0

pytestmark = pytest.mark.usefixtures("few_and_crowd")


def in_loop(test: Callable[[], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Run a test in an asyncio loop of its own."""

    @functools.wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


@contextlib.asynccontextmanager
async def pair(**options: Any) -> AsyncIterator[tuple[MediaSession, MediaSession]]:
    """Two sessions that talk to each other."""
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(**options), engine.open(**options)
        left.start(RemoteMedia(right.local_address))
        right.start(RemoteMedia(left.local_address))
        yield left, right


async def read(session: MediaSession, done: Callable[[list[Block | CallEvent]], bool]) -> list[Block | CallEvent]:
    """Read until `done`."""
    items: list[Block | CallEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while not done(items):
            items.append(await session.next())
    return items


def events(items: list[Block | CallEvent]) -> list[CallEvent]:
    return [item for item in items if not isinstance(item, Block)]


def sound(items: list[Block | CallEvent]) -> Samples:
    return np.concatenate([item.samples for item in items if isinstance(item, Block)])


def seconds_read(seconds: float) -> Callable[[list[Block | CallEvent]], bool]:
    return lambda items: bool(items) and isinstance(items[-1], Block) and items[-1].end_s >= seconds


def has(kind: type[CallEvent], count: int = 1) -> Callable[[list[Block | CallEvent]], bool]:
    return lambda items: sum(isinstance(item, kind) for item in items) >= count


@in_loop
async def test_played_samples_arrive_whole_and_in_one_piece() -> None:
    wave = tones.tone((440,), 0.3)
    async with pair() as (left, right):
        left.play(wave)
        sending = asyncio.create_task(read(left, has(PlaybackEnded)))
        items = await read(right, seconds_read(0.6))
        ended = events(await sending)
        heard = sound(items)
        start = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(wave)[0])
        blocks = [item for item in items if isinstance(item, Block)]
        length = len(blocks[0].samples)
        assert [(block.start, len(block.samples)) for block in blocks] == [(length * number, length) for number in range(len(blocks))]
        assert not any(block.lost.any() for block in blocks)
        # Mu-law keeps a wave to about 38 dB.
        assert np.abs(heard[start : start + len(wave)].astype(int) - wave).max() < 400
        sent = left.recording().sent
        first = int(np.flatnonzero(sent)[0])
        assert (sent[first : first + 2000] == heard[int(np.flatnonzero(heard)[0]) :][:2000]).all()
        assert ended == [PlaybackEnded((first - int(np.flatnonzero(wave)[0]) + len(wave)) / 8000)]


@in_loop
async def test_keys_are_heard_once_and_reported_when_they_have_left() -> None:
    async with pair(key=KeyForm(40, 60)) as (left, right):
        left.press("1#")
        heard = events(await read(right, has(KeyHeard, 2)))
        sent = events(await read(left, has(KeySent, 2)))
    assert [(event.key, event.seconds, event.how) for event in heard if isinstance(event, KeyHeard)] == [
        ("1", 0.04, "rfc4733"),
        ("#", 0.04, "rfc4733"),
    ]
    times = [event.at for event in sent if isinstance(event, KeySent)]
    assert times[1] - times[0] == pytest.approx(0.1)
    down = [event.at for event in heard if isinstance(event, KeyHeard)]
    assert down[1] - down[0] == pytest.approx(0.1, abs=0.002)


@in_loop
async def test_no_audio_is_sent_while_a_key_is() -> None:
    async with pair(key=KeyForm(40, 60)) as (left, right):
        left.play(np.full(8000, 5000, np.int16), loop=True)
        left.press("5")
        sent = events(await read(left, has(KeySent)))[0]
        items = await read(right, seconds_read(0.4))
        recording = left.recording().sent
    assert isinstance(sent, KeySent)
    start = round(sent.at * 8000)
    # Two packets of the key, and its end twice more.
    assert np.flatnonzero(recording[start:])[0] == 4 * 160
    heard = sound(items)
    loud = np.flatnonzero(heard)
    assert np.diff(loud).max() in (1, 4 * 160 + 1)
    assert not any(item.lost.any() for item in items if isinstance(item, Block))


@in_loop
async def test_keys_go_as_tones_where_the_far_side_takes_no_events() -> None:
    async with MediaEngine(ports=ANY) as engine:
        left, right = engine.open(), engine.open()
        left.start(RemoteMedia(right.local_address, key_payload_type=None))
        left.press("9", secret=True)
        await read(left, has(KeySent))
        heard = sound(await read(right, seconds_read(0.4)))
        assert not left.recording().sent.any()
    first = int(np.flatnonzero(heard)[0])
    spectrum = np.abs(np.fft.rfft(heard[first : first + 800]))
    assert sorted(np.argsort(spectrum)[-2:] * 10) == [850, 1480]


@in_loop
async def test_loop_goes_on_without_a_seam_until_it_is_stopped() -> None:
    wave = np.arange(1, 401, dtype=np.int16) * 64
    async with pair() as (left, right):
        left.play(wave, loop=True)
        # More than twice round.
        heard = sound(await read(right, lambda items: seconds_read(0)(items) and bool(np.count_nonzero(sound(items)) > 1000)))
        left.stop_playing()
        await read(right, lambda items: seconds_read(0)(items) and not items[-1].samples.any())  # type: ignore[union-attr]
        left.close()
        assert not any(isinstance(item, PlaybackEnded) for item in await read_to_end(left))
    heard = heard[np.flatnonzero(heard)[0] :]
    assert (heard[400:800] == heard[:400]).all()


async def read_to_end(session: MediaSession) -> list[Block | CallEvent]:
    return [item async for item in session]


@in_loop
async def test_nothing_played_means_a_steady_stream_of_silence() -> None:
    async with pair() as (left, right):
        await read(right, seconds_read(0.3))
        stats = left.stats(), right.stats()
    for one in stats:
        assert one.sent >= 14
        assert one.received >= 12
        assert (one.lost, one.late, one.strangers, one.malformed, one.reanchored) == (0, 0, 0, 0, 0)
        assert one.send_spacing_ms is not None


@in_loop
async def test_stream_is_in_the_order_of_the_clock_and_ends_with_the_call() -> None:
    async with MediaEngine(ports=ANY) as engine:
        session = engine.open()
        # Long before their time, however late they are posted.
        session.post(Answered(2.1))
        session.post(Ringing(2.05))
        items = await read(session, has(Answered))
        session.post(Ended("them", session.now))
        session.close()
        items += await read_to_end(session)
    assert [type(event) for event in events(items)] == [Ringing, Answered, Ended]
    # Each event comes before the first block that starts after it.
    for event in (Ringing(2.05), Answered(2.1)):
        place = items.index(event)
        assert all(item.start_s < event.at for item in items[:place] if isinstance(item, Block))
        assert all(item.start_s >= event.at for item in items[place:] if isinstance(item, Block))
    assert isinstance(items[-1], Ended)
    blocks = [item for item in items if isinstance(item, Block)]
    assert blocks[-1].end_s >= items[-1].at
    assert all(before.start + len(before.samples) == after.start for before, after in itertools.pairwise(blocks))


@in_loop
async def test_the_socket_is_freed_and_the_port_even() -> None:
    async with MediaEngine(ports=ANY) as engine:
        session = engine.open()
        host, port = session.local_address
        assert (host, port % 2) == ("127.0.0.1", 0)
        session.close()
        await read_to_end(session)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind((host, port))


@in_loop
async def test_closing_the_engine_ends_every_stream() -> None:
    async with MediaEngine(ports=ANY) as engine:
        session = engine.open()
    await read_to_end(session)
    with pytest.raises(MediaError) as caught:
        engine.open()
    assert str(caught.value) == "the media engine is closed"


@in_loop
async def test_all_ports_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with MediaEngine(ports=range(port - port % 2, port - port % 2 + 1, 2)) as engine:
            if port % 2 == 0:
                with pytest.raises(MediaError) as caught:
                    engine.open()
                assert str(caught.value) == 'none of 1 ports for RTP is free on "127.0.0.1". give more ports'


@in_loop
async def test_address_of_another_machine() -> None:
    async with MediaEngine(host="192.0.2.1", ports=ANY) as engine:
        with pytest.raises(MediaError) as caught:
            engine.open()
    assert str(caught.value) == 'cannot receive RTP on "192.0.2.1": nothing here has that address. give an address of this machine'


@in_loop
async def test_a_reader_too_far_behind_gets_an_error_and_not_a_gap() -> None:
    async with MediaEngine(ports=ANY) as engine:
        session = engine.open(max_lag_s=0.1)
        port = session.local_address[1]
        # Nobody reads, until the media thread has handed over the end.
        while not session.over:
            await asyncio.to_thread(lambda: None)
        with pytest.raises(MediaError) as caught:
            await read_to_end(session)
    # More than 0.1 s where the machine stood still meanwhile.
    behind = re.search(r"is ([0-9.]+) s behind", str(caught.value))
    assert behind is not None
    assert float(behind[1]) >= 0.1
    assert str(caught.value) == (
        f"the reader of the call on port {port} is {behind[1]} s behind it, and 0.1 s are kept. "
        "the machine is too busy, or the reader stopped"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_ms": 30}, 'a block lasts a multiple of 20 ms, not "30"'),
        ({"ports": range(10001, 10011, 2)}, 'ports for RTP are even (RFC 3550 section 11), not "range(10001, 10011, 2)"'),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="not") as caught:
        MediaEngine(**options)
    assert str(caught.value) == message
