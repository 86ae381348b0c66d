"""Who calls, as it is shown: what a caller says of herself, and what a switchboard makes of it.

RFC 3323 (Privacy), RFC 3325 (P-Asserted-Identity, P-Preferred-Identity), RFC 5806 (Diversion), RFC 7044 and RFC 4458 (History-Info).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from ivrtest.sip.grammar import SipSyntaxError, is_token, shown
from ivrtest.sip.header_map import Headers, canonical
from ivrtest.sip.headers import Diversion, From, HistoryInfo, NameAddress, PAssertedIdentity, PPreferredIdentity, RemotePartyId
from ivrtest.sip.uri import SipUri, Uri, parse_uri

Why = Literal["unconditional", "user-busy", "no-answer", "unavailable", "deflection"]

ANONYMOUS: Final = From(SipUri.of("anonymous.invalid", user="anonymous"), "Anonymous")
"""Who calls when nobody is to know (RFC 3323 section 4.1.1.3)."""
NUMBER: Final = re.compile(r"\+?[0-9]{2,15}")
_CAUSES: Final[Mapping[Why, int]] = {
    "unconditional": 302,
    "user-busy": 486,
    "no-answer": 408,
    "unavailable": 503,
    "deflection": 480,
}
"""By why a call was diverted: the SIP status that RFC 4458 section 2 gives for it."""

OF_THE_CALL: Final = frozenset(
    {
        *("via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "allow", "supported", "require"),
        *("content-length", "content-type", "content-encoding", "authorization", "proxy-authorization", "session-expires", "min-se"),
        *("rseq", "rack", "replaces", "user-agent", "server", "unsupported", "www-authenticate", "proxy-authenticate"),
    }
)
"""Headers that are the call's own, by the name that compares: set by hand they would break it."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a caller says of herself besides her number. Parties are numbers or SIP URIs."""

    name: str = ""
    """The name beside the number, as displays show it."""
    withheld: bool = False
    """Whether the called party is not to know who calls: From is anonymous, and `Privacy: id` tells the network to hide the rest."""
    asserted: str = ""
    """Who calls, as a trusted network would say (P-Asserted-Identity)."""
    preferred: str = ""
    """Who the caller wants to be shown as (P-Preferred-Identity)."""
    diverted_by: tuple[str, ...] = ()
    """Whom the call was for before, first to last."""
    diverted_because: Why = "unconditional"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, as they are."""

    def caller(self, number: From) -> From:
        """Return who we say we are, if it was `number` alone."""
        if self.withheld:
            return ANONYMOUS
        return From(number.uri, self.name or number.display_name)

    def added(self, host: str, target: SipUri) -> tuple[tuple[str, str], ...]:
        """Return the headers that go along with a call to `target` from an address of ours. Raises SipSyntaxError for what is no party, and
        for headers that cannot be set."""
        check_headers(self.headers)
        added: list[tuple[str, str]] = []
        for kind, party in ((PAssertedIdentity, self.asserted), (PPreferredIdentity, self.preferred)):
            if party:
                added.append((kind.NAME, str(kind(party_uri(party, host), self.name or None))))
        if self.withheld:
            added.append(("Privacy", "id"))
        if self.diverted_by:
            parties = [party_uri(party, host) for party in self.diverted_by]
            diversions = (f"<{party}>;reason={self.diverted_because}" for party in reversed(parties))
            added.append((Diversion.NAME, ", ".join(diversions)))
            added.append((HistoryInfo.NAME, self._history(parties, target)))
        return (*added, *self.headers.items())

    def _history(self, parties: list[Uri], target: SipUri) -> str:
        """Return where the call has been: each party with why it did not stay there, then its target (RFC 7044 section 5)."""
        cause = _CAUSES[self.diverted_because]
        entries: list[str] = []
        index = "1"
        for number, party in enumerate(parties):
            since = f";cause={cause}" if number and isinstance(party, SipUri) else ""
            retargeted = f";mp={index.rpartition('.')[0]}" if number else ""
            entries.append(f"<{party}{since}?Reason=SIP%3Bcause%3D{cause}>;index={index}{retargeted}")
            index += ".1"
        entries.append(f"<{target.as_request_uri()};cause={cause}>;index={index};mp={index.rpartition('.')[0]}")
        return ", ".join(entries)


def party_uri(party: str, host: str) -> Uri:
    """Return the URI of a party: of a number at `host`, or the URI that it is. Raises SipSyntaxError."""
    return SipUri.of(host, user=party) if NUMBER.fullmatch(party) else parse_uri(party)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise SipSyntaxError for headers that cannot be set by hand."""
    for name, value in headers.items():
        if not is_token(name):
            raise SipSyntaxError(f"header name {shown(name)} must be a token: letters, digits and -.!%*_+`'~")
        if canonical(name) in OF_THE_CALL:
            raise SipSyntaxError(f'header "{name}" cannot be set: it is the call\'s own. it must be one that says something besides')
        if "\r" in value or "\n" in value or "\0" in value:
            raise SipSyntaxError(f'header "{name}" has a line end in its value {shown(value)}. it must be one line')


@dataclass(frozen=True, slots=True)
class Presented:
    """Who calls whom, as a switchboard would show it."""

    caller: str
    """The number, where it is one, else the URI; empty if it is withheld."""
    called: str
    name: str
    """The name beside the number; empty if there is none, or it is withheld."""
    diverted_by: tuple[str, ...]
    """Whom the call was for before, first to last."""


def presented(caller: From, called: Uri, headers: Headers) -> Presented:
    """Return who calls whom: whom the network asserts rather than whom From claims, nobody where that is withheld.

    What cannot be read is as good as not there.
    """
    who: NameAddress = caller
    for kind in (RemotePartyId, PAssertedIdentity):
        try:
            who = headers.get(kind) or who
        except SipSyntaxError:
            continue
    privacy = {word.strip().lower() for text in headers.texts("Privacy") for word in re.split("[;,]", text)}
    hidden = bool(privacy & {"id", "user", "header"}) or _is_anonymous(who.uri)
    name = "" if hidden else who.display_name or ""
    return Presented("" if hidden else party(who.uri), party(called), name, _diverted_by(headers))


def party(uri: Uri) -> str:
    """Return a party as people know it: the number, where it is one, else the whole address."""
    return uri.user_text if NUMBER.fullmatch(uri.user_text) else str(uri)


def _is_anonymous(uri: Uri) -> bool:
    return isinstance(uri, SipUri) and uri.host.lower() == "anonymous.invalid"


def _diverted_by(headers: Headers) -> tuple[str, ...]:
    try:
        if diverted := headers.all(Diversion):
            return tuple(party(each.uri) for each in reversed(diverted))
        return tuple(party(each.uri) for each in headers.all(HistoryInfo)[:-1])
    except SipSyntaxError:
        return ()
