"""Why a call was not answered, for people: every final response says what it means, what it was, and what goes along with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from ivrtest.call.call import Ended
from ivrtest.call.signalling import told
from ivrtest.sip import events as sip
from ivrtest.sip.auth_headers import Challenge
from ivrtest.sip.digest import DigestError, choose_challenge
from ivrtest.sip.grammar import SipSyntaxError, shown
from ivrtest.sip.header_map import Headers
from ivrtest.sip.headers import (
    Authorization,
    MinSE,
    ProxyAuthenticate,
    ProxyAuthorization,
    Require,
    Unsupported,
    WwwAuthenticate,
)

MEANINGS: Final[dict[int, str]] = {
    300: "there are several addresses",
    301: "moved for good",
    302: "moved for now",
    305: "calls must go through a proxy",
    380: "another service is offered instead",
    400: "the far side finds our INVITE faulty",
    402: "a payment is asked for",
    403: "forbidden",
    404: "nobody is known under this address",
    405: "calls are not taken here",
    408: "the far side waited in vain for an answer",
    410: "the address is no longer in use",
    413: "the far side finds our INVITE too long",
    414: "the far side finds the address too long",
    415: "the far side does not understand our session description",
    416: "the far side does not know this kind of address",
    420: "the far side lacks an extension that we require",
    421: "the far side requires an extension that we lack",
    422: "the far side wants a longer session timer",
    429: "the far side wants to know who transferred the call",
    433: "callers who withhold their number are refused",
    480: "temporarily unavailable",
    481: "the far side does not know this call",
    482: "the call runs in a circle",
    483: "the call took too many hops",
    484: "the number is not complete",
    485: "the address means several parties",
    486: "busy",
    487: "the far side gave the call up",
    488: "no common codec",
    491: "the far side is in the middle of a change",
    500: "the server failed",
    501: "the server cannot take calls",
    502: "a gateway got no sense out of the network behind it",
    503: "congestion",
    504: "a server waited in vain for another",
    505: "the far side does not speak SIP/2.0",
    513: "the far side finds our INVITE too long",
    580: "the far side could not meet a precondition",
    600: "busy",
    603: "rejected",
    604: "nobody is known under this address",
    606: "no common codec",
    607: "rejected as unwanted",
    608: "rejected by a call analysis",
}
"""What people call it. RFC 3261 section 21; 607: RFC 8197; 608: RFC 8688; 433: RFC 5079; 422: RFC 4028."""

_CLASSES: Final = {3: "redirected", 4: "refused", 5: "the server failed", 6: "refused everywhere"}
_TRIED: Final = (401, 407)
_ENCRYPTED: Final = {"off": ", without SRTP", "mandatory": ", with SRTP only"}
"""Whoever wants it otherwise refuses as whoever lacks the codecs does."""
_ELSEWHERE: Final = frozenset({301, 302, 305})
"""Responses that are no use without an address where to go."""
_NO_CODEC: Final = frozenset({488, 606})
_OTHER_WAY: Final = "no common way for the sound"
_ABOUT_THE_WAY: Final = frozenset({300, 301, 302})
"""Warnings of the protocols and addresses of the sound, encrypted or not (RFC 3261 section 20.43)."""
_ESCAPED: Final = re.compile(r"\\(.)")
_UNESCAPED: Final = r"\1"
_WARNING: Final = re.compile(r'^[ \t]*([0-9]{3})[ \t]+\S+[ \t]+"((?:[^"\\]|\\.)*)"')


ANSWERED_IN_VAIN: Final = "the call was answered, but without sound for us"
"""So begins what is said of an answer that cannot be used."""
UNREACHABLE_STATUS: Final = 503
SILENT_STATUS: Final = 408


def ended_by(event: sip.Rejected, called: str, at: float, *, codecs: Iterable[str], srtp: str = "", tried: str = "") -> Ended:
    """Return how a call to `called` ended that was refused, or that nobody heard. `tried`: where it went last, `udp 192.0.2.1:5060`."""
    # A name, and a port that goes without saying, do not tell where to look.
    where = f'"{called}"' if not tried or tried.partition(" ")[2] in called else f'"{called}" at {tried}'
    if event.local and event.status == UNREACHABLE_STATUS:
        return Ended("lost", at, reason=f"cannot reach {where}: {event.reason}")
    if event.local and event.status == SILENT_STATUS:
        return Ended("lost", at, reason=f"nothing came back from {where}: no SIP response within 32 s")
    return Ended("refused", at, event.status, explained(event, codecs=codecs, srtp=srtp), told(event.headers))


def explained(event: sip.Rejected, *, codecs: Iterable[str], srtp: str = "") -> str:
    """Return why a call was refused: `busy (486 Busy Here)`, `congestion (503 Service Unavailable), retry after 30 s`.

    `codecs` are those that we offered, `srtp` how: `off`, `optional` or `mandatory`. Addresses where to try instead are named; the Reason
    header and warnings stand at the end.
    """
    said = f"{event.status} {event.reason}".strip()
    about_codecs = _is_about_codecs(event) if event.status in _NO_CODEC else None
    if event.status in _TRIED:
        text = _challenged(event.headers, event.request.headers, said)
    else:
        meaning = MEANINGS.get(event.status) or _CLASSES[event.status // 100]
        text = f"{_OTHER_WAY if about_codecs is False else meaning} ({said})"
    if about_codecs and (offered := ", ".join(codecs)):
        text += f". we offered {offered}{_ENCRYPTED.get(srtp, '')}"
    if event.status == 420 and (lacking := _tokens(event.headers, Unsupported)):
        text += f". it lacks {lacking}"
    if event.status == 421 and (required := _tokens(event.headers, Require)):
        text += f". it requires {required}"
    if event.status == 422 and (least := _shortest_session(event.headers)):
        text += f'. it wants {least} s at least: give the target that as its "session_expires"'
    if event.status in _ELSEWHERE and not event.contacts:
        text += ". it does not say to where"
    if event.contacts:
        text += " at " + ", ".join(f'"{contact}"' for contact in event.contacts)
    if event.status == 305 and event.contacts:
        text += '. if you trust it, give it to the target as its "proxy"'
    if event.retry_after is not None:
        text += f", retry after {event.retry_after} s"
    remarks = [*([event.cause] if event.cause else []), *_warnings(event.headers)]
    return text + "".join(f": {remark}" for remark in remarks)


def not_registered(event: sip.Unregistered, user: str) -> str:
    """Return why a registrar made no binding: what it said, of which realm and which user. `user`: whose password it was to be given."""
    if event.local:
        return "no SIP response within 32 s" if event.status == SILENT_STATUS else event.reason
    said = f"{event.status} {event.reason}".strip()
    if event.status in _TRIED:
        text = _challenged(event.headers, event.sent, said)
    else:
        given = [*_readable(event.sent, Authorization), *_readable(event.sent, ProxyAuthorization)]
        whose = [f"user {shown(each.get('username') or user)} of realm {shown(each.get('realm') or '')}" for each in given]
        # Many registrars say 403 where a password is wrong.
        text = f"it answered {said}{' to ' if whose else ''}{' and '.join(whose)}"
    if event.retry_after is not None:
        text += f", retry after {event.retry_after} s"
    return text + "".join(f": {remark}" for remark in (*event.headers.texts("Reason"), *_warnings(event.headers)))


def _challenged(headers: Headers, sent: Headers, said: str) -> str:
    """Say whether a name and a password were given at all, to which realm, and whose. The password itself is nowhere told. `headers` are
    those of the response, `sent` those of our request."""
    by_server, by_proxy = _readable(headers, WwwAuthenticate), _readable(headers, ProxyAuthenticate)
    asked: list[Challenge] = [*by_server, *by_proxy]
    given = [*_readable(sent, Authorization), *_readable(sent, ProxyAuthorization)]
    if problem := _problem(by_server) or _problem(by_proxy):
        return f"a password is asked for in a way that cannot be answered ({said}): {problem}"
    wanted = asked[0].realm if asked else ""
    where = f"{said}, realm {shown(wanted)}" if asked else said
    if not given:
        return f'a password is asked for, and none was given ({where}). give the target a "user" and a "password_env"'
    refused = next((each for each in given if not asked or each.get("realm") in {None, wanted}), None)
    if refused is None:
        realms = ", ".join(shown(each.get("realm") or "") for each in given)
        return f"another password is asked for ({where}) than that for {realms}"
    name = refused.get("username")
    whose = "" if name is None else f" of user {shown(name)}"
    if asked and all(challenge.stale for challenge in asked):
        # So it says that the password will do (RFC 7616 section 3.3), but it takes no answer.
        return f"the far side calls each answer{whose} too old, and asks again ({where})"
    return f"the password{whose} was refused ({where})"


C = TypeVar("C", WwwAuthenticate, ProxyAuthenticate)
H = TypeVar("H", WwwAuthenticate, ProxyAuthenticate, Authorization, ProxyAuthorization)


def _readable(headers: Headers, kind: type[H]) -> tuple[H, ...]:
    try:
        return headers.all(kind)
    except SipSyntaxError:
        return ()


def _problem(asked: Sequence[C]) -> str:
    """Return why none of the challenges can be answered; empty where one can, or where there is none that can be read."""
    try:
        choose_challenge(asked)
    except DigestError as error:
        return str(error) if asked else ""
    return ""


def _tokens(headers: Headers, kind: type[Require] | type[Unsupported]) -> str:
    found: Require | Unsupported | None
    try:
        found = headers.get(kind)
    except SipSyntaxError:
        return ""
    return "" if found is None else ", ".join(f'"{tag}"' for tag in found.tokens)


def _shortest_session(headers: Headers) -> int:
    """Return the seconds of a Min-SE header (RFC 4028 section 5); 0 where there is none that can be read."""
    try:
        least = headers.get(MinSE)
    except SipSyntaxError:
        return 0
    return 0 if least is None else least.seconds


def _warnings(headers: Headers) -> list[str]:
    """Return the texts of Warning headers (RFC 3261 section 20.43)."""
    found = (_WARNING.match(text) for text in headers.texts("Warning"))
    return [f'"{_ESCAPED.sub(_UNESCAPED, match[2])}"' for match in found if match]


def _is_about_codecs(event: sip.Rejected) -> bool:
    """Whether a refusal of our session description may be about codecs: not where a warning says that it is about the way of the sound."""
    codes = [int(match[1]) for text in event.headers.texts("Warning") if (match := _WARNING.match(text))]
    return not set(codes) & _ABOUT_THE_WAY


def rang_in_vain(seconds: float, statuses: Iterable[int]) -> str:
    """Return what to say of a call that was given up after so many seconds; `statuses` are the provisional responses that came."""
    came = set(statuses)
    if came & {180, 181, 182, 183}:
        sounds = "it was queued" if 182 in came and 180 not in came else "it rang" if 180 in came else "the call progressed"
        return f"{sounds}, and nobody answered within {seconds:g} s"
    if came:
        return f"it did not ring within {seconds:g} s: only {' and '.join(str(status) for status in sorted(came))} came"
    return f"nothing came back within {seconds:g} s"
