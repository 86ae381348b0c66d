"""The media engine: one thread that sends and receives the sound of every call.

It wakes every 5 ms, at times counted from one origin, so that lateness never adds up. A frame lasts 20 ms, four wake-ups; each call
sends at one of the four, so that they share the load. At each wake-up it sends what is due, reads what came, and hands all that is
settled to the asyncio loop in one go. Wake-ups and hand-overs cost more than packets do.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from itertools import chain
from types import TracebackType
from typing import Self

from ivrtest.call.call import SAMPLE_RATE
from ivrtest.call.capture import Capture
from ivrtest.call.garbage import Garbage
from ivrtest.call.handover import Item
from ivrtest.call.inbox import Inbox
from ivrtest.call.incoming import Incoming
from ivrtest.call.media_session import MediaSession
from ivrtest.call.outgoing import Outgoing
from ivrtest.call.ports import Ports
from ivrtest.call.remote_media import MediaError, RemoteMedia
from ivrtest.call.reporting import Reporting
from ivrtest.call.sender import send_due
from ivrtest.call.sockets import Sockets
from ivrtest.call.turns import ask_for_short_turns
from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm, KeySender
from ivrtest.rtp.reports import Reports

PHASES = 4
PHASE_S = 0.005
LINGER_S = 0.1
"""How long a port is kept when the far side has ended the call, for what is still under way."""
MAX_RECORDING_S = 3600
"""A longer call goes on, but its recording ends there; until then it grows by 1.5 MB a minute."""
CROWDS = {200: 100, 500: 200}
"""With more sessions than so many, blocks last so many milliseconds: waking the reader of each takes as long as some packets do."""
TURN_S = 0.09
"""Among more sessions than the least of those, what came to each is read when a block is due, and when nothing was read for so long: keys
that come are not to wait for longer. A session is woken every 20 ms, so that it is read every 100."""
LONGEST_DATAGRAM = 4096
"""Octets. The longest that is agreed on is 60 ms of L16 at 16,000 samples a second; at 44,100 packets are short."""
_SWITCH_S = 0.0005
"""How long other threads may keep the interpreter when this one wants it. Python's own 5 ms would be a whole phase."""


class MediaEngine:
    """One media thread for all calls of one asyncio loop.

    async with MediaEngine(host="127.0.0.1") as engine:
        session = engine.open()
        ...
        session.close()
    """

    def __init__(self, *, host: str = "127.0.0.1", ports: range = range(20000, 30000, 2), batch_ms: int = 40) -> None:
        """`host` is the address to bind. `ports` are the even ports to take in turn; an empty range means any even free ones.
        `batch_ms` is the length of a block; among many sessions it is longer, see `CROWDS`, but where an event waits.

        Raises ValueError for odd ports or a batch that is no multiple of 20 ms.
        """
        if batch_ms < 20 or batch_ms % 20:
            raise ValueError(f'a block lasts a multiple of 20 ms, not "{batch_ms}"')
        self._ports = Ports(host, ports)
        self._inbox = Inbox(self._ports.family, LONGEST_DATAGRAM)
        self._batch = batch_ms * SAMPLE_RATE // 1000
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing = False
        self._opened: deque[tuple[int, MediaSession]] = deque()
        self._asked: deque[MediaSession] = deque()
        """Sessions of which something is asked."""
        self._awake = threading.Event()
        self._origin = time.monotonic()
        self._phases: tuple[list[MediaSession], ...] = tuple([] for _ in range(PHASES))
        self._sockets = Sockets()
        self._garbage = Garbage()
        self._sessions: set[MediaSession] = set()
        self._leaving: deque[tuple[float, MediaSession]] = deque()
        """Sessions that are over, and when their ports are freed."""

    def open(
        self,
        *,
        key: KeyForm = USUAL_KEY,
        record: bool = True,
        hears_tones: bool = False,
        capture: Capture | None = None,
        max_lag_s: float = 60.0,
        expected: RemoteMedia | None = None,
        comfort_noise: bool = False,
        secured: bool = False,
    ) -> MediaSession:
        """Bind a port and start a session's clock. Belongs to the thread of the running asyncio loop, always the same.

        `key`: how keys are pressed for which nothing else is said. `record`: keep both directions in memory, for
        `MediaSession.recording`. `hears_tones`: report keys that come as tones. `capture` gets every RTP datagram. `max_lag_s`: how far
        the reader may fall behind. `expected`: the payload types that may come before `start`; by default G.711. `comfort_noise`: send it
        (RFC 3389) in place of silence, where the far side takes it. `secured`: sound may be encrypted, so that nothing is heard before
        `start` tells the key.

        Raises MediaError when no port can be bound.
        """
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._closing or self._loop is not loop:
            raise MediaError("the media engine is closed" if self._closing else "the media engine belongs to another asyncio loop")
        connection, control = self._ports.bind()
        phase, zero = self._next_place()
        outgoing = Outgoing(
            # Random, as RFC 3550 section 5.1 asks, so that nobody guesses them. In its lower half the sequence is far from its first
            # turn, which SRTP has to count: were the packets just before it lost, the far side would count otherwise (RFC 3711 3.3.1).
            ssrc=secrets.randbits(32),
            sequence=secrets.randbits(15),
            timestamp=secrets.randbits(32),
            keys=KeySender(key),
            limit=MAX_RECORDING_S * SAMPLE_RATE if record else None,
            comfort_noise=comfort_noise,
        )
        incoming = Incoming(
            limit=MAX_RECORDING_S * SAMPLE_RATE if record else None, hears_tones=hears_tones, expected=expected, secured=secured
        )
        # A name that says nothing of the machine (RFC 7022 section 4.2).
        reports = Reports(ssrc=outgoing.ssrc, cname=secrets.token_urlsafe(12), draw=random.SystemRandom().random)
        session = MediaSession(
            connection,
            self._inbox,
            zero=zero,
            loop=loop,
            outgoing=outgoing,
            incoming=incoming,
            reporting=Reporting(connection, control, self._inbox, reports, outgoing, incoming, capture),
            capture=capture,
            asked=self._asked.append,
            repace=self._repace,
            max_lag_s=max_lag_s,
        )
        self._opened.append((phase, session))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ivrtest media", daemon=True)
            self._thread.start()
        self._awake.set()
        return session

    def close(self) -> None:
        """Close every session and end the thread. What the sessions heard can still be read."""
        self._closing = True
        self._awake.set()
        if self._thread is not None:
            self._thread.join()
        else:
            self._sockets.close()

    async def rest(self) -> None:
        """Wait until no port is kept for what is still under way."""
        if self._leaving:
            await asyncio.sleep(LINGER_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _next_place(self) -> tuple[int, float]:
        """Return the phase with the fewest calls, of those the next to come, and when it comes."""
        tick = int((time.monotonic() - self._origin) / PHASE_S) + 1
        load = [len(sessions) for sessions in self._phases]
        for phase, _ in tuple(self._opened):
            load[phase] += 1
        tick = min(range(tick, tick + PHASES), key=lambda candidate: load[candidate % PHASES])
        return tick % PHASES, self._origin + tick * PHASE_S

    # In the media thread.

    def _run(self) -> None:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(min(interval, _SWITCH_S))
        ask_for_short_turns()
        try:
            tick = self._current_tick()
            while not self._closing:
                if not self._sessions and not self._opened and not self._leaving:
                    self._awake.wait()
                    tick = self._current_tick()
                self._awake.clear()
                wait = self._origin + tick * PHASE_S - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                last = max(tick, self._current_tick())
                # Late by more than a frame: every phase is due, and each session finds by itself how many frames are.
                self._wake({due % PHASES for due in range(max(tick, last - PHASES + 1), last + 1)})
                tick = last + 1
            self._end_all()
        finally:
            self._abandon()
            self._sockets.close()
            self._garbage.restore()
            sys.setswitchinterval(interval)

    def _current_tick(self) -> int:
        return int((time.monotonic() - self._origin) / PHASE_S)

    def _wake(self, phases: set[int]) -> None:
        # Counted first, so that all of them are among the sessions that are taken in here: others may be opened at any moment.
        asked = len(self._asked)
        while self._opened:
            phase, session = self._opened.popleft()
            self._phases[phase].append(session)
            self._sessions.add(session)
            self._garbage.opened(len(self._sessions))
            self._sockets.add(session.connection.fileno(), session.receiver.receive, in_turn=True)
            self._sockets.add(session.reporting.control.fileno(), session.receive_report)
        self._sockets.crowded = len(self._sessions) > min(CROWDS) and not self._closing
        now, wall = time.monotonic(), time.time()
        for _ in range(asked):
            self._asked.popleft().obey(wall - now)
        # Once each: some are in two phases.
        due = list(dict.fromkeys(chain.from_iterable(self._phases[phase] for phase in sorted(phases))))
        send_due([session.sender for session in due], now, wall)
        leaving: list[MediaSession] = []
        while self._leaving and (self._leaving[0][0] <= now or self._closing):
            leaving.append(self._leaving.popleft()[1])
        turns = [session for session in due if session.look_at <= now or session.turn_at <= now]
        read_at, unread = self._sockets.read(wall - now, [session.connection.fileno() for session in (*turns, *leaving)])
        for session in turns:
            session.turn_at = now + TURN_S
        self._deliver([session for session in due if session.look_at <= now], read_at, unread)
        for session in leaving:
            self._free(session)

    def _deliver(self, sessions: Collection[MediaSession], read_at: float, unread: Collection[int] = ()) -> None:
        """Hand over what is settled in these sessions: what could still find its place was read by then. What is not read yet of one is
        not late, it waits for us."""
        up = len(self._sessions)
        longest = max([self._batch, *(milliseconds * SAMPLE_RATE // 1000 for crowd, milliseconds in CROWDS.items() if up > crowd)])
        found: list[tuple[MediaSession, list[Item]]] = []
        for session in sessions:
            behind = session.connection.fileno() in unread
            items = session.deliver(min(read_at, session.receiver.latest) if behind else read_at, self._batch, longest)
            if items:
                found.append((session, items))
            if session.over:
                self._forget(session)
        if found and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_hand_over, found)

    def _forget(self, session: MediaSession) -> None:
        self._sessions.discard(session)
        self._garbage.ended(len(self._sessions))
        for sessions in self._phases:
            if session in sessions:
                sessions.remove(session)
        if session.left_alone and not self._closing:
            self._leaving.append((time.monotonic() + LINGER_S, session))
        else:
            self._free(session)

    def _free(self, session: MediaSession) -> None:
        for each in (session.connection, session.reporting.control):
            self._sockets.remove(each.fileno())
            each.close()

    def _repace(self, session: MediaSession, tick: int) -> None:
        """Wake a session every `tick` samples, 80 or 160, from now on."""
        phase = next(number for number, sessions in enumerate(self._phases) if session in sessions)
        half_way = self._phases[(phase + PHASES // 2) % PHASES]
        if tick < SAMPLE_RATE * PHASES * PHASE_S:
            half_way.append(session)
        elif session in half_way:
            half_way.remove(session)

    def _end_all(self) -> None:
        self._wake(set())
        sessions = list(self._sessions)
        for session in sessions:
            session.finish(None)
        self._deliver(sessions, time.monotonic())

    def _abandon(self) -> None:
        """Tell the readers of what is still open, which it is only after an error of ours, so that none waits for ever."""
        error = MediaError("the media thread broke down. the error is on the console")
        sessions = [*self._sessions, *(session for _, session in self._opened)]
        for session in (*sessions, *(session for _, session in self._leaving)):
            session.connection.close()
            session.reporting.control.close()
        if sessions and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_hand_over, [(session, [error]) for session in sessions])


def _hand_over(found: Sequence[tuple[MediaSession, Sequence[Item]]]) -> None:
    for session, items in found:
        session.hand_over(items)
