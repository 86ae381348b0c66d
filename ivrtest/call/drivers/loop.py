"""Calls inside one process, in virtual time: nothing is sent and nothing is waited for.

The clock of such a call is a count of samples. It moves on by one block when both ends wait for their next item, so a call
runs as fast as it is read, and always alike.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Container, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np

from ivrtest.call.call import (
    SAMPLE_RATE,
    Answered,
    Block,
    CallEvent,
    ChangeMethod,
    EarlyMedia,
    Ended,
    KeyHeard,
    KeySent,
    Mask,
    PlaybackEnded,
    Ringing,
    Samples,
    SessionChanged,
    TransferAsked,
    TransferFinished,
)
from ivrtest.call.impairment import BadNetwork, Impairment
from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm

BLOCK_SAMPLES = SAMPLE_RATE // 50
LIMIT_S = 3600.0


def pair(
    *,
    name: str = "loop",
    caller: str = "",
    called: str = "",
    block_samples: int = BLOCK_SAMPLES,
    lost_to_caller: Container[int] = (),
    lost_to_called: Container[int] = (),
    limit_s: float = LIMIT_S,
) -> tuple[LoopCall, LoopCall]:
    """Return both ends of a new call: the caller's, which rings, and the called one's, which is to `answer`.

    Both must be listened to, or the clock stands still; `LoopCall.leave` says that an end will not listen.

    `lost_to_caller` and `lost_to_called` hold the numbers of the blocks (0 is the first of the call) that get lost on the
    way to that end; keys are never lost. After `limit_s` seconds both ends are told `Ended(by="lost")`, so that two ends
    that wait for each other do not wait for ever.

    Raises ValueError unless `block_samples` is a positive multiple of 160 (20 ms).
    """
    if block_samples <= 0 or block_samples % BLOCK_SAMPLES:
        raise ValueError(f'block_samples "{block_samples}" is not a positive multiple of {BLOCK_SAMPLES}')
    wire = _Wire(block_samples=block_samples, limit=round(limit_s * SAMPLE_RATE))
    ends = (
        LoopCall(wire, 0, name, caller, called, lost_to_caller),
        LoopCall(wire, 1, name, caller, called, lost_to_called),
    )
    wire.ends = ends
    ends[0]._put(Ringing(0.0))
    return ends


class Exchange:
    """A telephone exchange in this process: what is placed on it comes in on it."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[LoopCall] = asyncio.Queue()
        self._placed = 0

    @property
    def uri(self) -> str:
        """What to call. Any other target comes in here too."""
        return "loop:ivr"

    async def place(self, target: str, *, caller: str = "", headers: Mapping[str, str] | None = None) -> LoopCall:
        """Call `target`. Whoever iterates over `incoming` gets the other end. Headers are not carried."""
        self._placed += 1
        near, far = pair(name=f"loop-{self._placed}", caller=caller, called=target)
        self._waiting.put_nowait(far)
        return near

    async def incoming(self) -> AsyncIterator[LoopCall]:
        """Yield the calls that come in, without end; those too that came before anybody asked."""
        while True:
            yield await self._waiting.get()


class _State(Enum):
    RINGING = auto()
    ANSWERED = auto()
    OVER = auto()


@dataclass(slots=True)
class _Wire:
    """What both ends share."""

    block_samples: int
    limit: int
    position: int = 0
    """Samples since the call began."""
    state: _State = _State.RINGING
    ends: tuple[LoopCall, ...] = ()

    @property
    def now(self) -> float:
        return self.position / SAMPLE_RATE

    def advance_if_all_wait(self) -> None:
        """Move the clock by one block unless some end has still something to do in the present."""
        listeners = [end for end in self.ends if end._listens]
        if self.state is _State.OVER or not listeners or not all(end._waits for end in listeners):
            return
        start, stop = self.position, self.position + self.block_samples
        sent = [end._voice.render(start, stop) for end in self.ends]
        self.position = stop
        for end, other in zip(self.ends, reversed(self.ends), strict=True):
            samples = sent[other._side].samples if self._hears(end) else np.zeros(self.block_samples, np.int16)
            end._put(end._receive(start, samples))
        for end, other in zip(self.ends, reversed(self.ends), strict=True):
            events: list[CallEvent] = [*sent[end._side].own_events]
            if self.state is _State.ANSWERED:
                events += sent[other._side].heard_keys
            for event in sorted(events, key=lambda event: event.at + (event.seconds if isinstance(event, KeyHeard | KeySent) else 0)):
                end._put(event)
        if self.position >= self.limit:
            reason = f"nobody hung up within {self.limit / SAMPLE_RATE:g} s"
            self.end({end: Ended("lost", self.now, reason=reason) for end in self.ends})

    def _hears(self, end: LoopCall) -> bool:
        """A ringing line carries audio towards the caller only."""
        return self.state is _State.ANSWERED or end._side == 0

    def end(self, endings: Mapping[LoopCall, Ended]) -> None:
        self.state = _State.OVER
        for end in self.ends:
            end._put(endings[end])


@dataclass(slots=True)
class _Sent:
    """What one end sends in one block."""

    samples: Samples
    own_events: list[KeySent | PlaybackEnded] = field(default_factory=list)
    heard_keys: list[KeyHeard] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Key:
    key: str
    start: int
    stop: int


@dataclass(slots=True)
class _Voice:
    """What one end is about to send."""

    samples: Samples | None = None
    loops: bool = False
    begun: int = 0
    """When the samples began, on the call's clock, in samples."""
    keys: deque[_Key] = field(default_factory=deque)
    keys_end: int = 0
    """No key may go down before this."""

    def press(self, keys: str, now: int, form: KeyForm) -> None:
        for key in keys:
            start = max(now, self.keys_end)
            stop = start + form.ms * SAMPLE_RATE // 1000
            self.keys.append(_Key(key, start, stop))
            self.keys_end = stop + form.gap_ms * SAMPLE_RATE // 1000

    def render(self, start: int, stop: int) -> _Sent:
        sent = _Sent(np.zeros(stop - start, np.int16))
        if self.samples is not None:
            self._render_samples(self.samples, start, stop, sent)
        for key in tuple(self.keys):
            # While a key is down its event packets take the place of the audio; what was to be heard then is not sent later.
            sent.samples[max(key.start - start, 0) : max(key.stop - start, 0)] = 0
            if key.stop <= stop:
                self.keys.popleft()
                at, seconds = key.start / SAMPLE_RATE, (key.stop - key.start) / SAMPLE_RATE
                sent.own_events.append(KeySent(key.key, at, seconds))
                sent.heard_keys.append(KeyHeard(key.key, at, seconds, how="loop"))
        return sent

    def _render_samples(self, samples: Samples, start: int, stop: int, sent: _Sent) -> None:
        offset = start - self.begun
        if self.loops:
            sent.samples[:] = samples[np.arange(offset, offset + stop - start) % len(samples)]
            return
        piece = samples[offset : offset + stop - start]
        sent.samples[: len(piece)] = piece
        end = self.begun + len(samples)
        if end <= stop:
            self.samples = None
            sent.own_events.append(PlaybackEnded(end / SAMPLE_RATE))


class LoopCall:
    """One end of a call made by `pair`. A `Call`."""

    def __init__(self, wire: _Wire, side: int, name: str, caller: str, called: str, lost: Container[int]) -> None:
        self._wire = wire
        self._side = side
        self._name = name
        self._caller = caller
        self._called = called
        self._lost = lost
        self._network: BadNetwork | None = None
        self._voice = _Voice()
        self._items: deque[Block | CallEvent] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._listens = True
        self._streamed = False

    @property
    def id(self) -> str:
        return self._name

    @property
    def caller(self) -> str:
        return self._caller

    @property
    def called(self) -> str:
        return self._called

    @property
    def now(self) -> float:
        return self._wire.now

    def unheard(self) -> None:
        """Nothing is kept back on the way."""

    async def stream(self) -> AsyncGenerator[Block | CallEvent, None]:
        """See `Call.stream`. When the iteration is broken off, the clock no longer waits for this end.

        Raises RuntimeError when it is iterated a second time.
        """
        if self._streamed:
            raise RuntimeError(f'the stream of the call "{self._name}" may be iterated only once')
        self._streamed = True
        try:
            while True:
                item = await self._next()
                yield item
                if isinstance(item, Ended):
                    return
        finally:
            self.leave()

    def leave(self) -> None:
        """Listen no more, without hanging up: the clock no longer waits for this end."""
        self._listens = False
        self._wire.advance_if_all_wait()

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        """See `Call.press`. There is no log and no trace here, so `secret` changes nothing."""
        if self._wire.state is not _State.OVER:
            self._voice.press(keys, self._wire.position, form or USUAL_KEY)

    def hide_keys(self, hide: bool) -> None:
        """See `Call.hide_keys`. There is nothing to hide them from here."""

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        """See `Call.play`. Played before the answer by the called end, it is early media."""
        wire = self._wire
        if wire.state is _State.OVER:
            return
        if wire.state is _State.RINGING and self._side == 1:
            wire.ends[0]._put(EarlyMedia(wire.now))
        self._voice.samples, self._voice.loops, self._voice.begun = samples, loop, wire.position
        if not len(samples):
            self._voice.samples = None
            if not loop:
                self._put(PlaybackEnded(wire.now))

    def stop_playing(self) -> None:
        self._voice.samples = None

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None:
        """See `Call.transfer`. The far side is told, and the transfer counts as accepted."""
        if self._wire.state is _State.ANSWERED:
            self._other._put(TransferAsked(to, self.now))
            self._put(TransferFinished(200, self.now))

    async def hold(self) -> None:
        """See `Call.hold`. There is no session to change here: the far side is heard on."""

    async def resume(self) -> None:
        """See `Call.resume`."""

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None:
        """See `Call.change_codec`. Here are none: samples go over as they are."""
        self._put(SessionChanged("us", "sendrecv", self.now))

    async def ring(self, *, early_media: bool = False) -> None:
        """See `Call.ring`. The caller has been told from the start, and what is played here before the answer is heard there."""
        if self._side == 0:
            raise RuntimeError(f'cannot ring for the call "{self._name}": we placed it')

    async def answer(self) -> None:
        if self._side == 0:
            raise RuntimeError(f'cannot answer the call "{self._name}": we placed it')
        if self._wire.state is _State.RINGING:
            self._wire.state = _State.ANSWERED
            self._other._put(Answered(self.now))
            self._put(Answered(self.now))

    async def refuse(self, status: int) -> None:
        wire, now = self._wire, self.now
        if self._side == 0 or wire.state is _State.ANSWERED:
            raise RuntimeError(f'cannot refuse the call "{self._name}": it is {"our own" if self._side == 0 else "answered"}')
        if wire.state is _State.RINGING:
            wire.end({self: Ended("us", now, status, "refused"), self._other: Ended("refused", now, status, "refused")})

    def impair(self, impairment: Impairment | None) -> None:
        """See `Call.impair`. A block is lost or comes in time: this clock waits for all that is late."""
        self._network = BadNetwork(impairment) if impairment is not None else None

    async def hang_up(self) -> None:
        wire, now = self._wire, self.now
        match wire.state, self._side:
            case _State.ANSWERED, _:
                wire.end({self: Ended("us", now), self._other: Ended("them", now)})
            case _State.RINGING, 0:
                wire.end({self: Ended("us", now, 487, "cancelled"), self._other: Ended("them", now, 487, "cancelled")})
            case _State.RINGING, _:
                wire.end({self: Ended("us", now, 603, "declined"), self._other: Ended("refused", now, 603, "declined")})

    @property
    def _other(self) -> LoopCall:
        return self._wire.ends[1 - self._side]

    @property
    def _waits(self) -> bool:
        return self._wake is not None and not self._items

    def _receive(self, start: int, samples: Samples) -> Block:
        network = self._other._network
        is_lost = start // self._wire.block_samples in self._lost or (network is not None and network.loses())
        lost: Mask = np.full(len(samples), is_lost, np.bool_)
        return Block(start, np.zeros_like(samples) if is_lost else samples, lost)

    def _put(self, item: Block | CallEvent) -> None:
        if not self._listens:
            return
        self._items.append(item)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _next(self) -> Block | CallEvent:
        while not self._items:
            self._wake = asyncio.get_running_loop().create_future()
            try:
                self._wire.advance_if_all_wait()
                if self._items:
                    # An end that moved the clock itself lets all others have their turn, or one that listens alone would keep it.
                    await asyncio.sleep(0)
                else:
                    await self._wake
            finally:
                self._wake = None
        return self._items.popleft()
