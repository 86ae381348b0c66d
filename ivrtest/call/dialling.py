"""How to place a call, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivrtest.call.permission import Permission
from ivrtest.sip.digest import Secret


@dataclass(frozen=True, slots=True)
class DialOptions:
    """What a driver may need to know besides the target."""

    host: str = "127.0.0.1"
    """The IP address of ours to call from."""
    permission: Permission = field(default_factory=Permission)
    caller: str = ""
    """The number or SIP URI to show as ours. Empty: the driver's own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """SIP headers to add to the INVITE."""
    secret: Secret | None = None
    """The name and password for whoever asks for them."""
    proxy: str = ""
    """The SIP URI of a proxy to call through."""
    capture: bool = False
    """Whether to keep the call's datagrams."""
