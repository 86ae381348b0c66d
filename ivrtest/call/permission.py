"""Whom we may call. Asked before any packet leaves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivrtest.sip.transport import written_host
from ivrtest.sip.uri import OtherUri, SipUri, TelUri, Uri

LOOPBACK = ("sip:*@127.0.0.1", "sip:*@localhost", "sip:*@[::1]")
"""The default: this machine, and nobody else."""

EMERGENCY_NUMBERS = frozenset(
    "000 106 110 111 112 113 115 117 118 119 120 122 133 144 15 17 18 190 192 193 911 988 995 997 998 999 10111 10177".split()  # noqa: SIM905
)
"""Numbers of police, fire brigade, ambulance and crisis lines around the world. 100 to 108, which are emergency numbers in some
countries and everybody's first extensions in all others, are left to the list of allowed targets."""

_HOST = re.compile(r"^sips?:[^@]*@(\[[^\]]*\]|[^:;\[]*)", re.IGNORECASE)
_OUTSIDE_LINE = "09"
"""What many switchboards want before an outside number."""
_LONGEST_SHORT = 6
"""Digits of the longest emergency numbers."""
_SHORTEST_PREMIUM = 7
"""Digits of the shortest premium numbers; most extensions have fewer."""


class DialRefused(Exception):  # noqa: N818 (it says what happened, as one reads it)
    """This target may not be called. The message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The targets that may be called."""

    allow: Sequence[str] = LOOPBACK
    """Patterns such as `sip:*@pbx.example.com` or `sip:+1555*@10.0.0.5:5070`. `*` stands for anything but `@`. A pattern without a
    port allows every port, one without `;transport=tcp` or the like every transport, and one for `sip:` also `sips:`."""

    region: str = ""
    """The country whose numbers are dialled, such as `GB`: its emergency numbers, and its premium numbers as they are written there.
    Empty: only the emergency numbers that are known around the world, and premium numbers with their country code."""

    strict: bool = False
    """Whether requests within a call, too, go to hosts on the list only, and else where the call went; and whether its sound may go to no
    others either. By default they go where the far side says (Contact, Record-Route, session descriptions), as RFC 3261 has it and as
    carriers need that answer from one host and go on at another."""

    def check(self, target: Uri) -> None:
        """Raise DialRefused unless `target` may be called. Emergency and premium numbers never may."""
        self.check_never(target)
        if not self.lists(target):
            allowed = ", ".join(f'"{pattern}"' for pattern in self.allow) or "nothing"
            raise DialRefused(f'calling "{target}" is refused: it is not among the allowed targets. allowed: {allowed}')

    def check_hop(self, target: SipUri, hop: SipUri) -> None:
        """Raise DialRefused unless packets for `target`, which may be called, may go through `hop`, a proxy.

        It may if `target` could be called there. A name that may be called may be reached wherever DNS says that it is. For where it sends
        the rest of the call to, and its sound, see `strict`.
        """
        there = hop.with_user(target.user_text)
        if not self.lists(there):
            allowed = ", ".join(f'"{pattern}"' for pattern in self.allow) or "nothing"
            raise DialRefused(
                f'calling "{target}" through "{hop}" is refused: "{there}" is not among the allowed targets, and packets would go there. '
                f"allowed: {allowed}"
            )

    def lists(self, target: Uri) -> bool:
        """Return whether a target is on the list."""
        return any(_matches(pattern, target) for pattern in self.allow)

    def lists_host(self, host: str) -> bool:
        """Return whether somebody at an IP address may be called, whatever the user, the port and the transport. Names in the list are not
        looked up."""
        return any(_names_host(pattern, host) for pattern in self.allow)

    def check_never(self, target: Uri) -> None:
        """Raise DialRefused for emergency and premium numbers: not even others are asked to call them."""
        if is_emergency(target, self.region):
            raise DialRefused(f'calling "{target}" is refused: "{target.user_text}" is an emergency number, which is never called')
        if is_premium(target, self.region):
            raise DialRefused(f'calling "{target}" is refused: "{target.user_text}" is a premium-rate number, which is never called')


def is_emergency(target: Uri, region: str = "") -> bool:
    """Return whether a call to `target` could reach an emergency service, also behind the prefix for an outside line."""
    if isinstance(target, OtherUri):
        return target.text.lower().startswith("urn:service:sos")
    numbers = {number.removeprefix("+") for number in _dialled(target)}
    return not numbers.isdisjoint(EMERGENCY_NUMBERS) or any(_is_emergency_in(region, number) for number in numbers)


def is_premium(target: Uri, region: str = "") -> bool:
    """Return whether a call to `target` could cost more than a call, also behind the prefix for an outside line."""
    return not isinstance(target, OtherUri) and any(_is_premium_number(number, region) for number in _dialled(target))


def _dialled(target: SipUri | TelUri) -> tuple[str, ...]:
    """Return the number as it may be dialled, with and without the prefix for an outside line: `+` and digits. Nothing for names."""
    number = re.sub(r"[-.() ]", "", target.user_text.partition(";")[0])
    if not re.fullmatch(r"\+?[0-9]+", number):
        return ()
    return (number, number[1:]) if number[:1] in _OUTSIDE_LINE and number[1:] else (number,)


def _is_emergency_in(region: str, number: str) -> bool:
    if not region or len(number) > _LONGEST_SHORT:
        return False
    # phonenumbers is imported where numbers are looked at: names and extensions need none of it.
    from phonenumbers import shortnumberinfo

    return bool(shortnumberinfo.is_emergency_number(number, region))


def _is_premium_number(number: str, region: str) -> bool:
    if len(number) < _SHORTEST_PREMIUM:
        return False
    import phonenumbers

    # Many switches take a number with its country code and without the plus.
    for text, where in ((number, region or None), (f"+{number.lstrip('+')}", None)):
        try:
            found = phonenumbers.parse(text, where)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.number_type(found) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
            return True
    return False


def _matches(pattern: str, target: Uri) -> bool:
    match target:
        case SipUri():
            # `maddr` is where such a call goes, whatever the host.
            hosts = {target.host, target.maddr or target.host}
            return all(_fits(pattern, _written(target, host)) for host in hosts)
        case TelUri():
            return _fits(pattern, [f"tel:{target.digits}"])
        case OtherUri():
            return False


def _written(target: SipUri, host: str) -> list[str]:
    """Return all ways to write a target in a pattern: with and without its port and transport, and `sip:` for `sips:`."""
    who = f"{target.user_text}@{written_host(host)}"
    ports = ["", *([f":{target.port}"] if target.port is not None else [])]
    transports = ["", f";transport={target.transport or ('tls' if target.secure else 'udp')}"]
    schemes = ["sip", *(["sips"] if target.secure else [])]
    return [f"{scheme}:{who}{port}{transport}" for scheme in schemes for port in ports for transport in transports]


def _fits(pattern: str, candidates: Sequence[str]) -> bool:
    expression = "[^@]*".join(re.escape(part) for part in pattern.lower().split("*"))
    return any(re.fullmatch(expression, candidate.lower()) for candidate in candidates)


def _names_host(pattern: str, host: str) -> bool:
    """Whether a pattern for SIP addresses has a host among its own."""
    there = _HOST.search(pattern)
    return there is not None and _fits(there[1], [written_host(host)])
