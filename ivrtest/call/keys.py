"""The ways of a key: as an RTP event, as a SIP request of its own (INFO), or as a tone."""

from __future__ import annotations

import re
from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ivrtest.call.call import KeySent
from ivrtest.rtp.dtmf import KEYS, USUAL_KEY, KeyForm

KeyMode = Literal["rfc4733", "info", "info-dtmf", "inband", "auto"]
"""How to send keys: `rfc4733`, RTP events, and nothing else; `info`, SIP INFO with `application/dtmf-relay`; `info-dtmf`, with
`application/dtmf`; `inband`, tones in the sound; `auto`, RTP events where the far side takes them, else tones."""

DTMF_RELAY: Final = "application/dtmf-relay"
DTMF: Final = "application/dtmf"
_UNSAID_MS: Final = 100
"""How long a key lasts that does not say so."""

_KEY: Final = rb"(1[0-5]|[0-9*#A-D])"
_SIGNAL: Final = re.compile(rb"^[ \t]*Signal[ \t]*=[ \t]*" + _KEY + rb"[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DURATION: Final = re.compile(rb"^[ \t]*Duration[ \t]*=[ \t]*([0-9]{1,5})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_ALONE: Final = re.compile(rb"\s*" + _KEY + rb"\s*", re.IGNORECASE)
_WRITTEN: Final = re.compile(rb"(^[ \t]*Signal[ \t]*=[ \t]*|\r\n\r\n\s*)(?:1[0-5]|[0-9*#A-D])(?=\s*$)", re.IGNORECASE | re.MULTILINE)

_LENGTH: Final = re.compile(rb"^((?:Content-Length|l)[ \t]*:[ \t]*)[0-9]+", re.IGNORECASE | re.MULTILINE)


def key_by_info(key: str, ms: int = USUAL_KEY.ms) -> bytes:
    """Return the body of an INFO for a key, as `application/dtmf-relay`. There is no standard; gateways made it one."""
    return f"Signal={key}\r\nDuration={ms}\r\n".encode()


def key_alone(key: str, ms: int = USUAL_KEY.ms) -> bytes:
    """Return the body of an INFO for a key, as `application/dtmf`: the key and nothing else. Its length cannot be said."""
    return key.encode()


def key_in_info(content_type: str, body: bytes) -> tuple[str, float] | None:
    """Return the key in an INFO and its seconds; None where there is none. `application/dtmf` has the key alone, or its event code."""
    found = _ALONE.fullmatch(body) if content_type == "application/dtmf" else _SIGNAL.search(body)
    if found is None:
        return None
    name = found[1].decode().upper()
    length = _DURATION.search(body)
    # Two digits are an event code (RFC 4733): 10 and 11 are * and #.
    return KEYS[int(name)] if len(name) == 2 else name, (int(length[1]) if length else _UNSAID_MS) / 1000


def without_key(message: bytes) -> bytes:
    """Return a SIP message with the key in it, if there is one, replaced by a question mark.

    Its Content-Length is that of the new body: a key of two characters is not to be told from the others, nor the next message from it.
    """
    if not message.startswith(b"INFO "):
        return message
    head, end, body = _WRITTEN.sub(rb"\1?", message).partition(b"\r\n\r\n")
    return _LENGTH.sub(rb"\g<1>%d" % len(body), head) + end + body


@dataclass(frozen=True, slots=True)
class _Press:
    key: str
    secret: bool
    form: KeyForm


class InfoKeys:
    """Keys on their way by INFO, one at a time: the next is sent when the one before is confirmed, and its time and its gap are over."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        tell: Callable[[KeySent], None],
        now: Callable[[], float],
        loop: AbstractEventLoop,
        write: Callable[[str, int], bytes] = key_by_info,
    ) -> None:
        """`send` takes the body of an INFO, `tell` a key that was confirmed; `now` is the call's clock. `write` makes the body of a key and
        its milliseconds."""
        self._send = send
        self._write = write
        self._tell = tell
        self._now = now
        self._loop = loop
        self._waiting: deque[_Press] = deque()
        """The first of them is under way."""
        self._began = 0.0
        self._open = False
        self._under_way = False
        self._next: TimerHandle | None = None

    @property
    def secret(self) -> bool:
        """Whether a secret key is on its way."""
        return any(press.secret for press in self._waiting)

    def press(self, keys: str, *, secret: bool, form: KeyForm) -> None:
        """Queue keys."""
        self._waiting.extend(_Press(key, secret, form) for key in keys)
        self._go_on()

    def open(self) -> None:
        """From now on there is somebody to take them."""
        self._open = True
        self._go_on()

    def close(self) -> None:
        """Send no more."""
        self._open = False
        if self._next is not None:
            self._next.cancel()

    def confirmed(self) -> None:
        """The key under way was taken."""
        if not self._under_way:
            return
        press = self._waiting.popleft()
        self._under_way = False
        taken = self._now() - self._began
        # It lasts as long as we said, however fast the answer came.
        length = press.form.ms / 1000
        self._tell(KeySent(press.key, self._began, max(length, taken), "info"))
        self._next = self._loop.call_later(max(0.0, length + press.form.gap_ms / 1000 - taken), self._go_on)

    def _go_on(self) -> None:
        pending = self._next is not None and not self._next.cancelled() and self._next.when() > self._loop.time()
        if self._open and self._waiting and not self._under_way and not pending:
            press = self._waiting[0]
            self._under_way = True
            self._began = self._now()
            self._send(self._write(press.key, press.form.ms))
