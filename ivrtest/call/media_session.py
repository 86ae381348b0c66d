"""One call's sound, both ways, on the call's own clock."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from ivrtest.call.call import SAMPLE_RATE, Block, CallEvent, Samples
from ivrtest.call.capture import Capture
from ivrtest.call.codecs import CODECS, CodecName, warm_up
from ivrtest.call.datagrams import SocketAddress
from ivrtest.call.delivery import Delivery
from ivrtest.call.handover import Handover, Item
from ivrtest.call.impairment import Impairment
from ivrtest.call.inbox import Inbox
from ivrtest.call.incoming import Incoming
from ivrtest.call.outgoing import Outgoing, Sound
from ivrtest.call.quality import CallQuality, call_quality
from ivrtest.call.receiver import Receiver
from ivrtest.call.recording import Recording
from ivrtest.call.remote_media import Address, MediaError, MediaStats, RemoteMedia
from ivrtest.call.reporting import Reporting
from ivrtest.call.sender import SAMPLE_S, Sender
from ivrtest.call.trace import discreet
from ivrtest.rtp.dtmf import KeyForm, checked_keys
from ivrtest.rtp.packet_log import PacketLog
from ivrtest.rtp.srtp import SrtpError, SrtpSender
from ivrtest.sip.sdes import Crypto

__all__ = ["Address", "CodecName", "MediaError", "MediaSession", "MediaStats", "RemoteMedia"]

MAX_LAG_S = 60.0
"""A reader further behind than this ends its session. So much sound, 1 MB, may wait for it."""


class MediaSession:
    """The sound of one call. Made by `MediaEngine.open`; every method belongs to the thread of the asyncio loop that opened it.

    The clock starts at zero when the session is opened (to be exact: at its first tick, at most 20 ms later) and counts samples. From
    then on the session yields `Block`s without a gap, silence where nothing arrived, and between them events in the order of the clock:
    `KeyHeard`, `KeySent`, `PlaybackEnded`, and whatever was handed to `post`. Read it with `async for` or `await session.next()`.

    A block reaches the reader some 40 to 80 ms after its last sample, so that packets out of order find their place; when the far side
    suddenly stops sending, up to 240 ms after, once, so that a stall is not taken for silence. A key is reported as soon as it is known
    whole, so its `at` may lie before the last block. Among many sessions blocks are longer, so that they come later (`media.CROWDS`),
    unless an event is due; and keys are known up to 100 ms later. The times on the clock are those of arrival, without such delays.

    The media thread never waits for the reader. When the reader is 60 s behind, the session ends, and a MediaError follows what was kept.
    """

    def __init__(
        self,
        connection: socket.socket,
        inbox: Inbox,
        *,
        zero: float,
        loop: asyncio.AbstractEventLoop,
        outgoing: Outgoing,
        incoming: Incoming,
        reporting: Reporting,
        capture: Capture | None,
        asked: Callable[[MediaSession], None],
        repace: Callable[[MediaSession, int], None],
        max_lag_s: float = MAX_LAG_S,
    ) -> None:
        """`zero` is the time of position 0, by `time.monotonic()`. `asked` is told, in the reader's thread, that `obey` is to be called.
        `repace` is told of it when the sender is to be woken at another pace, in samples; at first it is 160."""
        self.connection: Final = connection
        self.reporting: Final = reporting
        """The reports of both sides. Of the media thread."""
        self.loop: Final = loop
        self.over = False
        """Whether all was delivered. Of the media thread."""
        self.left_alone = False
        """Whether the far side ended the call. Of the media thread."""
        self.look_at = zero
        """When `deliver` may have something, by `time.monotonic()`. Of the media thread."""
        self.turn_at = zero
        """When what came is to be read at the latest, by `time.monotonic()`. Of the media thread."""
        self.sender: Final = Sender(connection, zero=zero, outgoing=outgoing, capture=capture, happened=self._look)
        """Of the media thread."""
        self.receiver: Final = Receiver(
            connection,
            inbox,
            zero=zero,
            incoming=incoming,
            reporting=reporting,
            capture=capture,
            heard_from=self._heard_from,
            stir=self._stir,
        )
        """Of the media thread."""
        self.secrets: Sequence[str] = ()
        """Texts that no event may show."""
        self.local_address: Final[Address] = self.receiver.local_address
        """Where we receive, as bound; the port is even."""
        self._zero = zero
        self._max_lag = int(max_lag_s * SAMPLE_RATE)
        # Of the reader's thread.
        self._codec = CODECS["PCMU"]
        self._encryption: tuple[Crypto | None, SrtpSender | None] = None, None
        self._handover = Handover(loop)
        self._closing = False
        # From that thread to the media thread.
        self._commands: deque[Callable[[], None]] = deque()
        self._asked = asked
        # Of the media thread.
        self._outgoing = outgoing
        self._incoming = incoming
        incoming.sent_secrets = outgoing.secrets
        self._repace = repace
        self._ending = False
        self._end_error: MediaError | None = None
        self._delivery = Delivery(incoming, outgoing)

    # For the reader.

    @property
    def now(self) -> float:
        """Seconds on the session's clock."""
        return max(0.0, time.monotonic() - self._zero)

    def start(self, remote: RemoteMedia) -> None:
        """Begin to send (silence until `play`). Before, RTP that comes is heard already if it has a payload type that we offer.

        Raises MediaError if sound cannot be encrypted as agreed.
        """
        self._codec = CODECS[remote.codec]
        warm_up(remote.codec)
        crypto, cipher = self._encryption
        if remote.send_crypto is None:
            cipher = None
        elif crypto is None or (crypto.suite, crypto.key) != (remote.send_crypto.suite, remote.send_crypto.key):
            # The same key goes on as it is, for it counts its packets.
            try:
                cipher = SrtpSender(remote.send_crypto.suite, remote.send_crypto.key)
            except SrtpError as error:
                raise MediaError(str(error)) from error
        self._encryption = remote.send_crypto, cipher
        self._ask(lambda: self._agree(remote, cipher))

    def update(self, remote: RemoteMedia) -> None:
        """Go on with other terms: a re-INVITE, a hold (`sends=False`), early media that becomes the answered call."""
        self.start(remote)

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        """Send these samples from the next frame on, in place of what is being sent.

        `PlaybackEnded` follows unless it loops, is replaced or stopped.
        """
        sound = Sound.encode(samples, self._codec, loop=loop)
        self._ask(lambda: self._outgoing.play(sound))

    def stop_playing(self) -> None:
        """Send silence from the next frame on. No `PlaybackEnded` follows."""
        self._ask(self._outgoing.stop)

    def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        """Queue keys of `0123456789*#ABCD`. `KeySent` reports each when it has left, whole. `secret` hides them from the capture. `form`:
        how they are pressed, where it is not the usual way.

        Raises ValueError for anything that is no key.
        """
        wanted = checked_keys(keys, secret=secret)
        self._ask(lambda: self._outgoing.press(wanted, secret=secret, form=form))

    def hide_heard_keys(self, hide: bool) -> None:
        """While `hide`, keys that the far side presses are masked in the capture."""

        def command() -> None:
            self._incoming.hide_keys = hide

        self._ask(command)

    def impair(self, impairment: Impairment | None) -> None:
        """From now on, treat what we send as a bad network would; None: as usual. What was sent and has not arrived by then is lost."""
        self._ask(lambda: self.sender.impair(impairment))

    def post(self, event: CallEvent) -> None:
        """Put an event of the signalling (`Ringing`, `Answered`, `Ended`) into the stream, at its `at` on this clock."""
        shown = discreet(event, self.secrets)
        self._ask(lambda: self._delivery.add([shown]))

    async def next(self) -> Block | CallEvent:
        """Return what comes next. Raises StopAsyncIteration after the end, MediaError if the session failed."""
        return await self._handover.next()

    def __aiter__(self) -> MediaSession:
        return self

    async def __anext__(self) -> Block | CallEvent:
        return await self.next()

    def close(self, *, by_them: bool = False) -> None:
        """Stop sending and receiving, free the port. The stream still yields what was heard until now and what was posted, then ends.

        `by_them`: the far side ended the call. Then it needs no goodbye of ours, and its own may still be under way, so the port is kept
        for a moment.
        """
        if not self._closing:
            self._closing = True
            self._ask(lambda: self.finish(None, by_them=by_them))

    def recording(self) -> Recording:
        """Return both directions as far as blocks were delivered. Empty if the session was opened without `record`."""
        heard = self._incoming.heard()
        sent = self._outgoing.sent()
        return Recording(heard, sent, cut=self._incoming.cut or self._outgoing.cut)

    def quality(self) -> CallQuality:
        """Work out how good the call was so far. It takes a tenth of a second for a minute of it, so better not on the loop's thread.

        Of a session that was opened without `record` nothing is known.
        """
        log = self._incoming.log or PacketLog()
        return call_quality(log.packets(), self._incoming.codecs, self.stats(), self.recording())

    def stats(self) -> MediaStats:
        """Return the numbers so far."""
        incoming = self._incoming
        timeline = incoming.timeline.stats
        remote = self.reporting.reports.remote
        crypto = self._encryption[0]
        paces = self.sender.pacing.paces
        shortest, longest = paces.shortest_s, paces.longest_s
        return MediaStats(
            sent=paces.sent,
            unsent=self.sender.unsent,
            received=timeline.received,
            lost=timeline.lost,
            overrun=self.receiver.count_overrun(),
            late=timeline.late,
            duplicated=timeline.duplicated + incoming.decryption.replayed,
            reordered=timeline.reordered,
            jitter_ms=1000 * timeline.jitter / SAMPLE_RATE,
            reanchored=timeline.reanchored,
            slipped_samples=timeline.slipped,
            strangers=incoming.strangers,
            stranger=None if incoming.stranger is None else incoming.stranger[:2],
            moved=incoming.moved,
            malformed=incoming.malformed + timeline.malformed,
            unauthenticated=incoming.decryption.unauthenticated,
            unknown_payloads=incoming.unknown_payloads,
            foreign=tuple(incoming.foreign.items()),
            late_ticks=paces.late,
            worst_late_ms=1000 * paces.worst_late_s,
            send_spacing_ms=None if shortest is None or longest is None else (1000 * shortest, 1000 * longest),
            late_p99_ms=paces.p99_late_ms,
            lateness=paces.lateness,
            unevenness=paces.unevenness,
            noise_dbov=incoming.timeline.noise_dbov,
            after_goodbye=self.receiver.after_goodbye,
            encrypted=crypto.suite if crypto is not None else "",
            remote_lost=remote.lost,
            remote_reports=remote.reports,
            remote_sent=remote.sent,
            remote_jitter_ms=None if remote.jitter is None else 1000 * remote.jitter / self._codec.wire.clock_rate,
            round_trip_ms=None if remote.round_trip_s is None else 1000 * remote.round_trip_s,
        )

    def hand_over(self, items: Sequence[Item]) -> None:
        """Take in what the media thread found."""
        self._handover.put(items)

    def _ask(self, command: Callable[[], None]) -> None:
        """Let the media thread do something, before it sends what is due next."""
        self._commands.append(command)
        self._asked(self)

    # For the media thread.

    def finish(self, error: MediaError | None, *, by_them: bool = False) -> None:
        """Let the next `deliver` be the last."""
        if not self._ending:
            self._ending = True
            self.sender.stop()
            self._end_error = error
            self.left_alone = by_them

    def obey(self, wall_zero: float) -> None:
        """Do what was asked for, when what came before is taken in. `wall_zero`: when `time.monotonic()` was 0, in seconds since 1970."""
        if self._commands and not self._ending:
            self.receiver.receive_all(wall_zero)
            self._obey()

    def receive_report(self, wall_zero: float) -> bool:
        """Take in what came to the port of reports, and before it the sound that came before it: it may say goodbye. Returns whether more
        may wait. `wall_zero` is when `time.monotonic()` was 0, in seconds since 1970."""
        self.receiver.receive_all(wall_zero)
        self.receiver.catch_up()
        return self.reporting.receive(wall_zero)

    def deliver(self, now: float, batch: int, longest: int) -> list[Item]:
        """Return the blocks and the events that are settled, when all is read that came until `now`; the last of all, too, after `close`,
        and then be `over`. A block is `longest` samples, or as many times `batch` as lets an event pass that waits for it."""
        items: list[Item] = []
        incoming = self._incoming
        self.receiver.catch_up()
        if not self._ending:
            if self.reporting.next_at <= now:
                self._report()
            items += self._delivery.settled((now - self._zero) * SAMPLE_RATE, batch, longest)
            due = self._delivery.next_end(batch, longest) + incoming.timeline.delay
            self.look_at = now if incoming.key_waits else self._zero + due * SAMPLE_S
            if (behind := incoming.taken - self._handover.read_until) > self._max_lag:
                self.finish(
                    MediaError(
                        f"the reader of the call on port {self.local_address[1]} is {behind / SAMPLE_RATE:.1f} s behind it, and "
                        f"{self._max_lag / SAMPLE_RATE:g} s are kept. the machine is too busy, or the reader stopped"
                    )
                )
        if self._ending:
            items += self._last(now)
        return items

    def _last(self, now: float) -> list[Item]:
        """Return all that is left, and say goodbye."""
        # As long as there is a socket to ask.
        self.receiver.count_overrun()
        if self._outgoing.packets and not self.left_alone:
            self._report(last=True)
        items = [] if self._end_error is not None else self._delivery.rest(self._position(now), left_alone=self.left_alone)
        self.over = True
        # Sender and receiver tell us what happens: they know us, and we know them. Cut loose, all of it goes as soon as nobody else
        # knows us, and need not be looked for among the objects of all other calls.
        self.sender.tell_nobody()
        self.receiver.tell_nobody()
        self._commands.clear()
        return [*items, self._end_error]

    def _report(self, *, last: bool = False) -> None:
        self.sender.catch_up()
        # What came since `deliver` was asked for may be told of, too.
        now = time.monotonic()
        self.reporting.send(now, time.time(), position=self._position(now), cipher=self.sender.cipher, last=last)

    def _position(self, now: float) -> int:
        return int((now - self._zero) * SAMPLE_RATE)

    def _obey(self) -> None:
        if self._commands:
            self.sender.catch_up()
        while self._commands and not self._ending:
            self._commands.popleft()()
            self._look()

    def _look(self) -> None:
        """There may be something to deliver."""
        self.look_at = self._zero

    def _stir(self) -> None:
        """Something comes that is not just what was expected. The far side may know already of what was asked for meanwhile."""
        self._obey()
        self._look()

    def _heard_from(self, source: SocketAddress) -> None:
        # Behind a NAT, sound goes where it comes from.
        if self.sender.destination is not None:
            self.sender.destination = source

    def _agree(self, remote: RemoteMedia, cipher: SrtpSender | None) -> None:
        self.receiver.catch_up()
        self.sender.cipher = cipher
        self._incoming.agree(remote)
        self.receiver.look_again()
        tick = self._outgoing.tick
        self._outgoing.agree(remote, self.sender.position)
        if self._outgoing.tick != tick:
            self._repace(self, self._outgoing.tick)
        self.sender.destination = self._incoming.source or remote.address
        self.reporting.agree(remote, time.monotonic())
