"""What can be told of a way that sound should come, and does not."""

from __future__ import annotations

import socket
import time
from typing import Final, Protocol

from ivrtest.call.call import Unheard
from ivrtest.call.capture import Capture
from ivrtest.call.remote_media import Address, MediaStats, RemoteMedia
from ivrtest.call.unreachable import unreachable

KNOCK_AFTER: Final = 25
"""So many packets of ours have left when it is time to ask why nothing comes back: half a second. Sound usually comes sooner."""


class Knock:
    """Finds out whether datagrams to an address are refused.

    A socket that is not connected is told of no ICMP, and that of the sound is none. So one of its own sends one empty datagram, which
    carries nothing and is what keeps NATs open (RFC 6263 section 4.1).
    """

    def __init__(self, host: str, address: Address, capture: Capture | None = None) -> None:
        """`host` is ours. `capture` gets the datagram."""
        self.address = address
        self._problem = ""
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind((host, 0))
            self._socket.connect(address)
            self._socket.send(b"")
            if capture is not None:
                capture.add(b"", source=self._socket.getsockname()[:2], destination=address, at=time.time())
        except OSError as error:
            self._problem = unreachable(error.errno)

    @property
    def problem(self) -> str:
        """Why datagrams do not get there, as far as is known by now; empty where nobody said that they do not."""
        if number := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._problem = unreachable(number)
        return self._problem

    def close(self) -> None:
        self._socket.close()


class Session(Protocol):
    """The sound that is waited for."""

    @property
    def local_address(self) -> Address:
        """Where we receive."""

    def stats(self) -> MediaStats:
        """Return the numbers so far."""


class Watch:
    """Watches a call until sound comes."""

    def __init__(self, session: Session, capture: Capture | None = None) -> None:
        self._session = session
        self._capture = capture
        self._knock: Knock | None = None

    def unheard(self, media: RemoteMedia | None) -> Unheard | None:
        """Return what is known; None before anything was agreed on. When that has taken a while it knocks at the far side's door, so that
        it can be told later whether somebody is there."""
        if media is None:
            return None
        stats = self._session.stats()
        if self._knock is not None and self._knock.address != media.address:
            self.close()
        if self._knock is None and stats.sent >= KNOCK_AFTER:
            self._knock = Knock(self._session.local_address[0], media.address, self._capture)
        return Unheard(
            ours=self._session.local_address,
            theirs=media.address,
            promised=media.receives,
            sent=stats.sent,
            unsent=stats.unsent,
            refused=self._knock.problem if self._knock is not None else "",
            reports=stats.remote_reports,
            claimed=stats.remote_sent,
            undecipherable=stats.unauthenticated,
            malformed=stats.malformed,
            foreign=stats.foreign,
        )

    def close(self) -> None:
        if self._knock is not None:
            self._knock.close()
            self._knock = None
