"""The offers and answers of one call with one party, from the first to the last (RFC 3264, RFC 3261 section 14)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from ivrtest.call.agreement import Agreement
from ivrtest.call.call import ChangeMethod, SessionChanged
from ivrtest.call.codecs import CodecName
from ivrtest.call.host import Host
from ivrtest.call.negotiation import Wish
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.sip import events as sip
from ivrtest.sip.sdp import NegotiationError, SdpSyntaxError
from ivrtest.sip.session_description import Direction

NOT_ACCEPTABLE_HERE: Final = 488
AGAIN_S: Final = 1.0
"""How soon a change of the session is asked for again while another one is under way."""


class Offers:
    """Answers what the far side offers, and asks for changes of our own."""

    def __init__(self, host: Host, agreement: Agreement) -> None:
        self.agreement = agreement
        self.first: bytes | None = None
        """What we answer a call with that came in."""
        self._host = host
        self._prepared: RemoteMedia | None = None
        """What `first` comes to, where it is an answer."""
        self._wish = Wish()
        """What we asked for last."""
        self._direction = Direction.SENDRECV
        """Ours, as a change of ours has left us with it: whoever holds goes on to, whatever the far side changes."""
        self._codec: CodecName | None = None
        """The codec that a change of ours has left us with. None: any that we speak."""
        self._method: ChangeMethod = "INVITE"
        self._asking = False
        """Whether the answer to a change of ours is still to come."""
        self._again: asyncio.TimerHandle | None = None

    @property
    def media(self) -> RemoteMedia | None:
        """What was agreed last. None until there is something."""
        return self.agreement.media

    def prepare(self, offer: bytes | None) -> None:
        """Write our answer to a caller's offer, or an offer where there is none. Raises NegotiationError or SdpSyntaxError."""
        if offer is None:
            self.first = self.agreement.offer()
        else:
            self.first, self._prepared = self.agreement.answer(offer)

    def begin(self) -> None:
        """The caller has `first`: send and hear as it says. Where it is an offer, that comes with its answer."""
        if self._prepared is not None:
            self.agreement.follow(self._prepared)
            self._prepared = None

    def take(self, sdp: bytes, *, is_offer: bool, branch: str = "") -> None:
        """Take what came in a response to our INVITE: an answer to our offer, or an offer. Raises NegotiationError or SdpSyntaxError."""
        if not is_offer:
            self.agreement.take_answer(sdp)
            return
        answer, media = self.agreement.answer(sdp)
        self._host.signalling.acknowledge(self._host.handle, answer, branch)
        self.agreement.follow(media)

    def agreed(self, sdp: bytes, what: str) -> bool:
        """Take an answer to an offer of ours; one that cannot be used ends the call. Return whether it could. `what` names it."""
        try:
            self.agreement.take_answer(sdp)
        except (NegotiationError, SdpSyntaxError) as error:
            self._host.fail(f"{what} cannot be used: {error}")
            return False
        return True

    def offered(self, offer: bytes | None) -> None:
        """Follow a change that the far side asks for: a hold, its end, another address or codec."""
        signalling, handle = self._host.signalling, self._host.handle
        if offer is None:
            signalling.answer(handle, self.agreement.offer(self._wish))
            return
        before = self.media
        try:
            sdp, media = self.agreement.answer(offer, self._direction)
        except (NegotiationError, SdpSyntaxError) as error:
            signalling.reject(handle, NOT_ACCEPTABLE_HERE, error)
            return
        signalling.answer(handle, sdp)
        self.agreement.follow(media)
        if self._codec is not None:
            # Now it is as they want it: a hold of ours is not to change it back.
            self._codec = media.codec
            self._wish = replace(self._wish, codec=media.codec)
        self._tell_change("them", before)

    # Ours

    def ask_for(self, direction: Direction) -> None:
        """Ask the far side for a change: `sendonly` is a hold, `sendrecv` its end. Asks again where it comes at the wrong moment."""
        self._wish = replace(self._wish, direction=direction)
        self._method = "INVITE"
        self._ask()

    def ask_for_codec(self, codec: CodecName, method: ChangeMethod) -> None:
        """Ask the far side to speak this codec and no other from now on. Asks again where it comes at the wrong moment."""
        self._wish = replace(self._wish, codec=codec)
        self._method = method
        self._ask()

    def _ask(self) -> None:
        self._stop_waiting()
        if self._host.over or self.media is None:
            return
        signalling, handle = self._host.signalling, self._host.handle
        if not signalling.can_change(handle):
            self._ask_in(AGAIN_S)
            return
        self._asking = True
        offer = self.agreement.offer(self._wish)
        if self._method == "UPDATE":
            signalling.update(handle, offer)
        else:
            signalling.reinvite(handle, offer)

    def changed(self, sdp: bytes | None, *, is_offer: bool) -> None:
        """The far side has agreed to a change that we asked for, or has only refreshed the call; then it may say nothing of the sound."""
        before = self.media
        asked, self._asking = self._asking, False
        if sdp is None and not asked:
            return
        try:
            if sdp is None:
                raise NegotiationError("it has no session description")
            self.take(sdp, is_offer=is_offer)
        except (NegotiationError, SdpSyntaxError) as error:
            self._host.fail(f"the answer to our change of the session cannot be used: {error}")
            return
        if asked:
            self._direction, self._codec = self._wish.direction, self._wish.codec
        self._tell_change("us", None if asked else before)

    def unchanged(self, event: sip.SessionUnchanged) -> None:
        """The far side did not agree to a change of ours. One that only crossed a change of theirs is asked for again."""
        if not self._asking:
            return  # it was no change, only a refresh: the session timer tries again by itself
        self._asking = False
        self.agreement.refused()
        if event.again_in is not None:
            self._ask_in(event.again_in)
        else:
            asked = str(self._wish.direction)
            self._wish = Wish(self._direction, self._codec)
            codec = "" if self.media is None else self.media.codec
            self._host.post(SessionChanged("us", asked, self._host.now, event.status, codec))

    def close(self) -> None:
        """The call is over."""
        self._stop_waiting()

    def _ask_in(self, seconds: float) -> None:
        self._again = asyncio.get_running_loop().call_later(seconds, self._ask)

    def _stop_waiting(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _tell_change(self, by: str, before: RemoteMedia | None) -> None:
        media = self.media
        if media is not None and media != before:
            direction = Direction.of(sends=media.sends, receives=media.receives)
            self._host.post(SessionChanged(by, str(direction), self._host.now, codec=media.codec))
