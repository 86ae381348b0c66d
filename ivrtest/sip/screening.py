"""What is looked at before a request is taken (RFC 3261 section 8.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ivrtest.sip.endpoint import ALLOW, SDP, SUPPORTED
from ivrtest.sip.header import Header
from ivrtest.sip.headers import Contact, ContentType, RecordRoute, Require, RSeq, Unsupported
from ivrtest.sip.message import Request, Response
from ivrtest.sip.uri import OtherUri


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final response that says what is wrong with a request."""

    status: int
    headers: tuple[Header | tuple[str, str], ...] = ()
    reason: str | None = None


def screen(request: Request) -> Refusal | None:
    """Return why a request cannot be taken, whatever the call it belongs to; None when it can. Raises SipSyntaxError."""
    check_dialog_headers(request)
    if request.method not in ALLOW.tokens:
        return Refusal(405, (ALLOW,))
    if request.version != "SIP/2.0":
        return Refusal(505)
    if isinstance(request.uri, OtherUri):
        return Refusal(416)
    required = request.get(Require)
    unknown = () if required is None else tuple(tag for tag in required.tokens if tag not in SUPPORTED)
    if unknown:
        return Refusal(420, (Unsupported(unknown),))
    if request.method in ("INVITE", "UPDATE") and request.body:
        return _screen_offer(request)
    return None


def _screen_offer(request: Request) -> Refusal | None:
    encoding = request.text("Content-Encoding")
    if encoding is not None and encoding.lower() != "identity":
        return Refusal(415, (("Accept-Encoding", "identity"),))
    content = request.get(ContentType)
    if content is None or content.media_type != SDP:
        return Refusal(415, (("Accept", SDP),))
    return None


def check_dialog_headers(message: Request | Response) -> None:
    """Check that what a dialog is made of can be read. Raises SipSyntaxError."""
    message.all(Contact)
    message.all(Require)
    message.all(RSeq)
    for hop in message.all(RecordRoute):
        _ = hop.sip_uri
