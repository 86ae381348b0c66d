"""Bodies of several parts (RFC 2046 section 5.1, RFC 5621): gateways put ISUP or a location beside the session description."""

from __future__ import annotations

import re
from typing import Final

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import ContentType
from ivrtest.sip.message import Message, Request

MIXED: Final = "multipart/mixed"
_TOGETHER: Final = "multipart/"
"""Parts that are together for a reason that we do not know are as good as mixed (section 5.1.3)."""
SDP: Final = "application/sdp"
MOST: Final = 20
"""How many parts are looked at."""
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_TYPE: Final = re.compile(rb"^content-type[ \t]*:[ \t]*([^;\r\n]*)", re.IGNORECASE | re.MULTILINE)


def session_description(message: Message) -> bytes | None:
    """Return the session description in a message: its body, or the part of it that is one; None where there is none.

    Some leave the type of a body out. A part that cannot be read is as good as not there.
    """
    if not message.body:
        return None
    try:
        header = message.get(ContentType)
    except SipSyntaxError:
        return message.body
    if header is None or header.media_type == SDP:
        return message.body
    if not header.media_type.startswith(_TOGETHER):
        return None
    boundary = header.parameters.get("boundary")
    return None if not boundary else dict(reversed(parts(message.body, boundary))).get(SDP)


def parts(body: bytes, boundary: str) -> list[tuple[str, bytes]]:
    """Return the parts of a body, each with its media type in lower case; empty for what says none."""
    found: list[tuple[str, bytes]] = []
    for piece in re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode("utf-8", "surrogateescape")), body, maxsplit=MOST + 1)[1:]:
        if piece.startswith(b"--"):
            break
        # The rest of the boundary's line is white space; a part without headers begins with an empty line.
        text = piece.partition(b"\n")[2]
        end = _HEAD_END.search(b"\r\n" + text)
        head, content = (text[: max(end.start() - 2, 0)], text[end.end() - 2 :]) if end else (b"", text)
        kind = _TYPE.search(head)
        found.append((kind[1].strip().decode("ascii", "replace").lower() if kind else "", content))
    return found


def has_description(request: Request, content: ContentType) -> bool:
    """Say whether the body of a request, of this type, is or has a session description."""
    return content.media_type == SDP or (content.media_type.startswith(_TOGETHER) and session_description(request) is not None)
