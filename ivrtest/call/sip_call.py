"""One telephone call over SIP and RTP. A `Call`."""

from __future__ import annotations

import weakref
from asyncio import TimerHandle
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from ivrtest.call.agreement import Agreement
from ivrtest.call.call import (
    Block,
    CallEvent,
    ChangeMethod,
    Ended,
    LedElsewhere,
    Samples,
    TransferFinished,
    Unheard,
)
from ivrtest.call.capture import Capture
from ivrtest.call.codecs import chosen_codecs
from ivrtest.call.impairment import Impairment
from ivrtest.call.media_session import MediaSession
from ivrtest.call.negotiation import Negotiation
from ivrtest.call.offers import NOT_ACCEPTABLE_HERE as NOT_ACCEPTABLE_HERE
from ivrtest.call.offers import Offers
from ivrtest.call.permission import DialRefused
from ivrtest.call.pressing import Pressing
from ivrtest.call.quality import CallQuality
from ivrtest.call.recording import Recording
from ivrtest.call.refusal import ended_by, rang_in_vain
from ivrtest.call.remote_media import Address, MediaError, MediaStats
from ivrtest.call.resolver import Attempt
from ivrtest.call.set_up import CALLERS_ANSWER, SetUp
from ivrtest.call.signalling import Manner, Origin, Signalling, told
from ivrtest.call.trace import Trace
from ivrtest.call.transfers import Consult, Consulting, Follow, Transfers
from ivrtest.call.watch import Watch
from ivrtest.rtp.dtmf import KeyForm
from ivrtest.sip import events as sip
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.session_description import Direction

BAD_REQUEST = 400
FORBIDDEN = 403
DECLINE = 603
REQUEST_TERMINATED = 487

_LOST = "the far side does not know the call any more"


class SipCall:
    """Made by a `Line`. Its clock is its media session's: it starts when the call is placed or comes in."""

    def __init__(
        self,
        signalling: Signalling,
        session: MediaSession,
        negotiation: Negotiation,
        origin: Origin,
        capture: Capture | None,
        manner: Manner | None = None,
        follow: Follow[SipCall] | None = None,
        consult: Consult[SipCall] | None = None,
    ) -> None:
        """`follow` is called when the far side transfers us; without it, a transfer is reported and counts as done. `consult` calls whom
        we transfer the far side to; without it, nobody is called first."""
        manner = manner or Manner()
        self._signalling = signalling
        self._session = session
        self.local_address: Address = session.local_address
        """Where the call receives sound."""
        # What we are made of knows us, but does not keep us: a call that is over and forgotten goes at once, with all its sound.
        host: SipCall = weakref.proxy(self)
        self.offers = Offers(host, Agreement(negotiation, session, manner.keys))
        self._watch = Watch(session, capture)
        self._origin = origin
        self._capture = capture
        self._trace = Trace()
        self._manner = manner
        self._pressing = Pressing(host, session, manner.keys)
        self.secrets = manner.secrets
        """See `Manner.secrets`."""
        session.secrets = manner.secrets
        self._follow = follow
        self._consult = consult
        self._consultation: Consulting | None = None
        self.transfers = Transfers(host)
        """Those that the far side asks for."""
        self._setup = SetUp(host)
        self._over = False
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
    def trace(self) -> Trace:
        """Its SIP messages, if the line keeps them. Masked."""
        return self._trace

    @property
    def capture(self) -> Capture | None:
        """The call's datagrams, SIP and RTP, if the line keeps them. Secret keys are masked."""
        return self._capture

    @property
    def hides_keys(self) -> bool:
        """Whether keys in INFO, theirs or ours, are to be kept out of the capture."""
        return self._pressing.hidden

    def recording(self) -> Recording:
        """Return both directions so far."""
        return self._session.recording()

    def quality(self) -> CallQuality:
        """Return how good the call was so far. See `MediaSession.quality` for what it takes."""
        return self._session.quality()

    def stats(self) -> MediaStats:
        """How well the sound travelled so far."""
        return self._session.stats()

    def unheard(self) -> Unheard | None:
        return None if self._over else self._watch.unheard(self.offers.media)

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
        self._pressing.press(keys, secret=secret, form=form)

    def hide_keys(self, hide: bool) -> None:
        self._pressing.hide(hide)

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        if not self._over:
            self._session.play(samples, loop=loop)

    def stop_playing(self) -> None:
        if not self._over:
            self._session.stop_playing()

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None:
        """See `Call.transfer`. `TransferFinished` follows, unless the far side never tells how it went; at once for what is no address."""
        if not self._setup.answered or self._over:
            return
        if consult_s is not None and self._consult is not None and (begun := self._consult(self, to, consult_s)) is not None:
            self._consultation = begun
            return
        try:
            self._signalling.refer(self._origin.handle, to)
        except SipSyntaxError:
            self._session.post(TransferFinished(BAD_REQUEST, self.now))
        except DialRefused:
            self._session.post(TransferFinished(FORBIDDEN, self.now))

    async def hold(self) -> None:
        """Put the far side on hold: it is asked to send nothing. `SessionChanged` follows."""
        self.offers.ask_for(Direction.SENDONLY)

    async def resume(self) -> None:
        """End a hold of ours. `SessionChanged` follows."""
        self.offers.ask_for(Direction.SENDRECV)

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None:
        """See `Call.change_codec`. Raises SoundError for a codec that cannot be spoken here."""
        (wanted,) = chosen_codecs((codec,))
        self.offers.ask_for_codec(wanted.name, method)

    async def ring(self, *, early_media: bool = False) -> None:
        """Tell the caller that it rings; with `early_media` she hears what is played from now on, before the call is answered."""
        if self._origin.placed:
            raise RuntimeError(f'cannot ring for the call "{self.id}": we placed it')
        if self._setup.answered or self._over:
            return
        self._signalling.ring(self._origin.handle, self.offers.first if early_media else None)
        if early_media:
            self.offers.begin()

    async def answer(self) -> None:
        if self._origin.placed:
            raise RuntimeError(f'cannot answer the call "{self.id}": we placed it')
        if self._setup.answered or self._over:
            return
        self._setup.answered = True
        self._signalling.answer(self._origin.handle, self.offers.first, self._manner.headers)
        self.offers.begin()

    async def hang_up(self) -> None:
        if self._over:
            return
        if self._setup.answered:
            self._leave(Ended("us", self.now))
        elif self._origin.placed:
            self._leave(Ended("us", self.now, REQUEST_TERMINATED, "cancelled"))
        else:
            self._leave(Ended("us", self.now, DECLINE, "declined"))

    async def refuse(self, status: int) -> None:
        if self._origin.placed or self._setup.answered:
            raise RuntimeError(f'cannot refuse the call "{self.id}": it is {"our own" if self._origin.placed else "answered"}')
        if not self._over:
            self.end(Ended("us", self.now, status, "refused"))
            self._signalling.reject(self._origin.handle, status)

    def impair(self, impairment: Impairment | None) -> None:
        if not self._over:
            self._session.impair(impairment)

    def rings_until(self, limit: TimerHandle) -> None:
        """Note what will call `give_up`, so that it is cancelled when it is not needed any more."""
        self._setup.limit = limit

    def give_up(self, seconds: float) -> None:
        """End a call that nobody answered within so many seconds. Does nothing when somebody has."""
        if not self._setup.answered and not self._over:
            self._leave(Ended("no-answer", self.now, reason=rang_in_vain(seconds, self._setup.statuses)))

    # What the line tells.

    def goes_on_at(self, signalling: Signalling, handle: str) -> None:
        """The call was placed anew, somewhere else."""
        self._signalling = signalling
        self._origin = replace(self._origin, handle=handle, call_id=handle)

    def goes_on_with(self, signalling: Signalling, handle: str, agreement: Agreement) -> None:
        """The call goes on with another party: it was transferred, or somebody took the far side's place."""
        self.offers.close()
        self._signalling.let_go(self._origin.handle)
        self._signalling, self.offers = signalling, Offers(weakref.proxy(self), agreement)
        self._origin = replace(self._origin, handle=handle)
        signalling.pass_on(handle, self)

    def taken_over(self, signalling: Signalling, handle: str, negotiation: Negotiation, offer: bytes | None) -> bytes | None:
        """Let the call go on with somebody who takes the far side's place, and return our answer to the offer, or our offer.

        Raises NegotiationError or SdpSyntaxError, and then all stays as it was.
        """
        agreement = self.offers.agreement.with_another(negotiation)
        offers = Offers(weakref.proxy(self), agreement)
        offers.prepare(offer)
        self.goes_on_with(signalling, handle, agreement)
        self.offers = offers
        offers.begin()
        self._setup.answered = True
        return offers.first

    @property
    def signalling(self) -> Signalling:
        """The way to the far side."""
        return self._signalling

    def post(self, event: CallEvent) -> None:
        """Put an event into the stream."""
        self._session.post(event)

    def fail(self, reason: str, status: int | None = None) -> None:
        """End the call: it cannot go on, for `reason`. `status` is that of the response that says so."""
        self._leave(Ended("lost", self.now, status, reason))

    def on(self, event: sip.Event) -> None:
        """Take in what the SIP agent reports of this call."""
        if self._over:
            return
        match event:
            case sip.Progress():
                self._setup.progressed(event, self.offers)
            case sip.ProgressAcknowledged(sdp=bytes() as sdp):
                self.offers.agreed(sdp, CALLERS_ANSWER)
            case sip.Answered():
                if self._setup.was_answered(event, self.offers):
                    self._pressing.open()
            case sip.Confirmed(sdp=sdp):
                self._setup.was_confirmed(sdp, self.offers)
            case sip.SessionOffered(offer=offer):
                self.offers.offered(offer)
            case sip.SessionChanged(sdp=sdp, is_offer=is_offer):
                self.offers.changed(sdp, is_offer=is_offer)
            case sip.SessionUnchanged():
                self.offers.unchanged(event)
            case sip.InfoReceived(content_type=content_type, body=body):
                self._pressing.info_received(content_type, body)
            case sip.InfoAnswered(status=status):
                self._pressing.info_answered(status)
            case sip.LedElsewhere(uri=uri, followed=followed):
                self._session.post(LedElsewhere(str(uri), self.now, followed))
            case sip.OtherTransport(uri=uri):
                self._session.post(LedElsewhere(str(uri), self.now, followed=False, what="transport"))
            case sip.ReferReceived():
                follow = self._follow
                if self.transfers.asked(event, follows=follow is not None) and follow is not None:
                    follow(self, event)
            case sip.ReferProgress(status=status, final=True):
                if self._consultation is not None:
                    self._consultation.finished()
                self._session.post(TransferFinished(status, self.now))
            case sip.Rejected():
                tried = self.attempts[-1].target if self.attempts else ""
                ours = self.offers.agreement
                self.end(ended_by(event, self.called, self.now, codecs=ours.codecs, srtp=ours.srtp, tried=tried))
            case sip.Cancelled(by=by):
                self.end(Ended("us" if by is sip.Side.US else "them", self.now, REQUEST_TERMINATED, "cancelled"))
            case sip.Ended(by=by, status=status, cause=cause, headers=headers):
                ended = Ended(by.value if by else "lost", self.now, status, cause or ("" if by else _LOST), told(headers))
                if not self.transfers.outlast(ended):
                    self.end(ended)
            case _:
                pass

    def _leave(self, ended: Ended) -> None:
        """End the call ourselves. It is over for us before the far side has confirmed it."""
        self.end(ended)
        self._signalling.hang_up(self._origin.handle)

    def end(self, ended: Ended) -> None:
        """The call is over. The far side knows that already."""
        self._over = True
        self._watch.close()
        if self._consultation is not None:
            self._consultation.finished()
        self._pressing.close()
        self._setup.close()
        self.offers.close()
        self._session.post(ended)
        self._session.close(by_them=ended.by == "them")
