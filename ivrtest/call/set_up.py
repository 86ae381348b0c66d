"""How a call comes to be answered: from the first provisional response to the ACK (RFC 3261 section 13)."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Final

from ivrtest.call.call import Answered, EarlyMedia, Ringing
from ivrtest.call.host import Host
from ivrtest.call.offers import Offers
from ivrtest.call.refusal import ANSWERED_IN_VAIN
from ivrtest.call.signalling import told
from ivrtest.sip import events as sip
from ivrtest.sip.sdp import NegotiationError, SdpSyntaxError

CALLERS_ANSWER: Final = "the caller's answer to our session description"


class SetUp:
    """Takes in what the SIP agent reports until both sides know that the call is answered."""

    def __init__(self, host: Host) -> None:
        self.statuses: list[int] = []
        """The provisional responses that came."""
        self.answered = False
        """By the far side, or by us."""
        self.limit: TimerHandle | None = None
        """What gives the call up when it rings for too long."""
        self._host = host
        self._has_early_media = False
        self._confirmed = False
        """Whether both sides know that the call is answered."""

    def progressed(self, event: sip.Progress, offers: Offers) -> None:
        """A provisional response came."""
        host = self._host
        self.statuses.append(event.status)
        headers = told(event.headers)
        if event.status >= 180 and event.status != 183:
            host.post(Ringing(host.now, event.status, headers))
        if event.sdp is None:
            return
        try:
            offers.take(event.sdp, is_offer=event.is_offer, branch=event.branch)
        except (NegotiationError, SdpSyntaxError):
            return  # a bad description of early media spoils nothing: the final answer has its own
        if not self._has_early_media:
            self._has_early_media = True
            host.post(EarlyMedia(host.now, headers))

    def was_answered(self, event: sip.Answered, offers: Offers) -> bool:
        """The far side answered. Returns whether the call goes on."""
        host = self._host
        self.answered = True
        self.close()
        try:
            if event.sdp is not None:
                offers.take(event.sdp, is_offer=event.is_offer)
            elif offers.media is None:
                raise NegotiationError("the answer has no session description")
        except (NegotiationError, SdpSyntaxError) as error:
            host.fail(f"{ANSWERED_IN_VAIN}: {error}")
            return False
        self._confirmed = True
        host.post(Answered(host.now, told(event.headers)))
        return True

    def was_confirmed(self, sdp: bytes | None, offers: Offers) -> None:
        """The ACK for our answer came. It has a description only where our answer was the offer."""
        host = self._host
        if sdp is None and offers.media is None:
            host.fail(f"{CALLERS_ANSWER} cannot be used: it has none")
            return
        if sdp is not None and not offers.agreed(sdp, CALLERS_ANSWER):
            return
        if not self._confirmed:
            self._confirmed = True
            host.post(Answered(host.now))

    def close(self) -> None:
        """It rings no more. Until the limit fires the loop keeps the call alive, with all its sound."""
        if self.limit is not None:
            self.limit.cancel()
