"""The hosts that the sound of one call goes to."""

from __future__ import annotations

from collections.abc import Iterable

from ivrtest.call.permission import Permission
from ivrtest.sip.terms import NegotiationError


class HostNotAllowed(NegotiationError):  # noqa: N818 (it says what happened, as one reads it)
    """Sound may not go where a session description wants it (`Permission.strict`)."""


class SoundHosts:
    """Those that a call went to, and those on the list of whom we may call. All are written as IP addresses."""

    def __init__(self, permission: Permission, called: Iterable[str]) -> None:
        """`called`: the hosts that the SIP of the call goes to."""
        self._permission = permission
        self._called = set(called)

    def expect(self, called: Iterable[str]) -> None:
        """The call may go to these hosts, too."""
        self._called.update(called)

    def know(self, host: str) -> bool:
        """Whether it is no surprise that sound goes to a host."""
        return host in self._called or self._permission.lists_host(host)

    def check(self, host: str, what: str) -> None:
        """Raise HostNotAllowed if `what` may not go to a host."""
        if self._permission.strict and not self.know(host):
            allowed = ", ".join(f'"{pattern}"' for pattern in self._permission.allow) or "nothing"
            raise HostNotAllowed(
                f'the other side wants {what} at "{host}", where the call did not go and which is not among the allowed targets. with '
                f"dial.strict nothing is sent there. allowed: {allowed}"
            )

    def only(self, *hosts: str) -> frozenset[str] | None:
        """Return the hosts that sound may come from and go to where a session description names `hosts`. None: any."""
        return frozenset({*hosts, *self._called}) if self._permission.strict else None
