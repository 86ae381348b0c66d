"""Messages out of a byte stream: TCP and TLS have no datagrams (RFC 3261 section 18.3)."""

from __future__ import annotations

import re
from typing import Final

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.message import MAX_HEAD, content_length, parse_head

MAX_BODY: Final = 1_000_000
"""The most bytes of a body. A stream that announces more is not worth waiting for."""
KEEP_ALIVE: Final = b"\r\n\r\n"
"""What a client sends to keep a stream open; the answer is one CRLF (RFC 5626 section 3.5.1)."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")


class MessageFramer:
    """Cuts one connection's bytes into messages. Each of them is whole, ready for `parse_message`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._size: int | None = None
        self.broken: SipSyntaxError | None = None
        """Why the stream cannot be cut any further: the connection is of no more use then. None while all is well."""

    @property
    def idle(self) -> bool:
        """Whether no message has begun: what comes next stands between messages."""
        return not self._buffer and self.broken is None

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the messages that are complete now, and `KEEP_ALIVE` for each of those.

        Look at `broken` afterwards: messages in front of what cannot be read are still returned.
        """
        frames: list[bytes] = []
        if self.broken is not None:
            return frames
        self._buffer += data
        try:
            while (frame := self._next_frame()) is not None:
                frames.append(frame)
        except SipSyntaxError as problem:
            self.broken = problem
            self._buffer.clear()
        return frames

    def _next_frame(self) -> bytes | None:
        if self._size is None:
            if self._buffer.startswith(KEEP_ALIVE):
                return self._take(len(KEEP_ALIVE))
            if KEEP_ALIVE.startswith(bytes(self._buffer[:4])):
                return None
            blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            del self._buffer[:blank]
            if self._buffer and not 0x20 < self._buffer[0] < 0x7F:
                raise SipSyntaxError(f'octet "{self._buffer[0]:#04x}" stands where a message must begin. a 0x16 would be TLS')
            self._size = self._announced_size()
        if self._size is None or len(self._buffer) < self._size:
            return None
        return self._take(self._size)

    def _announced_size(self) -> int | None:
        end = _HEAD_END.search(self._buffer, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if (end.start() if end else len(self._buffer)) > MAX_HEAD:
            raise SipSyntaxError(f"start line and headers on a stream go on for more than {MAX_HEAD} bytes")
        if end is None:
            return None
        message, _ = parse_head(bytes(self._buffer[: end.end()]))
        length = content_length(message)
        if length is None:
            raise SipSyntaxError('message on a stream has no "Content-Length" header. without it its end cannot be known', partial=message)
        if length > MAX_BODY:
            raise SipSyntaxError(f'Content-Length "{length}" is too great. it can be {MAX_BODY} at most', partial=message)
        return end.end() + length

    def _take(self, size: int) -> bytes:
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._searched = 0
        self._size = None
        return frame
