"""Session timers: a call that nobody refreshes is over (RFC 4028). Both roles, whoever placed the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ivrtest.sip.endpoint import Endpoint
from ivrtest.sip.events import Side
from ivrtest.sip.extracts import supports
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.headers import MinSE, Require, SessionExpires
from ivrtest.sip.message import Message, Request, Response

if TYPE_CHECKING:
    from ivrtest.sip.leg import Leg

TIMER: Final = "timer"
"""The extension's option tag."""
LEAST: Final = 90
"""The shortest interval that the RFC allows, and what holds where nobody says Min-SE (section 5)."""
_MARGIN: Final = 32.0
"""Seconds before the end at which BYE is sent at the latest, so that it arrives while the call is still one (section 10)."""


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """What we want of session timers."""

    expires: int | None = None
    """Seconds without a refresh after which a call is over. None: we ask for no limit, and agree to theirs."""
    least: int = LEAST
    """Shorter intervals are refused with 422. The RFC has 90 at least; a test may want less."""
    refresher: Side | None = None
    """Who is to refresh a call, where it is ours to say. None: the caller."""


class SessionTimer:
    """The timer of one call."""

    def __init__(self, leg: Leg, endpoint: Endpoint, times: SessionTimes) -> None:
        self.interval: int | None = None
        """Seconds, as agreed last; None: the call has no limit."""
        self.is_ours = False
        """Whether we refresh."""
        self._leg = leg
        self._endpoint = endpoint
        self._times = times
        self._least = times.least
        self._refusal = ""

    def wanted(self) -> tuple[Header, ...]:
        """Return what an INVITE or UPDATE of ours says about it (section 7.1, 7.4): what is agreed stays so."""
        seconds = self.interval or self._times.expires
        if seconds is None:
            return ()
        ours = self._times.refresher if self.interval is None else (Side.US if self.is_ours else Side.THEM)
        role = {None: None, Side.US: "uac", Side.THEM: "uas"}[ours]
        asked = SessionExpires.of(max(seconds, self._least), role)
        # Without Min-SE the 90 seconds of section 5 hold; less than them is said too, for whoever puts up with it.
        return (asked,) if self._least == LEAST else (asked, MinSE(self._least))

    def granted(self, response: Response, now: float, request: Request | None = None) -> None:
        """Take the 2xx to an INVITE or UPDATE of ours, `request` (section 7.2). A Min-SE in it, raised by a 422, holds from now on."""
        if request is not None:
            self._least = max(self._least, _least(request))
        said = _session_expires(response)
        # A 2xx without Session-Expires is a call without a limit, whatever held before.
        if said is None or said.seconds == 0:
            self.stop()
        else:
            self._start(said.seconds, ours=said.refresher != "uas", now=now)

    def answering(self, request: Request, now: float) -> tuple[Header, ...]:
        """Agree to what an INVITE or UPDATE of theirs says, and return what our 2xx says (section 9)."""
        asked = _session_expires(request)
        is_known = supports(request, TIMER)
        seconds = self._times.expires if asked is None else asked.seconds
        if seconds is None or seconds == 0:
            self.stop()
            return ()
        if asked is not None and self._times.expires is not None:
            # The answer may be shorter than what is asked for, but not than what the request's Min-SE allows.
            seconds = min(seconds, max(self._times.expires, _least(request) or LEAST))
        role = (asked and asked.refresher) or ("uas" if self._times.refresher is Side.US else "uac")
        if not is_known:
            role = "uas"  # who does not know of it cannot refresh: table 2
        self._start(seconds, ours=role == "uas", now=now)
        agreed = SessionExpires.of(seconds, role)
        return (agreed, Require.of(TIMER)) if role == "uac" else (agreed,)

    def stop(self) -> None:
        """The call has no limit any more, or is over."""
        self.interval = None
        self._endpoint.alarms.clear((self, "refresh"))
        self._endpoint.alarms.clear((self, "expired"))

    def put_off(self, seconds: float, now: float, refusal: str = "") -> None:
        """Refresh later: now something is in the way. `refusal` is what they said, for people."""
        self._refusal = refusal or self._refusal
        if self.interval is not None and self.is_ours:
            self._endpoint.alarms.set((self, "refresh"), now + seconds)

    def wake(self, why: str, now: float) -> None:
        """Refresh the call, or end it."""
        if why == "refresh":
            self._leg.changes.refresh(now)
            return
        if self.is_ours:
            said = f": the far side answered {self._refusal}" if self._refusal else ""
            problem = f"the session expired: it was not refreshed within {self.interval} s, as we could not{said} (RFC 4028)"
        else:
            problem = f"the session expired: the far side was to refresh it every {self.interval} s, and did not (RFC 4028)"
        self._leg.expire(problem, now)

    def _start(self, seconds: int, *, ours: bool, now: float) -> None:
        self.interval, self.is_ours, self._refusal = seconds, ours, ""
        alarms = self._endpoint.alarms
        alarms.set((self, "expired"), now + seconds - min(_MARGIN, seconds / 3))
        if ours:
            alarms.set((self, "refresh"), now + seconds / 2)
        else:
            alarms.clear((self, "refresh"))


def too_brief(request: Request, times: SessionTimes) -> MinSE | None:
    """Return what to say in a 422 to a request that wants a shorter interval than we take (section 8.1, 9)."""
    asked = _session_expires(request)
    # Who does not know of session timers could make nothing of a 422: a proxy has asked.
    if asked is None or asked.seconds >= times.least or not supports(request, TIMER):
        return None
    return MinSE(times.least)


def _session_expires(message: Message) -> SessionExpires | None:
    try:
        return message.get(SessionExpires)
    except SipSyntaxError:
        return None


def _least(request: Request) -> int:
    try:
        said = request.get(MinSE)
    except SipSyntaxError:
        said = None
    return 0 if said is None else said.seconds
