"""What a call asks of its line, and where a call comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ivrtest.call.capture import Capture
from ivrtest.call.keys import KeyMode
from ivrtest.call.resolver import Attempt
from ivrtest.call.trace import Trace
from ivrtest.sip import events as sip
from ivrtest.sip.header_map import Headers, canonical


class Carried(Protocol):
    """What a trunk carries: a call, or the call of a transfer until it is answered."""

    attempts: Sequence[Attempt]

    @property
    def handle(self) -> str:
        """How the agent knows it."""

    @property
    def id(self) -> str:
        """The SIP Call-ID."""

    @property
    def over(self) -> bool:
        """Whether it is over."""

    @property
    def trace(self) -> Trace:
        """Where its SIP messages are kept."""

    @property
    def now(self) -> float:
        """Seconds on its clock."""

    @property
    def capture(self) -> Capture | None:
        """Where its datagrams are kept."""

    @property
    def hides_keys(self) -> bool:
        """Whether keys in INFO are to be kept out of the capture."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values of headers that are to be kept out of the capture."""

    def on(self, event: sip.Event) -> None:
        """Take in what the SIP agent reports."""

    def goes_on_at(self, signalling: Signalling, handle: str) -> None:
        """It was placed anew, somewhere else."""

    async def hang_up(self) -> None:
        """End it."""


class Signalling(Protocol):
    """The way to the far side of a call, which knows it by its handle."""

    def ring(self, handle: str, sdp: bytes | None) -> None:
        """Say that it rings, with a session description for early media."""

    def answer(self, handle: str, sdp: bytes | None, headers: Mapping[str, str] | None = None) -> None:
        """Answer the call, or accept a change of its session. `headers` go along."""

    def acknowledge(self, handle: str, sdp: bytes | None, branch: str) -> None:
        """Answer an offer that came in a response."""

    def reject(self, handle: str, status: int, warning: Exception | None = None) -> None:
        """Refuse a call that came in, or a change of a call's session. `warning`: what was wrong with its description."""

    def can_change(self, handle: str) -> bool:
        """Say whether the session may be changed now: the call is answered, and no other change is under way."""

    def reinvite(self, handle: str, offer: bytes) -> None:
        """Ask for a change of the session. Raises WrongState where it may not be changed."""

    def update(self, handle: str, offer: bytes) -> None:
        """Ask for a change of the session by UPDATE. Raises WrongState where it may not be changed."""

    def hang_up(self, handle: str) -> None:
        """End the call as it must be ended: BYE, CANCEL or 603."""

    def refer(self, handle: str, to: str) -> None:
        """Ask the far side to call `to` instead, a number or a URI. Raises SipSyntaxError for anything else."""

    def replaces(self, handle: str) -> str | None:
        """Return the Replaces header with which somebody else can take our place in an answered call; None where there is none."""

    def info(self, handle: str, content_type: str, body: bytes) -> None:
        """Send INFO, when those before it are answered."""

    def accept_refer(self, handle: str) -> None:
        """Say that we will call whom we are asked to call."""

    def notify_refer(self, handle: str, status: int) -> None:
        """Report how the call stands that we were asked to make."""

    def pass_on(self, handle: str, to: Carried) -> None:
        """Tell another call from now on what becomes of this handle."""

    def let_go(self, handle: str) -> None:
        """Tell the call nothing more of this handle: it goes on under another one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from."""

    handle: str
    call_id: str
    caller: str
    called: str
    placed: bool
    """Whether we placed it."""
    name: str = ""
    """The name that the caller shows beside the number."""
    diverted_by: tuple[str, ...] = ()
    """Whom the call was for before, first to last."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call is held."""

    keys: KeyMode = "rfc4733"
    """How to send keys."""
    secrets: tuple[str, ...] = ()
    """Values of headers that are to be kept out of captures and traces."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """SIP headers that go with our answer."""


def told(headers: Headers) -> Mapping[str, str]:
    """Return headers as call events tell them: by name as written first, the values of several of one name in one text."""
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(names.setdefault(canonical(name), name), []).append(value)
    return {name: ", ".join(each) for name, each in values.items()}
