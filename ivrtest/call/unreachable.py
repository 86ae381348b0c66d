"""Why something could not be sent, for people."""

from __future__ import annotations

import errno
import os
from typing import Final

CLOSED_PORT: Final = "nobody listens there: the port is closed"
NO_ROUTE: Final = "no way leads there: its address is wrong, or the network between us is down"
FORBIDDEN: Final = "a firewall of this machine lets nothing through to there"

_NO_ROUTE: Final = frozenset(
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EINVAL, errno.ETIMEDOUT}
)
"""EINVAL is what the kernel says of packets that would leave the machine from 127.0.0.1."""


def unreachable(number: int | None) -> str:
    """Say what an `errno` of a socket means for whoever wanted to reach somebody."""
    if number == errno.ECONNREFUSED:
        return CLOSED_PORT
    if number in _NO_ROUTE:
        return NO_ROUTE
    if number in (errno.EPERM, errno.EACCES):
        return FORBIDDEN
    return f"it cannot be sent to ({os.strerror(number) if number else 'no reason is known'})"
