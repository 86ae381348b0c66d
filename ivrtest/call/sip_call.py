"""One telephone call over SIP and RTP. A `Call`."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ivrtest.call.call import (
    Answered,
    Block,
    CallEvent,
    EarlyMedia,
    Ended,
    KeyHeard,
    Ringing,
    Samples,
    TransferAsked,
    TransferFinished,
)
from ivrtest.call.capture import Capture
from ivrtest.call.impairment import Impairment
from ivrtest.call.keys import DTMF_RELAY, InfoKeys, KeyMode, key_in_info
from ivrtest.call.media_session import MediaSession
from ivrtest.call.negotiation import Negotiation
from ivrtest.call.permission import DialRefused
from ivrtest.call.quality import CallQuality
from ivrtest.call.recording import Recording
from ivrtest.call.remote_media import MediaError, MediaStats, RemoteMedia
from ivrtest.call.resolver import Attempt
from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm, checked_keys
from ivrtest.sip import events as sip
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers
from ivrtest.sip.sdp import NegotiationError, SdpSyntaxError

BAD_REQUEST = 400
FORBIDDEN = 403
NOT_ACCEPTABLE_HERE = 488
DECLINE = 603
REQUEST_TERMINATED = 487

UNREACHABLE_STATUS = 503
SILENT_STATUS = 408

_TAKES_NO_EVENTS = (
    'keys cannot be sent: the far side takes no telephone events (RFC 4733). with keys = "auto" they go as tones, with "info" by SIP'
)
_LOST = "the far side does not know the call any more"


class Signalling(Protocol):
    """What a call asks of its line, which knows it by its handle."""

    def answer(self, handle: str, sdp: bytes) -> None:
        """Answer the call, or accept a change of its session."""

    def reject(self, handle: str, status: int, warning: Exception | None = None) -> None:
        """Refuse a call that came in, or a change of a call's session. `warning`: what was wrong with its description."""

    def hang_up(self, handle: str) -> None:
        """End the call as it must be ended: BYE, CANCEL or 603."""

    def refer(self, handle: str, to: str) -> None:
        """Ask the far side to call `to` instead, a number or a URI. Raises SipSyntaxError for anything else."""

    def info(self, handle: str, content_type: str, body: bytes) -> None:
        """Send INFO, when those before it are answered."""

    def accept_refer(self, handle: str) -> None:
        """Accept a REFER, and report at once that the new call was answered."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from."""

    handle: str
    call_id: str
    caller: str
    called: str
    placed: bool
    """Whether we placed it."""


class SipCall:
    """Made by a `Line`. Its clock is its media session's: it starts when the call is placed or comes in."""

    def __init__(
        self,
        signalling: Signalling,
        session: MediaSession,
        negotiation: Negotiation,
        origin: Origin,
        capture: Capture | None,
        keys: KeyMode = "rfc4733",
    ) -> None:
        """`keys`: how to send keys."""
        self._signalling = signalling
        self._session = session
        self._negotiation = negotiation
        self._origin = origin
        self._capture = capture
        self._key_mode: KeyMode = keys
        self._infos = InfoKeys(
            lambda body: signalling.info(origin.handle, DTMF_RELAY, body), session.post, lambda: session.now, session.loop
        )
        """Keys that go by INFO."""
        self._media: RemoteMedia | None = None
        """What was agreed last. None until there is something."""
        self._local_sdp = b""
        """What we answer a call with that came in."""
        self._answered = False
        self._confirmed = False
        """Whether both sides know that the call is answered."""
        self._over = False
        self._has_early_media = False
        self._hides_keys = False
        self._ring_limit: TimerHandle | None = None
        self.attempts: Sequence[Attempt] = ()
        """The places that a call of ours was tried at; the last is the one that it goes to."""

    @property
    def id(self) -> str:
        return self._origin.call_id

    @property
    def handle(self) -> str:
        """How the SIP agent knows it."""
        return self._origin.handle

    @property
    def caller(self) -> str:
        return self._origin.caller

    @property
    def called(self) -> str:
        return self._origin.called

    @property
    def now(self) -> float:
        return self._session.now

    @property
    def over(self) -> bool:
        """Whether `Ended` is in the stream or was already read from it."""
        return self._over

    @property
    def capture(self) -> Capture | None:
        """The call's datagrams, SIP and RTP, if the line keeps them. Secret keys are masked."""
        return self._capture

    @property
    def hides_keys(self) -> bool:
        """Whether keys in INFO, theirs or ours, are to be kept out of the capture."""
        return self._hides_keys or self._infos.secret

    def recording(self) -> Recording:
        """Return both directions so far."""
        return self._session.recording()

    def quality(self) -> CallQuality:
        """Return how good the call was so far. See `MediaSession.quality` for what it takes."""
        return self._session.quality()

    def stats(self) -> MediaStats:
        """How well the sound travelled so far."""
        return self._session.stats()

    async def stream(self) -> AsyncIterator[Block | CallEvent]:
        """See `Call.stream`. Sound that cannot go on ends the call as lost."""
        try:
            async for item in self._session:
                yield item
        except MediaError as error:
            await self.hang_up()
            yield Ended("lost", self.now, reason=str(error))

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        """See `Call.press`. Raises ValueError for anything that is no key. Keys that the far side cannot take end the call as lost."""
        wanted = checked_keys(keys, secret=secret)
        if self._over:
            return
        if self._key_mode == "info":
            self._infos.press(wanted, secret=secret, form=form or USUAL_KEY)
        elif self._key_mode == "rfc4733" and self._media is not None and self._media.key_payload_type is None:
            self._leave(Ended("lost", self.now, reason=_TAKES_NO_EVENTS))
        else:
            self._session.press(wanted, secret=secret, form=form)

    def _info_answered(self, status: int) -> None:
        if status >= 300:
            self._leave(
                Ended("lost", self.now, status, f'keys cannot be sent by INFO: it was answered {status}. another way of "keys" may do')
            )
            return
        self._infos.confirmed()

    def hide_keys(self, hide: bool) -> None:
        self._hides_keys = hide
        self._session.hide_heard_keys(hide)

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        if not self._over:
            self._session.play(samples, loop=loop)

    def stop_playing(self) -> None:
        if not self._over:
            self._session.stop_playing()

    async def transfer(self, to: str) -> None:
        """See `Call.transfer`. `TransferFinished` follows, unless the far side never tells how it went; at once for what is no address."""
        if not self._answered or self._over:
            return
        try:
            self._signalling.refer(self._origin.handle, to)
        except SipSyntaxError:
            self._session.post(TransferFinished(BAD_REQUEST, self.now))
        except DialRefused:
            self._session.post(TransferFinished(FORBIDDEN, self.now))

    async def answer(self) -> None:
        if self._origin.placed:
            raise RuntimeError(f'cannot answer the call "{self.id}": we placed it')
        if self._answered or self._over:
            return
        self._answered = True
        self._signalling.answer(self._origin.handle, self._local_sdp)
        if self._media is not None:
            self._session.start(self._media)

    async def hang_up(self) -> None:
        if self._over:
            return
        if self._answered:
            self._leave(Ended("us", self.now))
        elif self._origin.placed:
            self._leave(Ended("us", self.now, REQUEST_TERMINATED, "cancelled"))
        else:
            self._leave(Ended("us", self.now, DECLINE, "declined"))

    async def refuse(self, status: int) -> None:
        if self._origin.placed or self._answered:
            raise RuntimeError(f'cannot refuse the call "{self.id}": it is {"our own" if self._origin.placed else "answered"}')
        if not self._over:
            self._end(Ended("us", self.now, status, "refused"))
            self._signalling.reject(self._origin.handle, status)

    def impair(self, impairment: Impairment | None) -> None:
        if not self._over:
            self._session.impair(impairment)

    def rings_until(self, limit: TimerHandle) -> None:
        """Note what will call `give_up`, so that it is cancelled when it is not needed any more."""
        self._ring_limit = limit

    def give_up(self, seconds: float) -> None:
        """End a call that nobody answered within so many seconds. Does nothing when somebody has."""
        if not self._answered and not self._over:
            self._leave(Ended("no-answer", self.now, reason=f"nobody answered within {seconds:g} s"))

    # What the line tells.

    def goes_on_at(self, signalling: Signalling, handle: str) -> None:
        """The call was placed anew, somewhere else."""
        self._signalling = signalling
        self._origin = replace(self._origin, handle=handle, call_id=handle)

    def offered(self, offer: bytes | None) -> None:
        """Prepare our answer to the call's first offer, or an offer where there is none. Raises NegotiationError or SdpSyntaxError."""
        if offer is None:
            self._local_sdp = self._negotiation.offer()
        else:
            self._local_sdp, self._media = self._negotiation.answer(offer)

    def on(self, event: sip.Event) -> None:
        """Take in what the SIP agent reports of this call."""
        if self._over:
            return
        match event:
            case sip.Progress(status=status, sdp=sdp):
                self._progressed(status, sdp)
            case sip.Answered(sdp=sdp, headers=headers):
                self._was_answered(sdp, headers)
            case sip.Confirmed(sdp=sdp):
                self._was_confirmed(sdp)
            case sip.SessionOffered(offer=offer):
                self._session_offered(offer)
            case sip.InfoReceived(content_type=content_type, body=body):
                self._info_received(content_type, body)
            case sip.InfoAnswered(status=status):
                self._info_answered(status)
            case sip.ReferReceived(to=to):
                self._signalling.accept_refer(self._origin.handle)
                self._session.post(TransferAsked(str(to), self.now))
            case sip.ReferProgress(status=status, final=True):
                self._session.post(TransferFinished(status, self.now))
            case sip.Rejected():
                self._end(self._rejection(event))
            case sip.Cancelled(by=by):
                self._end(Ended("us" if by is sip.Side.US else "them", self.now, REQUEST_TERMINATED, "cancelled"))
            case sip.Ended(by=by, status=status, cause=cause):
                self._end(Ended(by.value if by else "lost", self.now, status, cause or ("" if by else _LOST)))
            case _:
                pass

    def _progressed(self, status: int, sdp: bytes | None) -> None:
        if status >= 180 and status != 183:
            self._session.post(Ringing(self.now, status))
        if sdp is None:
            return
        try:
            self._agree(self._negotiation.answered(sdp))
        except (NegotiationError, SdpSyntaxError):
            return  # a bad description of early media spoils nothing: the final answer has its own
        if not self._has_early_media:
            self._has_early_media = True
            self._session.post(EarlyMedia(self.now))

    def _was_answered(self, sdp: bytes | None, headers: Headers) -> None:
        self._answered = True
        self._stop_ring_limit()
        try:
            if sdp is not None:
                self._agree(self._negotiation.answered(sdp))
            elif self._media is None:
                raise NegotiationError("the answer has no session description")
        except (NegotiationError, SdpSyntaxError) as error:
            self._leave(Ended("lost", self.now, reason=f"the call was answered, but without sound for us: {error}"))
            return
        self._confirmed = True
        self._session.post(Answered(self.now, dict(headers)))
        self._infos.open()

    def _was_confirmed(self, sdp: bytes | None) -> None:
        """Take the ACK for our answer. It has a description only where our answer was the offer."""
        try:
            if sdp is not None:
                self._agree(self._negotiation.answered(sdp))
            elif self._media is None:
                raise NegotiationError("it has none")
        except (NegotiationError, SdpSyntaxError) as error:
            self._leave(Ended("lost", self.now, reason=f"the caller's answer to our session description cannot be used: {error}"))
            return
        if not self._confirmed:
            self._confirmed = True
            self._session.post(Answered(self.now))

    def _session_offered(self, offer: bytes | None) -> None:
        """Follow a change of the session: a hold, its end, another address."""
        handle = self._origin.handle
        if offer is None:
            self._signalling.answer(handle, self._negotiation.offer())
            return
        try:
            sdp, media = self._negotiation.answer(offer)
        except (NegotiationError, SdpSyntaxError) as error:
            self._signalling.reject(handle, NOT_ACCEPTABLE_HERE, error)
            return
        self._signalling.answer(handle, sdp)
        self._agree(media)

    def _agree(self, media: RemoteMedia) -> None:
        if self._key_mode == "inband":
            media = replace(media, key_payload_type=None)
        if self._media is None:
            self._session.start(media)
        elif media != self._media:
            self._session.update(media)
        self._media = media

    def _info_received(self, content_type: str, body: bytes) -> None:
        if (found := key_in_info(content_type, body)) is not None:
            key, seconds = found
            self._session.post(KeyHeard(key, self.now, seconds, how="info"))

    def _rejection(self, event: sip.Rejected) -> Ended:
        if event.local and event.status == UNREACHABLE_STATUS:
            return Ended("lost", self.now, reason=f'cannot reach "{self.called}": {event.reason}')
        if event.local and event.status == SILENT_STATUS:
            return Ended("lost", self.now, reason=f'nothing came back from "{self.called}": no SIP response within 32 s')
        return Ended("refused", self.now, event.status, event.cause or event.reason)

    def _leave(self, ended: Ended) -> None:
        """End the call ourselves. It is over for us before the far side has confirmed it."""
        self._end(ended)
        self._signalling.hang_up(self._origin.handle)

    def _end(self, ended: Ended) -> None:
        self._over = True
        self._infos.close()
        self._stop_ring_limit()
        self._session.post(ended)
        self._session.close(by_them=ended.by == "them")

    def _stop_ring_limit(self) -> None:
        # Until it fires the loop keeps the call alive, with all its sound.
        if self._ring_limit is not None:
            self._ring_limit.cancel()
