"""What an agent reports. Each event names its call by `handle`; session descriptions and other bodies are bytes as they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import From, To
from ivrtest.sip.message import Request
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri, Uri


class Side(StrEnum):
    """Who did it."""

    US = "us"
    THEM = "them"


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Somebody calls. Follow with `ring`, `answer` or `reject`; 100 Trying has been sent."""

    handle: str
    call_id: str
    caller: From
    called: To
    request_uri: Uri
    """Whom the request was sent to: the number the caller dialled, if no proxy changed it."""
    headers: Headers
    """All headers of the INVITE."""
    offer: bytes | None
    """The caller's session description. None: the caller wants our offer in the answer, and its own answer comes with `Confirmed`."""
    source: Address
    """Where the INVITE came from."""
    replaces: str | None = None
    """The handle of the call that this one is to take the place of (Replaces, RFC 3891). When it is answered, that one is ended."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response to our call: 100 Trying, 180 Ringing, 183 Session Progress ..."""

    handle: str
    status: int
    reason: str
    sdp: bytes | None
    """A session description for early media."""
    headers: Headers
    branch: str
    """Which of the called devices speaks, when a proxy rings several: its To tag, empty in 100."""
    is_offer: bool = False
    """`sdp` is their offer, as we made none. Follow with `acknowledge`, which names the branch."""


@dataclass(frozen=True, slots=True)
class ProgressAcknowledged:
    """The caller acknowledged a provisional response of ours that was sent reliably (PRACK, RFC 3262)."""

    handle: str
    status: int
    """Of the response."""
    sdp: bytes | None
    """The answer to the offer in the response, when the INVITE came without one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Our call was answered, and the answer is being acknowledged."""

    handle: str
    status: int
    sdp: bytes | None
    """Of the answer, or, if it has none, the latest of the same device's provisional responses. None where the session was changed since
    then, and holds as it is."""
    headers: Headers
    is_offer: bool = False
    """`sdp` is their offer, as we made none. Follow with `acknowledge`; until then their answer is not acknowledged."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The other side acknowledged our answer (to a call or to a change of the session)."""

    handle: str
    sdp: bytes | None
    """The answer to the offer that we made in our 200, when the INVITE came without one."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Our call was not answered. It is over."""

    handle: str
    status: int
    """300 to 699. 408 or 503 with `local` when nobody sent it: the far side was silent or could not be reached."""
    reason: str
    """The reason phrase, for people."""
    local: bool
    contacts: tuple[Uri, ...]
    """Where to try instead (3xx)."""
    retry_after: int | None
    """Seconds (Retry-After)."""
    cause: str | None
    """The Reason header (RFC 3326), such as `Q.850;cause=17;text="User busy"`."""
    headers: Headers
    request: Request
    """The INVITE as it was sent last: what a call to where it was redirected goes on from."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A call was given up before it was answered. It is over."""

    handle: str
    by: Side
    crossed: bool
    """The answer crossed our CANCEL on the way. It was acknowledged and the call ended with BYE at once."""
    cause: str | None
    """The Reason header of their CANCEL, such as `SIP;cause=200;text="Call completed elsewhere"`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call is over that was answered, or that we rejected. Every call ends with one of Rejected, Cancelled and Ended."""

    handle: str
    by: Side | None
    """Who sent BYE. None: the other side was lost. It did not acknowledge our answer, or did not know the call any more."""
    status: int | None
    """The final response to our BYE, 408 when none came, or the response that showed the call to be lost; our own when we rejected the
    call. None after their BYE, and when the ACK did not come."""
    cause: str | None
    """The Reason header of their BYE; for people, why they cannot be reached, when their connection is gone."""
    headers: Headers
    """Of their BYE, or of the response that ended the call; empty when nothing came."""


@dataclass(frozen=True, slots=True)
class SessionOffered:
    """The other side wants to change the session (hold, resume, another address). Follow with `answer` or `reject`."""

    handle: str
    method: str
    """`INVITE`, `UPDATE` or `PRACK`; the last two also before the call is answered."""
    offer: bytes | None
    """None: the INVITE asks for our offer; its answer comes with `Confirmed`."""


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """The other side accepted our `reinvite` or `update`, or refreshed the call by answering one."""

    handle: str
    sdp: bytes | None
    is_offer: bool = False
    """`sdp` is their offer, as we made none. Follow with `acknowledge`."""


@dataclass(frozen=True, slots=True)
class SessionUnchanged:
    """The other side refused our `reinvite` or `update`. The session goes on as it was."""

    handle: str
    status: int
    reason: str
    retry_after: int | None
    again_in: float | None = None
    """Seconds after which it makes sense to try again: after 491, when both sides asked at once, by chance (RFC 3261 section 14.1)."""


@dataclass(frozen=True, slots=True)
class OfferWithdrawn:
    """The other side took back a SessionOffered before we answered it (CANCEL). The session goes on as it was."""

    handle: str


@dataclass(frozen=True, slots=True)
class InfoReceived:
    """INFO (RFC 6086), such as keys from a gateway that sends them this way. It has been answered 200."""

    handle: str
    content_type: str
    """Empty when there is no body."""
    body: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class InfoAnswered:
    """The final response to our `info`."""

    handle: str
    status: int


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The other side asks us to call somebody else (RFC 3515). Follow with `accept_refer` or `reject_refer`."""

    handle: str
    to: Uri
    """Whom to call. A header `Replaces` in it makes this an attended transfer (RFC 3891)."""
    referred_by: str | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class ReferProgress:
    """What became of our `refer` so far (RFC 3515 section 2.4.5)."""

    handle: str
    status: int
    """The status of the new call. 202 at first: the other side will try. When it refused to, the status of the refusal."""
    reason: str
    final: bool
    """No more news will come. With a status under 200, or with 202, it means that the other side does not tell how it ended."""


@dataclass(frozen=True, slots=True)
class OptionsAnswered:
    """The final response to our `options`."""

    handle: str
    status: int
    """408 or 503 with `local` when nobody sent it. Whatever else: somebody speaks SIP there."""
    reason: str
    local: bool
    headers: Headers


@dataclass(frozen=True, slots=True)
class Registered:
    """The registrar has our binding, new or prolonged."""

    handle: str
    expires: int
    """Seconds until it ends, unless it is prolonged, as it will be."""


@dataclass(frozen=True, slots=True)
class Unregistered:
    """There is no binding any more: refused, not prolonged, or removed. Nothing more is done for it."""

    handle: str
    status: int
    """The response that said so. 408 or 503 with `local`: none came, or nothing could be sent."""
    reason: str
    local: bool
    asked: bool
    """Whether we wanted it removed."""
    retry_after: int | None
    """Seconds (Retry-After)."""
    headers: Headers = field(default=Headers(), compare=False, repr=False)
    """Of that response."""
    sent: Headers = field(default=Headers(), compare=False, repr=False)
    """Of our last request."""


@dataclass(frozen=True, slots=True)
class LedElsewhere:
    """A call is to go on at a host that it did not go to and that is not on the list, as a Contact or a Record-Route says. Reported once
    for each, when something is to be sent there. See `Leash`."""

    handle: str
    uri: SipUri
    followed: bool
    """Whether our requests go there. False: they go where the call went."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message came that is not SIP as it should be. Nothing was done with it, except that a request was answered 400."""

    handle: str
    """Its Call-ID, when that could be read; else empty."""
    source: Address
    problem: str
    """What is wrong with it, and what would be right."""


@dataclass(frozen=True, slots=True)
class OtherTransport:
    """The other side wants the rest of our requests over another transport than the call took (RFC 3263 section 4.1). They go over that of
    the call, to the same address; most listen there, too."""

    handle: str
    uri: SipUri
    """Where it wants them."""


Event = (
    IncomingCall
    | Progress
    | ProgressAcknowledged
    | Answered
    | Confirmed
    | Rejected
    | Cancelled
    | Ended
    | SessionOffered
    | SessionChanged
    | SessionUnchanged
    | OfferWithdrawn
    | InfoReceived
    | InfoAnswered
    | ReferReceived
    | ReferProgress
    | OptionsAnswered
    | Registered
    | Unregistered
    | LedElsewhere
    | OtherTransport
    | Unreadable
)
