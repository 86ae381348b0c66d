"""What a line needs to know of the network between it and the far side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from ivrtest.call.limits import CallLimits
from ivrtest.call.name_service import NameService
from ivrtest.call.resolver import Resolver
from ivrtest.sip.transport import Address

KeepAlive = Literal["crlf", "stun"]
SILENT_S: Final = 8.0
"""Long enough for four copies of an INVITE (0, 0.5, 1.5, 3.5 and 7.5 s: RFC 3261 section 17.1.1.2)."""


@dataclass(frozen=True, slots=True)
class Network:
    """How the far side is found and reached, and how we are. The defaults fit a machine with an address that everybody can reach."""

    name_server: Address | None = None
    """Whom to ask for names. None: as this machine does."""
    advertise: str = ""
    """The IP address that others reach us at, where it is not the one that we bind: behind a NAT that forwards our ports as they are."""
    keep_alive_s: float | None = None
    """How often to send something small where calls and bindings go, so that NATs keep the way back open. 0: never. None: as RFC 5626
    section 4.4 says, over connections, and over UDP where a NAT is on the way: the far side sees another address than ours."""
    silent_s: float = SILENT_S
    """How long a target may say nothing before the next is tried, where there is a next. The last one has the 32 s of RFC 3261."""
    limits: CallLimits = field(default_factory=CallLimits)
    keep_alive_by: KeepAlive = "crlf"
    """With what over UDP: empty lines, which everybody takes and nobody answers, or STUN (RFC 5626 section 4.4.2), by whose answers a NAT
    that has changed its mind is noticed; bindings are then made anew."""

    def resolver(self) -> Resolver:
        """Return a new resolver that asks `name_server`."""
        return Resolver(NameService(self.name_server))
