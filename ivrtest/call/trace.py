"""The SIP messages of one call, as they may be shown: passwords, keys of encryption and secret digits are masked before they are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ivrtest.call.call import Answered, CallEvent, EarlyMedia, Ended, Ringing, TransferAsked, Transferred
from ivrtest.call.keys import without_key
from ivrtest.sip.credentials import without_credentials
from ivrtest.sip.sdes import without_keys

MASK: Final = "••••"
MOST: Final = 500
"""Messages of one call; more than this is a flood, not a ladder."""
_CREDENTIALS: Final = re.compile(
    r"^((?:Proxy-)?Authorization[ \t]*:[ \t]*[A-Za-z]+)[ \t].*?$(?:\r?\n[ \t].*$)*", re.IGNORECASE | re.MULTILINE
)
_AUTHENTICATION_INFO: Final = re.compile(r"^((?:Proxy-)?Authentication-Info[ \t]*:).*?$(?:\r?\n[ \t].*$)*", re.IGNORECASE | re.MULTILINE)
_PASSWORD: Final = re.compile(r"(sips?:[^:@\s;<>?]+):[^@\s<>]+@", re.IGNORECASE)
_CSEQ: Final = re.compile(r"^CSeq[ \t]*:[ \t]*([0-9]+)[ \t]+(\S+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DESCRIPTION: Final = re.compile(r"^(?:Content-Type|c)[ \t]*:[ \t]*application/sdp", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A message as it was sent or came, masked."""

    at_s: float
    """Seconds on the call's clock."""
    sent: bool
    """Whether we sent it."""
    transport: str
    peer: str
    """To or from whom: address and port."""
    text: str

    @property
    def headline(self) -> str:
        """What it is, in a word or two: `INVITE`, `180 Ringing`."""
        first = self.text.partition("\r\n")[0]
        method, _, rest = first.partition(" ")
        return rest if method == "SIP/2.0" else method

    @property
    def status(self) -> int | None:
        """The status of a response; None for a request."""
        return int(self.headline[:3]) if self.text.startswith("SIP/2.0 ") and self.headline[:3].isdigit() else None

    @property
    def cseq(self) -> str:
        """The number and the method of its CSeq; empty where it has none."""
        found = _CSEQ.search(self.text)
        return f"{found[1]} {found[2]}" if found else ""

    @property
    def has_description(self) -> bool:
        """Whether a session description came with it."""
        return _DESCRIPTION.search(self.text) is not None


class Trace:
    """Keeps the messages of a call."""

    def __init__(self) -> None:
        self._messages: list[SipMessage] = []
        self.cut = False
        """Whether there were more than are kept."""

    @property
    def messages(self) -> tuple[SipMessage, ...]:
        return tuple(self._messages)

    def add(
        self, message: bytes, *, at_s: float, sent: bool, transport: str, peer: str, hides_keys: bool, secrets: Sequence[str] = ()
    ) -> None:
        """Keep a message. `hides_keys`: a key in it is secret. `secrets`: texts that must not be shown."""
        if len(self._messages) >= MOST:
            self.cut = True
            return
        self._messages.append(SipMessage(at_s, sent, transport, peer, masked(message, hides_keys=hides_keys, secrets=secrets)))


def masked(message: bytes, *, hides_keys: bool, secrets: Sequence[str] = ()) -> str:
    """Return a message as text without what must not be shown. Octets that are no UTF-8 become question marks."""
    message = without_credentials(without_keys(without_key(message) if hides_keys else message))
    text = message.decode("utf-8", "replace").replace("\ufffd", "?")
    text = _CREDENTIALS.sub(rf"\1 {MASK}", text)
    text = _AUTHENTICATION_INFO.sub(rf"\1 {MASK}", text)
    return _PASSWORD.sub(rf"\1:{MASK}@", hidden(text, secrets))


def hidden(text: str, secrets: Sequence[str]) -> str:
    """Return a text without what must not be shown."""
    for secret in filter(None, secrets):
        text = text.replace(secret, MASK)
    return text


def discreet(event: CallEvent, secrets: Sequence[str]) -> CallEvent:
    """Return an event without what must not be shown: the far side may say our own words back to us."""
    match event:
        case Ended(reason=reason, headers=headers):
            return replace(event, reason=hidden(reason, secrets), headers=_hidden_in(headers, secrets))
        case TransferAsked(to=to, headers=headers):
            return replace(event, to=hidden(to, secrets), headers=_hidden_in(headers, secrets))
        case Transferred(to=to, problem=problem):
            return replace(event, to=hidden(to, secrets), problem=hidden(problem, secrets))
        case Ringing(headers=headers) | EarlyMedia(headers=headers) | Answered(headers=headers):
            return replace(event, headers=_hidden_in(headers, secrets))
        case _:
            return event


def _hidden_in(headers: Mapping[str, str], secrets: Sequence[str]) -> Mapping[str, str]:
    return {name: hidden(value, secrets) for name, value in headers.items()}
