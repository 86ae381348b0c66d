"""Whom we may call. Asked before any packet leaves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivrtest.sip.uri import OtherUri, SipUri, TelUri, Uri

LOOPBACK = ("sip:*@127.0.0.1", "sip:*@localhost", "sip:*@[::1]")
"""The default: this machine, and nobody else."""

EMERGENCY_NUMBERS = frozenset(
    "000 106 110 111 112 113 115 117 118 119 120 122 133 144 15 17 18 190 192 193 911 988 995 997 998 999 10111 10177".split()  # noqa: SIM905
)
"""Numbers of police, fire brigade, ambulance and crisis lines around the world. 100 to 108, which are emergency numbers in some
countries and everybody's first extensions in all others, are left to the list of allowed targets."""

_OUTSIDE_LINE = "09"
"""What many switchboards want before an outside number."""


class DialRefused(Exception):  # noqa: N818 (it says what happened, as one reads it)
    """This target may not be called. The message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The targets that may be called."""

    allow: Sequence[str] = LOOPBACK
    """Patterns such as `sip:*@pbx.example.com` or `sip:+1555*@10.0.0.5:5070`. `*` stands for anything but `@`. A pattern without a
    port allows every port, one without `;transport=tcp` or the like every transport, and one for `sip:` also `sips:`."""

    def check(self, target: Uri) -> None:
        """Raise DialRefused unless `target` may be called. Emergency numbers never may."""
        if is_emergency(target):
            raise DialRefused(f'calling "{target}" is refused: "{target.user_text}" is an emergency number, which is never called')
        if not any(_matches(pattern, target) for pattern in self.allow):
            allowed = ", ".join(f'"{pattern}"' for pattern in self.allow) or "nothing"
            raise DialRefused(f'calling "{target}" is refused: it is not among the allowed targets. allowed: {allowed}')


def is_emergency(target: Uri) -> bool:
    """Return whether a call to `target` could reach an emergency service, also behind the prefix for an outside line."""
    if isinstance(target, OtherUri):
        return target.text.lower().startswith("urn:service:sos")
    number = re.sub(r"[-+.() ]", "", target.user_text.partition(";")[0])
    return number in EMERGENCY_NUMBERS or (number[:1] in _OUTSIDE_LINE and number[1:] in EMERGENCY_NUMBERS)


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
    written_host = f"[{host}]" if ":" in host else host
    ports = ["", *([f":{target.port}"] if target.port is not None else [])]
    transports = ["", f";transport={target.transport or ('tls' if target.secure else 'udp')}"]
    schemes = ["sip", *(["sips"] if target.secure else [])]
    return [
        f"{scheme}:{target.user_text}@{written_host}{port}{transport}" for scheme in schemes for port in ports for transport in transports
    ]


def _fits(pattern: str, candidates: Sequence[str]) -> bool:
    expression = "[^@]*".join(re.escape(part) for part in pattern.lower().split("*"))
    return any(re.fullmatch(expression, candidate.lower()) for candidate in candidates)
