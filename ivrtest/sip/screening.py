"""What is looked at before a request is taken (RFC 3261 section 8.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ivrtest.sip.endpoint import ALLOW, SDP, SUPPORTED
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header import Header
from ivrtest.sip.headers import Contact, ContentDisposition, ContentType, RecordRoute, Require, RSeq, Unsupported
from ivrtest.sip.message import Request, Response
from ivrtest.sip.multipart import MIXED, has_description
from ivrtest.sip.session_timer import SessionTimes, too_brief
from ivrtest.sip.uri import OtherUri

KNOWN = frozenset({"REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE"})
"""Methods that are recognised and not supported: 405. What is not recognised gets 501 (sections 8.2.1 and 21.5.2)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final response that says what is wrong with a request."""

    status: int
    headers: tuple[Header | tuple[str, str], ...] = ()
    reason: str | None = None


def screen(request: Request, times: SessionTimes) -> Refusal | None:
    """Return why a request cannot be taken, whatever the call it belongs to; None when it can. Raises SipSyntaxError."""
    check_dialog_headers(request)
    if request.version != "SIP/2.0":
        return Refusal(505)
    if request.method not in ALLOW.tokens:
        return Refusal(405 if request.method in KNOWN else 501, (ALLOW,))
    if isinstance(request.uri, OtherUri):
        return Refusal(416)
    required = request.get(Require)
    unknown = () if required is None else tuple(tag for tag in required.tokens if tag not in SUPPORTED)
    if unknown:
        return Refusal(420, (Unsupported(unknown),))
    if request.method in ("INVITE", "UPDATE") and (least := too_brief(request, times)) is not None:
        return Refusal(422, (least,))
    if request.method in ("INVITE", "UPDATE", "PRACK") and request.body:
        return _screen_offer(request)
    return None


def _screen_offer(request: Request) -> Refusal | None:
    encoding = request.text("Content-Encoding")
    if encoding is not None and encoding.lower() != "identity":
        return Refusal(415, (("Accept-Encoding", "identity"),))
    content = request.get(ContentType)
    if content is None or not (has_description(request, content) or _may_be_ignored(request)):
        return Refusal(415, (("Accept", f"{SDP}, {MIXED}"),))
    return None


def _may_be_ignored(request: Request) -> bool:
    """Say whether a body that is no session description need not be understood (section 8.2.3)."""
    try:
        disposition = request.get(ContentDisposition)
    except SipSyntaxError:
        return False
    return disposition is not None and (disposition.parameters.get("handling") or "").lower() == "optional"


def check_dialog_headers(message: Request | Response) -> None:
    """Check that what a dialog is made of can be read. Raises SipSyntaxError."""
    message.all(Contact)
    message.all(Require)
    message.all(RSeq)
    for hop in message.all(RecordRoute):
        _ = hop.sip_uri
