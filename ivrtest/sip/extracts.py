"""What an event tells of a message. Nothing here raises: what cannot be read is as good as not there."""

from __future__ import annotations

from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import ContentType, Reason, RetryAfter, Supported
from ivrtest.sip.message import Message, Response


def cause_of(message: Message) -> str | None:
    """Return the Reason header as written (RFC 3326)."""
    return message.text(Reason)


def retry_after(response: Response) -> int | None:
    """Return the seconds of Retry-After; None when there is none that can be read."""
    try:
        header = response.get(RetryAfter)
    except SipSyntaxError:
        return None
    return None if header is None else header.seconds


def content_type(message: Message) -> str:
    """Return the body's media type; empty when there is none that can be read."""
    try:
        header = message.get(ContentType)
    except SipSyntaxError:
        return ""
    return "" if header is None else header.media_type


def supports(message: Message, extension: str) -> bool:
    """Say whether its sender knows an extension, as far as its Supported header can be read."""
    try:
        known = message.get(Supported)
    except SipSyntaxError:
        return False
    return known is not None and extension in known
